"""The note of a person on a cause: who looks at it, a text, and until when it is put off."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from executions import clock
from executions.attention.groups import WORSE, circle_of, groups, needing
from executions.errors import Refused
from executions.models import CauseNote
from executions.models.cause_note import NOTE_CHARACTERS
from executions.models.transactions import atomic, persistent
from executions.policy import SUPPORT_GROUP
from executions.said import Said

LONGEST_SNOOZE = timedelta(days=30)


class Unchanged:
    """Stands for what shall stay as it is."""


UNCHANGED = Unchanged()


@persistent
def note(
    user: User,
    cause: str,
    *,
    text: str | Unchanged = UNCHANGED,
    assignee: str | Unchanged | None = UNCHANGED,
    snoozed_until: datetime | Unchanged | None = UNCHANGED,
) -> CauseNote:
    """Keep it for the person's circle. ``assignee`` is a user name, or None for nobody.

    Raises Refused; ``not_found`` where no run that the person may see needs anybody for this cause.
    """
    if not cause or not needing(user).filter(cause=cause).exists():
        raise Refused("not_found", "No run that you may see needs a person for this cause.")
    with atomic():
        circle = circle_of(user)
        kept, _ = CauseNote.objects.get_or_create(cause=cause, owner=circle)
        if not isinstance(text, Unchanged):
            kept.note = _checked(text)
        if not isinstance(assignee, Unchanged):
            kept.assignee = None if assignee is None else _person(assignee, circle)
        if not isinstance(snoozed_until, Unchanged):
            _snooze(kept, user, snoozed_until)
        kept.changed_by, kept.changed_at = user, clock.now()
        kept.save()
    return kept


def people(user: User) -> list[str]:
    """To whom this person may assign a cause: who looks after the same runs."""
    if circle_of(user) is not None:
        return [user.get_username()]
    return sorted(_lookers().values_list("username", flat=True)[:200])


def _lookers() -> QuerySet[User]:
    looks = Q(is_superuser=True) | Q(groups__name=SUPPORT_GROUP)
    return User.objects.filter(looks, is_active=True).distinct()


def _person(name: str, circle: User | None) -> User:
    allowed = _lookers() if circle is None else User.objects.filter(pk=circle.pk)
    person = allowed.filter(username=name).first()
    if person is None:
        raise Refused(
            "invalid",
            Said("{name} does not look after these runs.", name=name[:60]),
            remedy="Assign it to somebody of support, an administrator, or yourself.",
        )
    return person


def _checked(text: str) -> str:
    text = text.strip()
    if len(text) > NOTE_CHARACTERS:
        raise Refused(
            "invalid", Said("A note has at most {most:,} characters.", most=NOTE_CHARACTERS)
        )
    return text.replace("\x00", "")


def _snooze(kept: CauseNote, user: User, until: datetime | None) -> None:
    now = clock.now()
    if until is not None and not now < until <= now + LONGEST_SNOOZE:
        raise Refused(
            "invalid",
            "A cause is put off until a moment to come, at most 30 days from now.",
            remedy="Choose another moment.",
        )
    kept.snoozed_until = until
    same_cause = groups(user, cause=kept.cause).groups
    before = max((group.in_last_hour for group in same_cause), default=0)
    # A cause that was quiet comes back when more than a few runs stop in an hour.
    kept.snoozed_above = WORSE * max(before, 1)
