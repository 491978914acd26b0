"""Which operation a call is: its idempotency key, and what earlier tries of the same call did.

In a ``try`` that retries, a call is met once per try, each time as another Step, and is the same operation: the key
names the place of the call without the number of the try. It is made once, before the call begins, and kept with the
Step (``control.key``); so are ``control.outcome``, what is known of the calls made under this key, and, in a later try,
``control.earlier``, what the try before it had come to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from executions.journal.links import FIRST_FORMAT
from executions.journal.records import StepRecord
from executions.states import StepStatus

LONGEST_KEY = 255
_TRY = re.compile(r"/try@\d+(?=/)")
# A header carries these everywhere.
_PLAIN = re.compile(r"[!-~]+")
# What of a call's record tells which operation it is and what became of it.
IDENTITY = ("key", "outcome", "earlier", "asked")
# Beside the arguments: what of them is evaluated late, at the step's edge.
_LATE = "late"


class Known(StrEnum):
    """What is known of the calls that were made under one key.

    NOTHING: none was made, or it is proven that nothing was sent. UNKNOWN: one may have had its effect. FAILED and
    SUCCEEDED: the other side has said so.
    """

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUCCEEDED = "succeeded"


class Run(NamedTuple):
    """What the keys of a run are made of: its public id, the generation from which operations begin
    now (a restore raises it), and the format of its journal."""

    execution_id: str
    generation: int
    journal_format: int


_TOLD = (Known.FAILED, Known.SUCCEEDED)


def is_tried_again(path: str) -> bool:
    """Whether the step at this path stands in a block that may be tried several times."""
    return _TRY.search(path) is not None


def place_of(path: str) -> str:
    """The place of a call, the same in each try of a block around it; iterations and visits stay told apart."""
    return _TRY.sub("/try", path)


def key_for(run: Run, path: str, generation: int) -> str:
    """The idempotency key of a call: at most LONGEST_KEY printable characters of ASCII.

    Every attempt, crash and recovery keeps it; iterations and visits have their own, and so have the operations that a
    restore or a person's "as a new operation" begins (``generation``).
    """
    place = path if run.journal_format == FIRST_FORMAT else place_of(path)
    plain = _key(run.execution_id, place, generation)
    if len(plain) <= LONGEST_KEY and _PLAIN.fullmatch(plain):
        return plain
    return _key(run.execution_id, "/" + hashlib.sha256(place.encode()).hexdigest(), generation)


def key_of(run: Run, record: StepRecord) -> str:
    """The key under which this step's calls are made; one that an older version began has that version's."""
    return str(record.control.get("key") or _key(run.execution_id, record.path, record.generation))


def _key(execution_id: str, place: str, generation: int) -> str:
    return f"{execution_id}{place}~{generation}"


def begin(
    record: StepRecord,
    tries: Iterable[StepRecord],
    run: Run,
    resolve: Callable[[StepRecord], None],
) -> None:
    """Give a call that was not begun its arguments and its key.

    ``tries`` are the recorded steps of the same call in other tries, in the order in which they
    came; ``resolve`` evaluates the arguments into the record. While nobody knows what became of the
    last of them, this one makes the same call: same key, same arguments. Where it is known and the
    arguments are others now, it is a new operation.
    """
    record.generation = max(record.generation, run.generation)
    earlier = _last_begun(tries, record.generation)
    if earlier is None:
        resolve(record)
        record.control["key"] = key_for(run, record.path, record.generation)
        return
    known = outcome_of(earlier)
    said = record.control["earlier"] = {"path": earlier.path, "outcome": str(known)}
    if known is Known.UNKNOWN:
        said["input"] = earlier.control.get("earlier", {}).get("input", earlier.path)
        _ask_the_same(record, earlier)
    else:
        resolve(record)
    if known in _TOLD and not _asks_the_same(record, earlier):
        said["arguments"] = "others"
        record.generation = earlier.generation + 1
        record.control["key"] = key_for(run, record.path, record.generation)
        return
    record.generation = earlier.generation
    record.control["key"] = key_of(run, earlier)
    if known is not Known.NOTHING:
        record.control["outcome"] = str(known)


def adopt(record: StepRecord, run: Run) -> None:
    """Take over a call that an older version began: it keeps its key, and of its outcome nothing is known."""
    if "key" not in record.control:
        record.control["key"] = key_of(run, record)
        record.control["outcome"] = Known.UNKNOWN


def identity(record: StepRecord, run: Run) -> dict[str, Any]:
    """What a step that takes this one's place has to know of the call that it was, if it was one."""
    if record.kind != "call" or record.arguments is None:
        return {}
    known = {name: record.control[name] for name in IDENTITY if name in record.control}
    if "key" not in known:
        known |= {"key": key_of(run, record), "outcome": Known.UNKNOWN}
    return known


def input_path(record: StepRecord) -> str:
    """The path of the step with whose input this call was first made: it fills the address too."""
    return str(record.control.get("earlier", {}).get("input", record.path))


def _ask_the_same(record: StepRecord, earlier: StepRecord) -> None:
    record.arguments = earlier.arguments
    if _LATE in earlier.control:
        record.control[_LATE] = earlier.control[_LATE]


def _asks_the_same(record: StepRecord, earlier: StepRecord) -> bool:
    late = record.control.get(_LATE) == earlier.control.get(_LATE)
    return late and bool(record.arguments == earlier.arguments)


def _last_begun(tries: Iterable[StepRecord], generation: int) -> StepRecord | None:
    """What a restore has taken back, or left behind it, is another operation."""
    begun = [record for record in tries if record.generation >= generation and _has_begun(record)]
    return begun[-1] if begun else None


def _has_begun(record: StepRecord) -> bool:
    of_an_older_version = "first_attempt_at" in record.control
    return "key" in record.control or of_an_older_version or record.status == StepStatus.SUCCEEDED


def outcome_of(record: StepRecord) -> Known:
    """What is known of the calls of this step."""
    if record.status == StepStatus.SUCCEEDED:
        return Known.SUCCEEDED
    if record.status not in (StepStatus.FAILED, StepStatus.SKIPPED):
        return Known.UNKNOWN
    if "key" not in record.control:
        # An older version kept no word on it.
        return Known.UNKNOWN
    return Known(record.control.get("outcome", Known.NOTHING))


def may_have_happened_before(record: StepRecord) -> bool:
    """Whether an earlier try of this call may have had its effect, and no person has said since what to do."""
    earlier = record.control.get("earlier")
    return earlier is not None and earlier["outcome"] != Known.NOTHING and "asked" not in record.control
