"""Functions that workflows may call (`call: python`): the decorator that registers them, and how
one is called.

    @function(name="csv.parse", effect="pure")
    def parse(text: str, *, delimiter: str = ",") -> list[dict[str, str]]: ...

The signature is the contract: arguments are checked against its type hints (anything that pydantic
understands) and the result becomes JSON.
"""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import to_jsonable_python

from executions.calls.kind import Effect
from executions.calls.python.errors import (
    ArgumentsInvalid,
    FunctionError,
    FunctionNotUsable,
    PermanentError,
    TransientError,
    is_transient,
)

__all__ = [
    "MODULES_VARIABLE",
    "ArgumentsInvalid",
    "Function",
    "FunctionContext",
    "FunctionError",
    "FunctionNotUsable",
    "PermanentError",
    "TransientError",
    "find",
    "function",
    "is_transient",
    "load_functions",
    "registered",
]
Json = Any
MODULES_VARIABLE = "STIGMER_FUNCTION_MODULES"
Isolation = Literal["process", "thread"]
Author = TypeVar("Author", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """The facts that a function may know of the attempt it runs in: take a parameter of this type
    to get them.

    ``idempotency_key`` stays the same over all attempts: hand it on to whatever is called.
    """

    execution_id: str
    correlation_id: str
    attempt: int
    idempotency_key: str


@dataclass(frozen=True)
class Function:
    """A registered function.

    ``isolation`` "process" runs it in a child that is killed at its deadline; "thread" runs it in
    the worker itself: past its deadline the attempt has failed, but its thread can only be left
    behind.
    """

    name: str
    call: Callable[..., Any]
    effect: Effect
    isolation: Isolation

    @cached_property
    def arguments_model(self) -> type[BaseModel]:
        """The parameters as a model, the context left out."""
        fields: dict[str, Any] = {}
        hints = typing.get_type_hints(self.call, include_extras=True)
        for name, parameter in inspect.signature(self.call).parameters.items():
            if parameter.kind in (
                parameter.VAR_POSITIONAL,
                parameter.VAR_KEYWORD,
                parameter.POSITIONAL_ONLY,
            ):
                raise FunctionNotUsable(
                    f"function '{self.name}': parameter '{name}' cannot be given by name; use plain"
                    " named parameters"
                )
            if name not in hints:
                raise FunctionNotUsable(
                    f"function '{self.name}': parameter '{name}' needs a type hint"
                )
            if hints[name] is not FunctionContext:
                default = ... if parameter.default is parameter.empty else parameter.default
                # The field's own name must not collide with what a model has itself (`schema`,
                # `copy`).
                fields[f"argument_{name}"] = (hints[name], Field(default, alias=name))
        config = ConfigDict(extra="forbid", title=self.name)
        model: type[BaseModel] = create_model("Arguments", __config__=config, **fields)
        return model

    @cached_property
    def context_parameter(self) -> str | None:
        hints = typing.get_type_hints(self.call)
        return next(
            (name for name, hint in hints.items() if hint is FunctionContext and name != "return"),
            None,
        )

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema (draft 2020-12) of the arguments, for editors and forms."""
        return self.arguments_model.model_json_schema()

    def checked(self, arguments: Mapping[str, Json]) -> dict[str, Any]:
        """The arguments as the types that the signature names; raises :class:`ArgumentsInvalid`."""
        try:
            model = self.arguments_model.model_validate(dict(arguments))
        except ValidationError as error:
            raise ArgumentsInvalid(
                f"function '{self.name}': {_problems(error, self.arguments_model)}"
            ) from None
        return {
            name.removeprefix("argument_"): getattr(model, name)
            for name in self.arguments_model.model_fields
        }

    def run(self, arguments: Mapping[str, Json], context: FunctionContext) -> Json:
        """Check the arguments, call the function, and give its result as JSON."""
        typed = self.checked(arguments)
        if self.context_parameter is not None:
            typed[self.context_parameter] = context
        result = self.call(**typed)
        if inspect.iscoroutine(result):
            result.close()
            raise PermanentError(f"function '{self.name}' is async; register a plain function")
        return to_jsonable_python(result)


_functions: dict[str, Function] = {}


def function(
    *, name: str | None = None, effect: Effect = "idempotent", isolation: Isolation = "process"
) -> Callable[[Author], Author]:
    """Register a function for `call: python`, by default as ``module.name``.

    A `transactional` function runs in the engine's own transaction, in the worker: it needs
    ``isolation="thread"``. Raises :class:`FunctionNotUsable` where the name is taken or the
    signature cannot be used.
    """

    def register(call: Author) -> Author:
        entry = Function(name or f"{call.__module__}.{call.__qualname__}", call, effect, isolation)
        _ensure_usable(entry)
        _functions[entry.name] = entry
        return call

    return register


def _ensure_usable(entry: Function) -> None:
    if entry.effect not in get_args(Effect) or entry.isolation not in get_args(Isolation):
        raise FunctionNotUsable(
            f"function '{entry.name}': effect is one of {', '.join(get_args(Effect))}, isolation"
            " process or thread"
        )
    if entry.effect == "transactional" and entry.isolation != "thread":
        raise FunctionNotUsable(
            f"function '{entry.name}' is transactional and runs in the engine's transaction: add"
            ' isolation="thread"'
        )
    if inspect.iscoroutinefunction(entry.call):
        raise FunctionNotUsable(f"function '{entry.name}' is async; register a plain function")
    registered_before = _functions.get(entry.name)
    if registered_before is not None and _home(registered_before.call) != _home(entry.call):
        raise FunctionNotUsable(
            f"two functions are named '{entry.name}': in {_home(registered_before.call)} and"
            f" {_home(entry.call)}"
        )


def _home(call: Callable[..., Any]) -> str:
    return f"{call.__module__}.{call.__qualname__}"


def load_functions(modules: Iterable[str]) -> dict[str, Function]:
    """Import the modules that hold functions, and give all functions registered.

    Raises FunctionNotUsable where one cannot be imported or has a signature that cannot be used.
    """
    for name in modules:
        try:
            importlib.import_module(name)
        except FunctionNotUsable:
            raise
        except Exception as error:
            raise FunctionNotUsable(
                f"the module '{name}' of functions cannot be imported: {type(error).__name__}:"
                f" {error}"
            ) from error
    for entry in _functions.values():
        try:
            # It is built now, so that a bad signature is seen at the start.
            entry.arguments_model  # noqa: B018
        except FunctionNotUsable:
            raise
        except Exception as error:
            raise FunctionNotUsable(
                f"function '{entry.name}' has a type hint that cannot be used: {error}"
            ) from error
    return dict(_functions)


def registered() -> dict[str, Function]:
    """All functions registered so far, by name."""
    return dict(_functions)


def find(name: str) -> Function:
    """The function of this name; raises :class:`FunctionNotUsable` that lists those there are."""
    function = _functions.get(name)
    if function is None:
        names = ", ".join(sorted(_functions)) or "none"
        raise FunctionNotUsable(f"unknown function '{name}'; registered are: {names}")
    return function


def _problems(error: ValidationError, model: type[BaseModel]) -> str:
    """The problems of the arguments, one clause each, without the value (it may be a secret)."""
    clauses = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in problem["loc"]) or "arguments"
        if problem["type"] == "extra_forbidden":
            names = (
                ", ".join(name.removeprefix("argument_") for name in model.model_fields) or "none"
            )
            clauses.append(f"argument '{where}' is not known (known: {names})")
        elif problem["type"] == "missing":
            clauses.append(f"argument '{where}' is missing")
        else:
            clauses.append(f"argument '{where}': {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return "; ".join(clauses)
