"""The file in which the end of the trail is signed off, outside the database.

A person who can write to the database alone may cut off the newest entries and set back the end
that is kept beside them. The file still names them. Each line is signed together with the one
before it. The file is only added to; keep a copy elsewhere, as often as you like.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from executions import clock
from executions.audit import anchors, keys
from executions.audit.chain import End, How, Problem, end, sign
from executions.audit.entries import record_installation
from executions.models import AuditEntry
from executions.values import canonical, digest

TAIL_BYTES = 64 * 1024
PER_LOOK = 500
MOST_LINES = 20
RESTORED = "restore backup"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``entry`` was the last one of the trail, with this hash.

    ``restored`` names a backup that took the database's place: what was signed off behind
    ``entry`` before is not expected any more.
    """

    number: int
    at: str
    entry: int
    hash: str
    restored: str
    is_true: bool
    mac: str


def sign_off() -> bool:
    """Write down where the trail ends, where that is news. Called by the sweep."""
    last = _last()
    if last is not None and last.restored:
        _tell_of_the_backup(last)
    now = end()
    if not now.last_id or (last is not None and (last.entry, last.hash) == _place(now)):
        return False
    _append({"entry": now.last_id, "hash": now.last_hash})
    return True


def note_restored(name: str, entry: int, hash: str) -> None:
    """A backup took the database's place; its trail ends with this entry (0: it has none)."""
    _append({"entry": entry, "hash": hash, "restored": name[:200]})


def problems(*, newest_only: bool = False) -> list[Problem]:
    """The contradictions between the file and the trail: entries that were cut off or written anew,
    lines that were changed. ``newest_only`` looks at the end of the file alone.
    """
    lines = list(_lines(TAIL_BYTES if newest_only else None))
    here = [_changed(line) for line in lines if not line.is_true][:MOST_LINES]
    expected = {line.entry: line for line in _expected(lines) if line.entry}
    ids = sorted(expected)
    for start in range(0, len(ids), PER_LOOK):
        some = ids[start : start + PER_LOOK]
        rows = AuditEntry.objects.filter(pk__in=some)
        there = dict(rows.values_list("id", "hash"))
        here += [
            _cut(expected[id], there.get(id)) for id in some if there.get(id) != expected[id].hash
        ]
    last = anchors.left_up_to()
    return [each for each in here if each.how is not How.CUT_OFF or each.entry > last]


def _expected(lines: list[Line]) -> list[Line]:
    """The lines that have to be in the trail: of those signed off before a backup was restored, the
    ones that the backup holds.
    """
    kept: list[Line] = []
    for line in lines:
        if not line.is_true:
            continue
        if line.restored:
            kept = [each for each in kept if each.entry <= line.entry]
        kept.append(line)
    return kept


def _cut(line: Line, hash: str | None) -> Problem:
    what = "is not there" if hash is None else "is another one"
    detail = (
        f"Entry {line.entry} was the end of the trail at {line.at[:19]}, as"
        f" {settings.STIGMER_AUDIT_HEADS_FILE.name} says, and now {what}: the trail was cut off or"
        " written anew."
    )
    return Problem(
        entry=line.entry, how=How.CUT_OFF, detail=detail, seen=digest(line.hash, hash)[:16]
    )


def _changed(line: Line) -> Problem:
    name = settings.STIGMER_AUDIT_HEADS_FILE.name
    detail = (
        f"Line {line.number} of {name} is not what was written there, or one before it is gone."
    )
    return Problem(
        entry=line.entry, how=How.EDITED, detail=detail, seen=digest(line.mac, line.number)[:16]
    )


def _tell_of_the_backup(line: Line) -> None:
    before = [each for each in _lines(TAIL_BYTES) if not each.restored]
    was = {"entry": before[-1].entry, "hash": before[-1].hash} if before else None
    after = {"head_was": was, "goes_on_from": {"entry": line.entry, "hash": line.hash}}
    record_installation(RESTORED, line.restored, None, after={**after, "at": line.at})


def _place(now: End) -> tuple[int, str]:
    return now.last_id, now.last_hash


def _append(what: dict[str, Any]) -> None:
    """Add one line, signed with the one before it; of two processes each waits for the other."""
    key = keys.signing()
    said = {"at": clock.now().isoformat(), **what, "key": key.id}
    path: Path = settings.STIGMER_AUDIT_HEADS_FILE
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, keys.PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        last = _last()
        mac = sign(key, f"{last.mac if last else ''}\n{canonical(said)}")
        os.write(descriptor, (json.dumps({**said, "mac": mac}) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last() -> Line | None:
    return next(iter(deque(_lines(TAIL_BYTES), maxlen=1)), None)


def _lines(most: int | None = None) -> Iterator[Line]:
    """The lines, of a long file the last ones alone: the first of those is believed, as the one
    before it is not read.
    """
    path: Path = settings.STIGMER_AUDIT_HEADS_FILE
    try:
        with path.open("rb") as file:
            skipped = 0 if most is None else max(0, file.seek(0, os.SEEK_END) - most)
            file.seek(skipped)
            texts = file.read().split(b"\n")
    except FileNotFoundError:
        return
    before: str | None = None if skipped else ""
    for number, text in enumerate(texts[1 if skipped else 0 :], 1):
        if text.strip():
            line = _line(number, text, before)
            before = line.mac
            yield line


def _line(number: int, text: bytes, before: str | None) -> Line:
    try:
        said = json.loads(text)
        mac = str(said.pop("mac"))
        key = keys.by_id(said["key"])
        is_true = key is not None and (
            before is None or sign(key, f"{before}\n{canonical(said)}") == mac
        )
        place = int(said["entry"]), str(said["hash"])
        return Line(number, str(said["at"]), *place, str(said.get("restored", "")), is_true, mac)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Line(number, "", 0, "", "", False, "")
