"""The journal of one execution in memory: what is recorded, what the walk has visited, what waits
to be written.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from executions.errors import NotStorable, StigmerError
from executions.journal.links import link
from executions.journal.operation import is_tried_again, place_of
from executions.journal.paths import WORKSPACE, ancestors, children_of, is_inside
from executions.journal.records import JOURNAL_FORMAT, STORED_AS_TEXT, StepRecord
from executions.states import StepStatus
from executions.values import storable

# The fields that a step has from its begin on.
BEGUN_WITH = ("input", "arguments")
# So many values are not measured again where they are met again.
REMEMBERED = 32


class Diverged(StigmerError):
    """The definition no longer leads through what the journal holds."""

    def __init__(self, unvisited: str, next_step: str) -> None:
        super().__init__(
            f"The walk reached {next_step}, a new step, but never came past {unvisited}, which the"
            " journal holds. Nothing was run. Restore to a checkpoint before it, or start a new"
            " execution."
        )
        self.unvisited = unvisited


class JournalFull(StigmerError):
    """The execution has recorded more steps than STIGMER_MAX_STEPS allows."""


class Journal:
    """Standing steps by path. ``pending`` holds, in commit order, what the next boundary writes."""

    def __init__(
        self,
        records: Iterable[StepRecord],
        *,
        head_digest: str,
        value_bytes: int,
        max_steps: int = 10_000,
        journal_format: int = JOURNAL_FORMAT,
        seal: Callable[[Any, str], str] | None = None,
    ) -> None:
        self.steps = {record.path: record for record in records}
        self.unvisited = set(self.steps)
        # Path -> the paths right below it; made when it is first asked for.
        self._below: dict[str, list[str]] | None = None
        # Of the JSON of its steps, roughly.
        self.characters = sum(record.characters for record in self.steps.values())
        # Steps that have a row, as far as this drive knows.
        self.written = {record.id for record in self.steps.values()}
        self.head_digest = head_digest
        self.pending: dict[uuid.UUID, StepRecord] = {}
        self._value_bytes = value_bytes
        self._max_steps = max_steps
        self._format = journal_format
        # The form in which a row keeps a value and its JSON text, where secrets have to stay out of
        # it.
        self._seal = seal
        # Values measured lately and their texts, by identity: one task's output is the next one's
        # input. A value is kept with its text, so that its id is not used again meanwhile.
        self._measured: dict[int, tuple[Any, str]] = {}
        # Whether there are branches, of which some may be open where others have failed.
        self.has_forked = False
        # Calls of blocks that are tried again, by place; made when it is first asked for.
        self._tries: dict[str, list[StepRecord]] | None = None

    def get(self, path: str) -> StepRecord | None:
        """The step recorded at ``path``; asking counts as visiting it."""
        self.unvisited.discard(path)
        return self.steps.get(path)

    def answer_from(self, record: StepRecord) -> None:
        """A finished composite answers for everything below it."""
        self.pass_over(record.path)

    def pass_over(self, path: str) -> None:
        """The steps below ``path`` need not be visited: the decision was made without them."""
        if not self.unvisited:
            return
        if self._below is None:
            self._below = children_of(self.unvisited)
        around = [path]
        while around:
            for each in self._below.pop(around.pop(), ()):
                self.unvisited.discard(each)
                around.append(each)

    def open_below_a_fork(self, path: str) -> bool:
        """Whether branches below ``path`` have begun and not come to an end."""
        return self.has_forked and bool(self.open_below(path))

    def open_below(self, path: str) -> list[StepRecord]:
        """Begun below ``path`` and not finished."""
        return [record for record in self.open_steps() if is_inside(record.path, path)]

    def tries_of(self, path: str) -> list[StepRecord]:
        """The recorded steps of this call in the other tries of the block around it, as they
        came.
        """
        if not is_tried_again(path):
            return []
        if self._tries is None:
            self._tries = {}
            for record in self.steps.values():
                self._note_try(record)
        return [record for record in self._tries.get(place_of(path), ()) if record.path != path]

    def _note_try(self, record: StepRecord) -> None:
        if self._tries is not None and record.is_call and is_tried_again(record.path):
            tries = self._tries.setdefault(place_of(record.path), [])
            if record not in tries:
                tries.append(record)

    def check_nothing_was_missed(self, next_steps: Iterable[StepRecord]) -> None:
        """Called before calls are made, once all walks have come to one, with the steps of these.

        Raises :class:`Diverged` where recorded steps were never visited; what would have begun is
        taken back then.
        """
        if not self.unvisited:
            return
        path, next_steps = "", list(next_steps)
        if all(record.path == WORKSPACE and record.id in self.written for record in next_steps):
            # It is made again, on another host, for the steps behind it.
            return
        for record in next_steps:
            path = path or record.path
            if record.id not in self.written:
                self.forget(record)
        raise Diverged(min(self.unvisited), path)

    def begin(self, record: StepRecord) -> None:
        """Record a task before it runs. Raises NotStorable or :class:`JournalFull`."""
        if record.path not in self.steps and len(self.steps) >= self._max_steps:
            raise JournalFull(
                f"The execution has {len(self.steps):,} recorded steps; at most {self._max_steps:,}"
                " are allowed (STIGMER_MAX_STEPS). A loop may not end."
            )
        texts = {"input": self._measure(record.input), "arguments": self._measure(record.arguments)}
        record.texts = texts
        self._count(texts)
        self._text_of_control(record.control)
        self.steps[record.path] = record
        self.pending[record.id] = record
        self._note_try(record)

    def finish(self, record: StepRecord, status: StepStatus, at: datetime) -> None:
        """Record how a task ended, and chain it. Raises NotStorable before anything is changed."""
        texts = {name: self._measure(getattr(record, name)) for name in STORED_AS_TEXT[:-1]}
        texts["control"] = self._text_of_control(record.control)
        record.texts = texts
        self._count(texts)
        record.enter(status, at)
        self.head_digest = record.digest = link(self.head_digest, record, self._format)
        self.steps[record.path] = record
        # Finished steps are numbered in this order, so a begun one moves to the end.
        self.pending.pop(record.id, None)
        self.pending[record.id] = record

    def drop_what_cannot_be_stored(self, record: StepRecord) -> None:
        """Make a record fit to be kept beside the error that says what did not fit."""
        for name in ("input", "arguments", "output", "context"):
            if not self._is_storable(getattr(record, name)):
                setattr(record, name, None)
        record.control = {
            name: value for name, value in record.control.items() if self._is_storable(value)
        }

    def _is_storable(self, value: Any) -> bool:
        try:
            self._check(value)
        except NotStorable:
            return False
        return True

    def take_pending(self) -> list[StepRecord]:
        """The pending steps, which are written now."""
        records, self.pending = list(self.pending.values()), {}
        self.written.update(record.id for record in records)
        return records

    def forget(self, record: StepRecord) -> None:
        """Take back a step that was met and neither begun nor written."""
        self.pending.pop(record.id, None)
        self.steps.pop(record.path, None)

    def open_steps(self) -> list[StepRecord]:
        """Begun and not finished."""
        return [record for record in self.steps.values() if record.finished_at is None]

    def chain_of(self, path: str) -> list[StepRecord]:
        """The step at ``path`` and the composites above it, the innermost first."""
        return [self.steps[p] for p in (path, *ancestors(path)) if p in self.steps]

    def _measure(self, value: Any) -> str | None:
        """The text of a value; None for none. Raises NotStorable."""
        if value is None:
            return None
        if not isinstance(value, (dict, list)):
            return self._check(value)
        measured = self._measured.pop(id(value), None) or (value, self._check(value))
        self._measured[id(value)] = measured
        if len(self._measured) > REMEMBERED:
            del self._measured[next(iter(self._measured))]
        return measured[1]

    def _text_of_control(self, control: dict[str, Any]) -> str:
        """Of what was decided, which grows while the step goes on; mostly nothing."""
        return "{}" if control == {} else self._check(control)

    def write_down(self, record: StepRecord) -> None:
        """Make sure that what is written of this step is written without secrets."""
        if self._seal is not None:
            written = record.texts
            if not record.is_finished():
                # The rest of it changes while the step goes on: a text that was made of it before,
                # for a move that missed, is not its text now.
                written = {name: written[name] for name in BEGUN_WITH if name in written}
            values = {name: getattr(record, name) for name in STORED_AS_TEXT if name not in written}
            texts = {
                name: self._measure(value) for name, value in values.items() if name != "control"
            }
            texts |= {
                name: self._check(value) for name, value in values.items() if name == "control"
            }
            record.texts = written | texts

    def _count(self, texts: dict[str, str | None]) -> None:
        for text in texts.values():
            if text is not None:
                self.characters += len(text)

    def _check(self, value: Any) -> str:
        text = storable(value, limit_bytes=self._value_bytes)
        return text if self._seal is None else self._seal(value, text)
