"""A break in the trail that an administrator has looked into: it stays listed, with who said what,
and nobody is alarmed by it any more.

An acknowledgement is an entry of the trail, signed as all are. It names what was found at each
place: whoever changes the trail there once more makes another problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from executions import policy
from executions.audit.chain import Problem, link
from executions.audit.entries import DONE, record_installation
from executions.errors import Refused
from executions.models import AuditEntry
from executions.said import Said

VERB = "acknowledge break"
SUBJECT = "audit trail"
MOST = 1_000
LONGEST_REASON = 1_000
Identity = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """``entry`` is the one that says so."""

    entry: int
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A problem that somebody has looked into."""

    problem: Problem
    acknowledgement: Acknowledgement


def acknowledge(actor: User, reason: str, problems: Sequence[Problem]) -> AuditEntry:
    """Keep that this administrator knows of these problems and why they are no reason for alarm.

    Raises Refused.
    """
    if not policy.is_admin(actor):
        raise Refused(
            "forbidden",
            "Only an administrator may acknowledge a break in the audit trail.",
            remedy="Ask an administrator.",
        )
    if not reason.strip():
        raise Refused(
            "invalid",
            "A reason is needed.",
            remedy="Say what happened, for those who read it later.",
        )
    if not problems:
        raise Refused("conflict", "Nothing that is known is wrong with the audit trail.")
    if len(problems) > MOST:
        raise Refused(
            "conflict",
            Said(
                "{number:,} things are wrong with the audit trail; {most:,}"
                " may be acknowledged together.",
                number=len(problems),
                most=MOST,
            ),
            remedy="So much is no accident: go back to a backup of before.",
        )
    listed = [
        {"entry": each.entry, "how": str(each.how), "seen": each.seen, "detail": each.detail}
        for each in problems
    ]
    return record_installation(
        VERB, SUBJECT, actor, after={"problems": listed}, reason=reason.strip()[:LONGEST_REASON]
    )


def acknowledgements() -> dict[Identity, Acknowledgement]:
    """All of them, by the problem that they are about. An acknowledgement without a signature
    counts for nothing.
    """
    of_problems: dict[Identity, Acknowledgement] = {}
    for entry in AuditEntry.objects.filter(verb=VERB, outcome=DONE).order_by("id"):
        if not entry.key or link(entry) != entry.hash:
            continue
        said = Acknowledgement(entry.pk, entry.actor_name, entry.created_at, entry.reason)
        for each in (entry.after or {}).get("problems", ()):
            of_problems[each["entry"], each["how"], each["seen"]] = said
    return of_problems


def apart(
    problems: Iterable[Problem], acknowledged: dict[Identity, Acknowledgement]
) -> tuple[list[Problem], list[Acknowledged]]:
    """Those that nobody has looked into, and those that somebody has."""
    new: list[Problem] = []
    seen: list[Acknowledged] = []
    for problem in problems:
        said = acknowledged.get(problem.identity)
        if said is None:
            new.append(problem)
        else:
            seen.append(Acknowledged(problem, said))
    return new, seen
