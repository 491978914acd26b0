"""Whether the trail is whole, entry after entry in batches, from where one left off; and whether
what guards it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import DataError

from executions.audit import anchors, guards, heads, keys
from executions.audit.acknowledging import (
    SUBJECT,
    Acknowledged,
    acknowledge,
    acknowledgements,
    apart,
)
from executions.audit.chain import End, How, Problem, covered, end, link
from executions.audit.entries import GO_ON, record_installation
from executions.models import AuditEntry
from executions.values import digest

BATCH = 1_000
# Each problem costs look-ups: a batch of nothing but problems stops here, and the next one goes on.
MOST_PROBLEMS = 20
# The errors of a column that is read and holds no moment, whoever put that there.
UNREADABLE = (ValueError, TypeError, DataError)


@dataclass(frozen=True, slots=True)
class Place:
    """The entry up to which the trail was verified, and the last key that signed one until then."""

    id: int = 0
    hash: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """The state of the next entries; ``is_last``: the trail ends there, and its end was verified
    too.
    """

    place: Place
    entries: int
    problems: list[Problem]
    is_last: bool


@dataclass(slots=True)
class Verified:
    """All of it: how many entries there are, what is wrong, and what is wrong and acknowledged."""

    entries: int = 0
    problems: list[Problem] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    """``is_true`` where its hash is the one that its content has to have; ``content`` stands for
    what was read.
    """

    id: int
    title: str
    previous_hash: str
    hash: str
    is_true: bool
    verb: str = ""
    key: str = ""
    content: str = ""

    @property
    def seen(self) -> str:
        return digest(self.hash, [self.previous_hash, self.content])[:16]


def verify() -> Verified:
    """Verify all entries that are there now, the guards, and what was signed off.

    Raises KeyUnreadable.
    """
    verified, place, trail = Verified(), beginning(), end()
    problems: list[Problem] = []
    while True:
        batch = verify_batch(place, trail, BATCH)
        verified.entries += batch.entries
        problems += batch.problems
        if batch.is_last:
            break
        place = batch.place
    problems += around() + heads.problems()
    verified.problems, verified.acknowledged = apart(problems, acknowledgements())
    return verified


def problems() -> list[Problem]:
    """The faults of the trail as it is now; none where it is whole."""
    return verify().problems


def acknowledge_all(actor: User, reason: str) -> AuditEntry:
    """Verify all of it, and acknowledge what is found. Raises Refused."""
    open_problems = problems()
    trail = end()
    if open_problems and trail.head != trail.last_hash:
        # A wrong end becomes the link of the next entry, which is then wrong for good.
        record_installation("go on", SUBJECT, actor, reason=reason)
        open_problems = problems()
    return acknowledge(actor, reason, open_problems)


def beginning() -> Place:
    """The beginning of the trail: its first entry, or the one behind those that left it."""
    anchor = anchors.newest()
    return Place() if anchor is None else Place(anchor.last_id, anchor.last_hash, anchor.key)


def around() -> list[Problem]:
    """The faults beside the entries: guards that are missing, anchors that nobody signed.

    Raises KeyUnreadable.
    """
    keys.ring()
    return [*(_unguarded(name) for name in guards.missing()), *anchors.problems()]


def _unguarded(name: str) -> Problem:
    detail = (
        f"The trigger {name}, which keeps entries from being changed, is missing or not as it was"
        " made. `stigmer migrate` makes it again."
    )
    return Problem(entry=0, how=How.UNGUARDED, detail=detail, seen=name)


def verify_batch(place: Place, trail: End, most: int) -> Batch:
    """Verify at most ``most`` entries behind ``place``."""
    rows = _rows(place.id, trail.last_id, most)
    problems: list[Problem] = []
    for number, row in enumerate(rows, 1):
        problems += _problems_of(row, place, trail)
        place = Place(row.id, row.hash, row.key or place.key)
        if len(problems) >= MOST_PROBLEMS:
            return Batch(place, number, problems, is_last=False)
    if len(rows) < most:
        return Batch(place, len(rows), problems + list(_problem_of_end(trail)), is_last=True)
    return Batch(place, len(rows), problems, is_last=False)


def _problems_of(row: _Row, place: Place, trail: End) -> Iterator[Problem]:
    if row.key and keys.by_id(row.key) is None:
        if row.key != place.key:
            detail = (
                f"{row.title} and those behind it are signed with the key {row.key}, which is"
                " not in the key file (STIGMER_AUDIT_FOLDER)."
            )
            yield _problem(row, How.UNKNOWN_KEY, detail)
    elif not row.is_true:
        yield _problem(row, How.EDITED, f"{row.title} is not what was written.")
    elif not row.key and place.key:
        yield _problem(row, How.UNSIGNED, f"{row.title} is not signed, though one before it is.")
    if row.previous_hash != place.hash:
        yield from _problem_of_link(row, place, trail)
    elif row.verb == GO_ON and row.is_true:
        detail = (
            f"Before {row.title} the end of the trail was changed past Stigmer: entries may be"
            " missing there."
        )
        yield _problem(row, How.MISSING, detail)


def _problem_of_link(row: _Row, place: Place, trail: End) -> Iterator[Problem]:
    """Why this entry does not follow the one that stands before it.

    One that follows an entry further before says nothing new. Each entry is followed by one at
    most: what stands between the two is out of place itself, and was told of or will be.
    """
    followed = _id_of(hash=row.previous_hash) if row.previous_hash else 0
    if followed is None:
        if place.hash == trail.head or (_id_of(previous_hash=place.hash) or 0) > row.id:
            yield _problem(
                row, How.INSERTED, f"{row.title} was put in: the trail goes on without it."
            )
        elif place.id == 0:
            detail = f"Before {row.title}, the first that is there, at least one entry is missing."
            yield _problem(row, How.MISSING, detail)
        elif place.id == row.id - 1:
            detail = (
                f"Entry {place.id} was edited together with its hash: {row.title} followed another"
                " one."
            )
            yield _problem(row, How.EDITED, detail, at=place.id)
        else:
            detail = f"Between entry {place.id} and {row.title} at least one entry is missing."
            yield _problem(row, How.MISSING, detail)
    elif followed >= row.id:
        detail = (
            f"{row.title} is out of order: it follows entry {followed}, which stands behind it."
        )
        yield _problem(row, How.OUT_OF_ORDER, detail)
    elif followed == 0:
        detail = f"{row.title} is out of order: it was the first one."
        yield _problem(row, How.OUT_OF_ORDER, detail)
    elif AuditEntry.objects.filter(previous_hash=row.previous_hash, pk__lt=row.id).exists():
        # The database keeps this out, until somebody takes its index away.
        detail = f"{row.title} follows entry {followed}, which another entry follows already."
        yield _problem(row, How.FORKED, detail)


def _problem_of_end(trail: End) -> Iterator[Problem]:
    if trail.head == trail.last_hash:
        return
    seen = digest(trail.head, trail.last_hash)[:16]

    def problem(entry: int, how: How, detail: str) -> Problem:
        return Problem(entry=entry, how=how, detail=detail[0].upper() + detail[1:], seen=seen)

    ends_at = _id_of(hash=trail.head) if trail.head else None
    beyond = (
        None
        if ends_at is None
        else AuditEntry.objects.filter(id__gt=ends_at).order_by("id").first()
    )
    if beyond is not None:
        how = How.INSERTED if beyond.previous_hash == trail.head else How.OUT_OF_ORDER
        detail = f"{_title(beyond)} stands behind entry {ends_at}, with which the trail ends."
        yield problem(beyond.pk, how, detail)
    elif trail.last_id == 0:
        yield problem(0, How.MISSING, "All entries are missing.")
    else:
        detail = (
            f"Behind entry {trail.last_id} at least one entry is missing, or it was edited together"
            " with its hash: the trail does not end with it."
        )
        yield problem(trail.last_id, How.MISSING, detail)


def _problem(row: _Row, how: How, detail: str, at: int | None = None) -> Problem:
    entry = row.id if at is None else at
    return Problem(entry=entry, how=how, detail=detail[0].upper() + detail[1:], seen=row.seen)


def _id_of(**which: str) -> int | None:
    return AuditEntry.objects.filter(**which).values_list("id", flat=True).first()


def _rows(after: int, last: int, most: int) -> list[_Row]:
    entries = AuditEntry.objects.filter(id__gt=after, id__lte=last).order_by("id")[:most]
    try:
        return [_row(entry) for entry in entries]
    except UNREADABLE:
        # Which one it is shows as each is read alone.
        ids = entries.values_list("id", "verb", "subject", "previous_hash", "hash")
        return [_row_alone(*values) for values in ids]


def _row(entry: AuditEntry) -> _Row:
    return _Row(
        entry.pk,
        _title(entry),
        entry.previous_hash,
        entry.hash,
        _is_true(entry),
        entry.verb,
        entry.key,
        _content(entry),
    )


def _row_alone(id: int, verb: str, subject: str, previous_hash: str, hash: str) -> _Row:
    try:
        return _row(AuditEntry.objects.get(pk=id))
    except UNREADABLE:
        return _Row(id, _titled(id, verb, subject), previous_hash, hash, is_true=False)


def _is_true(entry: AuditEntry) -> bool:
    try:
        return link(entry) == entry.hash
    except (ValueError, TypeError, AttributeError, RecursionError):
        # A value that was put in the place of a moment or of JSON has no canonical form.
        return False


def _content(entry: AuditEntry) -> str:
    """A digest of what stands in it, whatever that is."""
    try:
        return digest("", covered(entry))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ""


def _title(entry: AuditEntry) -> str:
    return _titled(entry.pk, entry.verb, entry.subject)


def _titled(id: int, verb: str, subject: str) -> str:
    return f"entry {id} ({verb} {subject})"
