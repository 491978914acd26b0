"""The base of the arguments of every kind of call: models of the JSON that a definition holds under
``with``.

The definition composes them to check a workflow before it may run; at run time a step receives
plain JSON (the ``with`` of its task, expressions evaluated). So every place where the DSL allows an
expression takes a ``${ … }`` text here. Source: Serverless Workflow DSL 1.0, reference.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, model_validator

from executions.expressions import is_expression

Json = Any
# Tags are no words of a document: what explains an error can tell them from keys.
TEXT, OBJECT = "<text>", "<object>"
URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<authority>[^/?#]*)")
_VARIABLE = re.compile(r"\{[A-Za-z0-9_.%]+\}")


class Readers(dict[int, type["Model"]]):
    """Which model read which JSON object, by ``id``: lets an error name the keys that it could have
    been.
    """

    @staticmethod
    def note(model: type[Model], value: Any, info: ValidationInfo) -> None:
        """Remember that ``model`` reads ``value``, where somebody wants to know."""
        if isinstance(info.context, Readers) and isinstance(value, dict):
            info.context[id(value)] = model


class Model(BaseModel):
    """Part of a definition: unknown keys are refused, nothing is converted, nothing changes
    afterwards.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    not_yet: ClassVar[tuple[str, ...]] = ()  # keys that the DSL knows and we do not support yet
    instead: ClassVar[dict[str, str]] = {}  # what serves in the place of one of them

    @model_validator(mode="before")
    @classmethod
    def _note_reader(cls, value: Any, info: ValidationInfo) -> Any:
        Readers.note(cls, value, info)
        return value


def shape(value: Any) -> str:
    """Tag of a value that may be a text or an object."""
    return TEXT if isinstance(value, str) else OBJECT


def _expression(text: str) -> str:
    if not is_expression(text):
        raise ValueError("a text here has to be an expression: ${ … }")
    return text


def _template(text: str) -> str:
    """Braces of a URI template: only simple expansion, ``{name}`` (DSL reference, URI Template)."""
    rest = _VARIABLE.sub("", text)
    if "{" in rest or "}" in rest:
        raise ValueError("the URI template is not valid: only `{name}` can be used in it")
    return text


def uri_template(text: str) -> str:
    """An absolute URI or URI template with a scheme, or an expression; anything else raises
    ValueError.
    """
    if is_expression(text):
        return text
    if not URI.match(text) or re.search(r"\s", text):
        raise ValueError(
            "not an absolute URI: it has to begin with a scheme such as https:// and hold no blanks"
        )
    return _template(text)


Expression = Annotated[str, AfterValidator(_expression)]
