"""``call: python``: a function that this installation has registered."""

from __future__ import annotations

from executions.calls.kind import Arguments, CallKind, CallPlace, Effect, RunsIn
from executions.calls.python.arguments import PythonArguments
from executions.calls.python.functions import Function, registered


def _function(arguments: Arguments) -> Function | None:
    return registered().get(str((arguments or {}).get("function")))


def _effect_of(arguments: Arguments) -> Effect:
    function = _function(arguments)
    return "idempotent" if function is None else function.effect


def _runs_in(arguments: Arguments) -> RunsIn:
    function = _function(arguments)
    return RunsIn.SLOT if function is None else RunsIn(function.isolation)


def _check(place: CallPlace) -> None:
    name, names_known = place.given.get("function"), place.known_functions
    if not isinstance(name, str) or names_known is None or name in names_known:
        return
    names = ", ".join(sorted(names_known)[:20])
    expected = (
        f"one of: {names}" if names else "none is registered: list its module in the settings"
    )
    place.unknown(
        ("function",), "no Python function is registered as {}", name, sorted(names_known), expected
    )


PYTHON = CallKind(
    "python",
    PythonArguments,
    needs="an object with `function`",
    effect_of=_effect_of,
    destinations=("function",),
    check=_check,
    runs_in=_runs_in,
    can_be_transactional=True,
)
