"""The runs that need a person, by cause: how many of each kind, and the groups as a page shows
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from dashboard.queries.executions import COUNT_CAP, LIST_SECONDS
from executions import clock, policy
from executions.attention import groups
from executions.attention.groups import Group
from executions.bulk.beginning import needs_reason, verbs_for
from executions.in_time import in_time
from executions.models.matching import ATTENTION
from executions.states import ACTIVE_PHASES, Phase
from executions.verbs.row import Verb

KINDS = {"": N_("All"), **{name: kind.word for name, kind in ATTENTION.items()}}


@dataclass(frozen=True, slots=True)
class Count:
    """How many of one kind, counted to the cap; None where that took too long."""

    kind: str
    word: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A group, with what this person may do about all of it."""

    group: Group
    verbs: tuple[Verb, ...]
    is_snoozed: bool
    # Those of the verbs for which this person has to say why, and which ask nothing else before.
    asking: tuple[Verb, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """``put_off`` are the groups that somebody snoozed; they stand behind the others."""

    rows: Sequence[Row] = ()
    put_off: Sequence[Row] = ()
    has_more: bool = False
    is_late: bool = False


def page(user: User, kind: str, start: int) -> Page:
    """One page of groups, those that stopped last first."""
    group_page = in_time("attention", lambda: groups.groups(user, kind, start=start), LIST_SECONDS)
    if group_page is None:
        return Page(is_late=True)
    verbs = verbs_for(user, owns=not policy.sees_everything(user))
    asking = frozenset(
        verb.name for verb in verbs if needs_reason(user, verb) and not verb.question
    )
    now = clock.now()
    rows = [_row(group, verbs, group.is_snoozed(now), asking) for group in group_page.groups]
    return Page(
        [row for row in rows if not row.is_snoozed],
        [row for row in rows if row.is_snoozed],
        group_page.has_more,
    )


def counts(user: User) -> list[Count]:
    return [Count(kind, _(word), _counted(user, kind)) for kind, word in KINDS.items()]


def _row(group: Group, verbs: Sequence[Verb], is_snoozed: bool, asking: frozenset[str]) -> Row:
    possible = tuple(verb for verb in verbs if _is_possible(verb, group))
    return Row(group, possible, is_snoozed, tuple(verb for verb in possible if verb.name in asking))


def _is_possible(verb: Verb, group: Group) -> bool:
    """Whether it is possible for one of them at least, as far as the group can tell."""
    if not group.cause:
        return False
    if verb.is_for_optional_steps:
        return group.can_skip
    is_for_failed = Phase.FAILED in verb.phases and group.failed > 0
    return is_for_failed or (bool(verb.phases & ACTIVE_PHASES) and group.failed < group.count)


def _counted(user: User, kind: str) -> int | None:
    rows = groups.needing(user, kind).order_by().values("pk")
    return in_time(f"attention {kind}", lambda: rows[: COUNT_CAP + 1].count())
