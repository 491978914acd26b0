"""The filters of a list of executions, as conditions of a query."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Q, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import EndsWith

from executions.ids import hex_of_end, ids_that_begin, parse_public_id
from executions.searching.search import ME, Search
from executions.states import ACTIVE_PHASES, Phase, WaitingFor

MOST_SUBJECTS = 5_000


def waits_for(kind: WaitingFor) -> Q:
    """Whether a run, which may have branches that wait for several things, waits for this one."""
    return Q(waiting_for__contains=kind.value)


_DECISION = Q(phase=Phase.WAITING.value) & waits_for(WaitingFor.DECISION)
_SET_ASIDE = Q(requires_manual_intervention=True)
_SILENT = Q(runner_silent_at__isnull=False, phase__in=sorted(map(str, ACTIVE_PHASES)))


@dataclass(frozen=True, slots=True)
class Attention:
    """A kind of what a person has to look at: its word, and which executions are of it."""

    word: str
    condition: Q


# Each execution that needs a person is of one kind; together they are all.
ATTENTION = {
    "flagged": Attention("Set aside", _SET_ASIDE & ~_DECISION),
    "failed": Attention("Failed", Q(phase=Phase.FAILED.value) & ~_SET_ASIDE),
    "decision": Attention("To be decided", _DECISION),
    "silent": Attention("Silent runner", _SILENT & ~_SET_ASIDE & ~_DECISION),
}
# An index has the same words: the database takes it for these conditions only.
NEEDS_ATTENTION = Q(phase=Phase.FAILED.value) | _SET_ASIDE | _DECISION | _SILENT
_TEXTS = ("name", "slug", "workflow__slug", "agent__slug", "failure_reason")


class Labelled(Protocol):
    """The workflows, or the agents: rows with a key and labels."""

    def values_list(self, *names: str) -> Any: ...


def condition(search: Search, asker: int | None, subjects: dict[str, Labelled]) -> Q:
    """Which executions ``search`` asks for.

    ``asker`` is the key of the user who is meant by ``me``. ``subjects`` are the tables of what can
    be run, by the name of the column that leads to them.
    """
    matches = _of_subject(search)
    if search.kind:
        matches &= Q(kind=search.kind)
    if search.phases:
        matches &= Q(phase__in=search.phases)
    if search.needs_attention is not None:
        matches &= NEEDS_ATTENTION if search.needs_attention else ~NEEDS_ATTENTION
    if search.session is not None:
        matches &= Q(session=search.session)
    if search.parent is not None:
        matches &= Q(parent=search.parent)
    if search.owner:
        matches &= Q(owner_id=asker) if search.owner == ME else Q(owner__username=search.owner)
    if search.correlation_id:
        matches &= Q(correlation_id=search.correlation_id)
    if search.step:
        matches &= Q(current_step__icontains=search.step)
    if search.cause:
        matches &= Q(cause=search.cause)
    if search.schedule:
        matches &= _started_by(search.schedule)
    if search.after is not None:
        matches &= Q(created_at__gte=search.after)
    if search.before is not None:
        matches &= Q(created_at__lt=search.before)
    if search.labels:
        matches &= _labelled(search, subjects)
    return matches & _about(search.text) if search.text else matches


def _of_subject(search: Search) -> Q:
    matches = Q()
    if search.workflow:
        matches &= _named("workflow", search.workflow)
    if search.agent:
        matches &= _named("agent", search.agent)
    if search.subject:
        matches &= _named("workflow", search.subject) | _named("agent", search.subject)
    return matches


def _named(column: str, ref: str) -> Q:
    key = parse_public_id(ref, {"workflow": "wfl", "agent": "agt"}[column])
    return Q(**{column: key}) if key else Q(**{f"{column}__slug": ref})


def _started_by(schedule: str) -> Q:
    key = parse_public_id(schedule, "sch")
    if key is not None:
        return Q(occurrence__schedule=key)
    return Q(occurrence__schedule__name=schedule)


def _labelled(search: Search, subjects: dict[str, Labelled]) -> Q:
    """Executions have no labels of their own: those of what they run count."""
    matches = Q(pk__in=())
    for column, rows in subjects.items():
        matches |= Q(**{f"{column}__in": _with_labels(rows, search)})
    return matches


def _with_labels(rows: Labelled, search: Search) -> list[uuid.UUID]:
    named = rows.values_list("pk", "labels")[:MOST_SUBJECTS]
    return [
        key
        for key, labels in named
        if isinstance(labels, dict) and all(_fits(labels, *label) for label in search.labels)
    ]


def _fits(labels: dict[str, Any], key: str, value: str | None) -> bool:
    return key in labels and (value is None or str(labels[key]) == value)


def _about(text: str) -> Q:
    exact = parse_public_id(text.strip(), "wex", "aex")
    if exact is not None:
        return Q(pk=exact)
    matches = Q(correlation_id=text)
    for column in _TEXTS:
        matches |= Q(**{f"{column}__icontains": text})
    if (begun := ids_that_begin(text.strip(), "wex", "aex")) is not None:
        matches |= Q(pk__range=begun)
    if ended := hex_of_end(text.strip()):
        matches |= Q(EndsWith(Cast("pk", TextField()), Value(ended)))
    return matches
