"""What a task of each kind takes under ``with``: the parameter models of the step kinds.

The definition composes them to check a workflow before it may run; at run time a step receives plain JSON
(the ``with`` of its task, expressions evaluated). So every place where the DSL allows an expression takes a
``${ … }`` text here. Source: Serverless Workflow DSL 1.0, reference, HTTP Call, Endpoint, Authentication.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    model_validator,
)

from executions.expressions import is_expression

Json = Any
# Tags are no words of a document: what explains an error can tell them from keys.
TEXT, OBJECT, NAMED, INLINE = "<text>", "<object>", "<named>", "<inline>"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<authority>[^/?#]*)")
_VARIABLE = re.compile(r"\{[A-Za-z0-9_.%]+\}")


class Readers(dict[int, type["Model"]]):
    """Which model read which JSON object, by ``id``: lets an error name the keys that it could have been."""

    @staticmethod
    def note(model: type[Model], value: Any, info: ValidationInfo) -> None:
        """Remember that ``model`` reads ``value``, where somebody wants to know."""
        if isinstance(info.context, Readers) and isinstance(value, dict):
            info.context[id(value)] = model


class Model(BaseModel):
    """Part of a definition: unknown keys are refused, nothing is converted, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    not_yet: ClassVar[tuple[str, ...]] = ()  # keys that the DSL knows and we do not support yet

    @model_validator(mode="before")
    @classmethod
    def _note_reader(cls, value: Any, info: ValidationInfo) -> Any:
        Readers.note(cls, value, info)
        return value


def shape(value: Any) -> str:
    """Tag of a value that may be a text or an object."""
    return TEXT if isinstance(value, str) else OBJECT


def _reference_or_inline(value: Any) -> str:
    has_name = "use" in value if isinstance(value, dict) else hasattr(value, "use")
    return NAMED if has_name else INLINE


def _expression(text: str) -> str:
    if not is_expression(text):
        raise ValueError("a text here has to be an expression: ${ … }")
    return text


def _method(text: Any) -> Any:
    if isinstance(text, str) and not is_expression(text) and text.upper() not in METHODS:
        raise ValueError(f"`{text[:40]}` is no HTTP method that can be used; allowed: {', '.join(METHODS)}")
    return text


def _template(text: str) -> str:
    """Braces of a URI template: only simple expansion, ``{name}`` (DSL reference, URI Template)."""
    rest = _VARIABLE.sub("", text)
    if "{" in rest or "}" in rest:
        raise ValueError("the URI template is not valid: only `{name}` can be used in it")
    return text


def uri_template(text: str) -> str:
    """An absolute URI or URI template with a scheme, or an expression; anything else raises ValueError."""
    if is_expression(text):
        return text
    if not _URI.match(text) or re.search(r"\s", text):
        raise ValueError("not an absolute URI: it has to begin with a scheme such as https:// and hold no blanks")
    return _template(text)


def http_address(text: str) -> str:
    """Address of an HTTP call: http or https, a host, no user name or password in it."""
    uri_template(text)
    parts = _URI.match(text)
    if is_expression(text) or parts is None:
        return text
    if parts["scheme"].lower() not in ("http", "https"):
        raise ValueError(f"`{parts['scheme']}` addresses cannot be called, only http and https")
    if not parts["authority"]:
        raise ValueError("the address has no host")
    if "@" in parts["authority"]:
        raise ValueError("a user name or password may not stand in an address: use `authentication`")
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"`{name[:40]}` is no valid header name")
        if not is_expression(value) and any(character in value for character in "\r\n\0"):
            raise ValueError(f"the value of header `{name[:40]}` may not hold line breaks")
    return headers


Expression = Annotated[str, AfterValidator(_expression)]
HttpMethod = Annotated[str, BeforeValidator(_method)]
HttpAddress = Annotated[str, AfterValidator(http_address)]


class SecretReference(Model):
    """Credentials held by a declared secret whose properties are those of the scheme."""

    use: str = Field(min_length=1, description="the name of a secret that is declared under `use.secrets`")


class BasicCredentials(Model):
    username: str = Field(description="the user name, a text or an expression")
    password: str = Field(description="the password, best an expression such as ${ $secrets.shop.password }")


class BearerToken(Model):
    token: str = Field(description="the token, best an expression such as ${ $secrets.shopToken }")


Basic = Annotated[
    Annotated[BasicCredentials, Tag(INLINE)] | Annotated[SecretReference, Tag(NAMED)],
    Discriminator(_reference_or_inline),
]
Bearer = Annotated[
    Annotated[BearerToken, Tag(INLINE)] | Annotated[SecretReference, Tag(NAMED)],
    Discriminator(_reference_or_inline),
]


class AuthenticationPolicy(Model):
    """How an HTTP call proves who it is: exactly one scheme."""

    not_yet = ("certificate", "digest", "oauth2", "oidc")
    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    basic: Basic | None = Field(None, description="user name and password")
    bearer: Bearer | None = Field(None, description="a bearer token")

    @model_validator(mode="after")
    def _one_scheme(self) -> Self:
        if (self.basic is None) == (self.bearer is None):
            raise ValueError("exactly one scheme is needed: `basic` or `bearer`")
        return self


class AuthenticationReference(Model):
    use: str = Field(min_length=1, description="the name of a policy declared under `use.authentications`")


Authentication = Annotated[
    Annotated[AuthenticationPolicy, Tag(INLINE)] | Annotated[AuthenticationReference, Tag(NAMED)],
    Discriminator(_reference_or_inline),
]


class Endpoint(Model):
    uri: HttpAddress = Field(description="an http or https address, may hold `{name}` of the task's input")
    authentication: Authentication | None = None


class HttpArguments(Model):
    """``with`` of ``call: http``."""

    method: HttpMethod = Field(description="an HTTP method such as GET or POST")
    endpoint: Annotated[Annotated[Endpoint, Tag(OBJECT)] | Annotated[HttpAddress, Tag(TEXT)], Discriminator(shape)] = (
        Field(description="the address to call, as a text or as an object with `uri` and `authentication`")
    )
    headers: (
        Annotated[
            Annotated[dict[str, str], AfterValidator(_headers), Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)],
            Discriminator(shape),
        ]
        | None
    ) = None
    body: Json = None
    query: (
        Annotated[Annotated[dict[str, Json], Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)], Discriminator(shape)]
        | None
    ) = None
    output: Literal["content", "raw", "response"] = "content"
    redirect: bool = Field(False, description="whether an answer of 300 to 399 is accepted")


class PythonArguments(Model):
    """``with`` of ``call: python``."""

    function: str = Field(min_length=1, description="the name of a registered function")
    arguments: Annotated[
        Annotated[dict[str, Json], Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)], Discriminator(shape)
    ] = Field(default_factory=dict, description="the function's arguments by name, or an expression")
