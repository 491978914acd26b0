"""The arguments of ``call: http`` under ``with``, and how it proves who it is.

Source: Serverless Workflow DSL 1.0, reference, HTTP Call, Endpoint, Authentication.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from executions.calls.parameters import (
    OBJECT,
    TEXT,
    URI,
    Expression,
    Json,
    Model,
    shape,
    uri_template,
)
from executions.expressions import is_expression

# Tags are no words of a document: what explains an error can tell them from keys.
NAMED, INLINE = "<named>", "<inline>"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _reference_or_inline(value: Any) -> str:
    has_name = "use" in value if isinstance(value, dict) else hasattr(value, "use")
    return NAMED if has_name else INLINE


def _method(text: Any) -> Any:
    if isinstance(text, str) and not is_expression(text) and text.upper() not in METHODS:
        raise ValueError(
            f"`{text[:40]}` is no HTTP method that can be used; allowed: {', '.join(METHODS)}"
        )
    return text


def http_address(text: str) -> str:
    """Address of an HTTP call: http or https, a host, no user name or password in it."""
    uri_template(text)
    parts = URI.match(text)
    if is_expression(text) or parts is None:
        return text
    if parts["scheme"].lower() not in ("http", "https"):
        raise ValueError(f"`{parts['scheme']}` addresses cannot be called, only http and https")
    if not parts["authority"]:
        raise ValueError("the address has no host")
    if "@" in parts["authority"]:
        raise ValueError(
            "a user name or password may not stand in an address: use `authentication`"
        )
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"`{name[:40]}` is no valid header name")
        if not is_expression(value) and any(character in value for character in "\r\n\0"):
            raise ValueError(f"the value of header `{name[:40]}` may not hold line breaks")
    return headers


HttpMethod = Annotated[str, BeforeValidator(_method)]
HttpAddress = Annotated[str, AfterValidator(http_address)]


class SecretReference(Model):
    """Credentials held by a declared secret whose properties are those of the scheme."""

    use: str = Field(
        min_length=1, description="the name of a secret that is declared under `use.secrets`"
    )


class BasicCredentials(Model):
    username: str = Field(description="the user name, a text or an expression")
    password: str = Field(
        description="the password, best an expression such as ${ $secrets.shop.password }"
    )


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
    use: str = Field(
        min_length=1, description="the name of a policy declared under `use.authentications`"
    )


Authentication = Annotated[
    Annotated[AuthenticationPolicy, Tag(INLINE)] | Annotated[AuthenticationReference, Tag(NAMED)],
    Discriminator(_reference_or_inline),
]


class Endpoint(Model):
    uri: HttpAddress = Field(
        description="an http or https address, may hold `{name}` of the task's input"
    )
    authentication: Authentication | None = None


class HttpArguments(Model):
    """``with`` of ``call: http``."""

    method: HttpMethod = Field(description="an HTTP method such as GET or POST")
    endpoint: Annotated[
        Annotated[Endpoint, Tag(OBJECT)] | Annotated[HttpAddress, Tag(TEXT)], Discriminator(shape)
    ] = Field(
        description="the address to call, as a text or as an object with `uri` and `authentication`"
    )
    headers: (
        Annotated[
            Annotated[dict[str, str], AfterValidator(_headers), Tag(OBJECT)]
            | Annotated[Expression, Tag(TEXT)],
            Discriminator(shape),
        ]
        | None
    ) = None
    body: Json = None
    query: (
        Annotated[
            Annotated[dict[str, Json], Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)],
            Discriminator(shape),
        ]
        | None
    ) = None
    output: Literal["content", "raw", "response"] = "content"
    redirect: bool = Field(False, description="whether an answer of 300 to 399 is accepted")
