"""Which operation a call is: its idempotency key, and what earlier tries of the same call did.

In a ``try`` that retries, a call is met once per try, each time as another Step, and is the same
operation: the key names the place of the call without the number of the try. It is made once,
before the call begins, and kept with the Step (``control.key``); so are ``control.outcome``, what
is known of the calls made under this key, and, in a later try, ``control.earlier``, what the try
before it had come to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from executions.journal.decided import IDENTITY, Call, Earlier, Known
from executions.journal.links import FIRST_FORMAT
from executions.journal.records import StepRecord
from executions.states import StepStatus

LONGEST_KEY = 255
_TRY = re.compile(r"/try@\d+(?=/)")
# A header carries these everywhere.
_PLAIN = re.compile(r"[!-~]+")


class Run(NamedTuple):
    """The parts of a run's keys: its public id, the generation from which operations begin now (a
    restore raises it), and the format of its journal.
    """

    execution_id: str
    generation: int
    journal_format: int


_TOLD = (Known.FAILED, Known.SUCCEEDED)


def is_tried_again(path: str) -> bool:
    """Whether the step at this path stands in a block that may be tried several times."""
    return _TRY.search(path) is not None


def place_of(path: str) -> str:
    """The place of a call, the same in each try of a block around it; iterations and visits stay
    told apart.
    """
    return _TRY.sub("/try", path)


def key_for(run: Run, path: str, generation: int) -> str:
    """The idempotency key of a call: at most LONGEST_KEY printable characters of ASCII.

    Every attempt, crash and recovery keeps it; iterations and visits have their own, and so have
    the operations that a restore or a person's "as a new operation" begins (``generation``).
    """
    place = path if run.journal_format == FIRST_FORMAT else place_of(path)
    plain = _key(run.execution_id, place, generation)
    if len(plain) <= LONGEST_KEY and _PLAIN.fullmatch(plain):
        return plain
    return _key(run.execution_id, "/" + hashlib.sha256(place.encode()).hexdigest(), generation)


def key_of(run: Run, record: StepRecord) -> str:
    """The key under which this step's calls are made; one that an older version began has that
    version's.
    """
    return Call.of(record).key or _key(run.execution_id, record.path, record.generation)


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
    last of them, this one makes the same call: same key, same arguments. If it is known and the
    arguments are others now, it is a new operation.
    """
    call = Call.of(record)
    record.generation = max(record.generation, run.generation)
    earlier = _last_begun(tries, record.generation)
    if earlier is None:
        resolve(record)
        call.key = key_for(run, record.path, record.generation)
        return
    outcome = outcome_of(earlier)
    said = call.earlier = Earlier.made(path=earlier.path, outcome=outcome)
    if outcome is Known.UNKNOWN:
        said.input = input_path(earlier)
        _ask_the_same(record, earlier)
    else:
        resolve(record)
    if outcome in _TOLD and not _asks_the_same(record, earlier):
        said.arguments = "others"
        record.generation = earlier.generation + 1
        call.key = key_for(run, record.path, record.generation)
        return
    record.generation = earlier.generation
    call.key = key_of(run, earlier)
    if outcome is not Known.NOTHING:
        call.outcome = outcome


def adopt(record: StepRecord, run: Run) -> None:
    """Take over a call that an older version began: it keeps its key, and of its outcome nothing is
    known.
    """
    call = Call.of(record)
    if call.key is None:
        call.key, call.outcome = key_of(run, record), Known.UNKNOWN


def identity(record: StepRecord, run: Run) -> dict[str, Any]:
    """The call that this step was, if it was one, for the step that takes its place."""
    if not record.is_call or record.arguments is None:
        return {}
    kept = {name: record.control[name] for name in IDENTITY if name in record.control}
    if "key" not in kept:
        kept |= {"key": key_of(run, record), "outcome": Known.UNKNOWN}
    return kept


def input_path(record: StepRecord) -> str:
    """The path of the step with whose input this call was first made: it fills the address too."""
    earlier = Call.of(record).earlier
    return (earlier and earlier.input) or record.path


def _ask_the_same(record: StepRecord, earlier: StepRecord) -> None:
    record.arguments = earlier.arguments
    if (late := Call.of(earlier).late) is not None:
        Call.of(record).late = late


def _asks_the_same(record: StepRecord, earlier: StepRecord) -> bool:
    late = Call.of(record).late == Call.of(earlier).late
    return late and bool(record.arguments == earlier.arguments)


def _last_begun(tries: Iterable[StepRecord], generation: int) -> StepRecord | None:
    """A call that a restore has taken back, or left behind it, is another operation."""
    begun = [record for record in tries if record.generation >= generation and _has_begun(record)]
    return begun[-1] if begun else None


def _has_begun(record: StepRecord) -> bool:
    call = Call.of(record)
    of_an_older_version = call.first_attempt_at is not None
    return call.key is not None or of_an_older_version or record.status == StepStatus.SUCCEEDED


def outcome_of(record: StepRecord) -> Known:
    """The knowledge about the calls of this step."""
    if record.status == StepStatus.SUCCEEDED:
        return Known.SUCCEEDED
    if record.status not in (StepStatus.FAILED, StepStatus.SKIPPED):
        return Known.UNKNOWN
    # An older version kept no key, and no word on it.
    call = Call.of(record)
    return Known.UNKNOWN if call.key is None else call.outcome or Known.NOTHING


def may_have_happened_before(record: StepRecord) -> bool:
    """Whether an earlier try of this call may have had its effect, and no person has said since
    what to do.
    """
    call = Call.of(record)
    return (
        call.earlier is not None
        and call.earlier.outcome is not Known.NOTHING
        and call.asked is None
    )


def child_key(record: StepRecord) -> str:
    """The key of the run that a ``run`` starts, within its parent: each try of a block around it
    has its own.
    """
    plain = f"{record.path}~{record.generation}"
    if len(plain) <= LONGEST_KEY:
        return plain
    return f"{hashlib.sha256(record.path.encode()).hexdigest()}~{record.generation}"
