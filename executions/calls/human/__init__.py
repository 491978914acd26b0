"""``call: human``: asks people, and waits for what one of them answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from executions.calls.human.arguments import HumanArguments
from executions.calls.kind import Arguments, CallKind, CallPlace, Keys
from executions.expressions import is_expression


def _outcomes(arguments: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    outcomes = arguments.get("outcomes")
    every = list(enumerate(outcomes)) if isinstance(outcomes, list) else []
    return [(index, outcome) for index, outcome in every if isinstance(outcome, dict)]


def _targets(arguments: Mapping[str, Any]) -> Iterator[tuple[Keys, str]]:
    for index, outcome in _outcomes(arguments):
        if isinstance(outcome.get("then"), str):
            yield ("outcomes", index, "then"), outcome["then"]


def _follows(arguments: Arguments, output: Any) -> str | None:
    """The ``then`` of the outcome that was chosen."""
    outcome_name = output.get("outcome") if isinstance(output, dict) else None
    for _, outcome in _outcomes(arguments or {}):
        if outcome.get("name") == outcome_name:
            return outcome.get("then")
    return None


def _check(place: CallPlace) -> None:
    names = [outcome.get("name") for _, outcome in _outcomes(place.given)]
    for index, name in enumerate(names):
        if name in names[:index]:
            place.add(("outcomes", index, "name"), f"the outcome {name} is there twice")
    decides = place.given.get("onTimeout")
    if names and decides in ("approve", "deny") and decides not in names:
        place.add(("onTimeout",), f"there is no outcome {decides}", "one of the outcomes, or fail")
    form = place.given.get("form")
    if isinstance(form, dict) and form.get("type", "object") != "object":
        place.add(("form", "type"), "what people fill in is an object", "object")
    people = place.given.get("approvers")
    if isinstance(people, dict) and not (people.get("users") or people.get("groups")):
        place.add(("approvers",), "nobody may answer", "`users`, `groups` or both")
    elif isinstance(people, dict):
        _warn_of_unknown(place, people)
    prompt = place.given.get("prompt")
    if isinstance(prompt, str) and not is_expression(prompt) and "${" in prompt:
        place.warn(("prompt",), "an expression stands for the whole text", '${ "Order \\(.id)?" }')


def _warn_of_unknown(place: CallPlace, people: dict[str, Any]) -> None:
    """An account may come later, so it is no reason to refuse the definition."""
    known_people = place.known_people
    if known_people is None:
        return
    for key, noun, unknown_of in (
        ("users", "user", known_people.unknown_users),
        ("groups", "group", known_people.unknown_groups),
    ):
        entries = people.get(key)
        every = enumerate(entries) if isinstance(entries, list) else ()
        names = {index: name for index, name in every if isinstance(name, str)}
        unknown = unknown_of(list(names.values())) if names else ()
        for index, name in names.items():
            if name in unknown:
                message = f"there is no {noun} {name[:100]!r} here: nobody is asked by that name"
                place.warn(("approvers", key, index), message)


HUMAN = CallKind(
    "human",
    HumanArguments,
    needs="an object with `prompt`",
    effect_of=lambda arguments: "idempotent",
    destinations=(),
    check=_check,
    asks_people=True,
    takes_secrets=False,
    targets=_targets,
    follows=_follows,
)
