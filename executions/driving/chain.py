"""Is the journal what was written? Each finished step's digest covers the one before it.

If a person restored a broken journal to a good checkpoint, the decision says from where to where it
was broken (``cut``), and the chain goes on from that checkpoint; the steps that were cut stay as
they were found.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import ExpressionWrapper, F, TextField

from executions.journal.decided import Decision
from executions.journal.links import FIRST_FORMAT, HASHED, link, link_of_row
from executions.journal.records import DECISION, JOURNAL_FORMAT, STORED_AS_TEXT, StepRecord
from executions.models import Execution, Step
from executions.models.fields import read_json
from executions.models.streaming import stream
from executions.states import FINISHED_STATUSES, PASSED_STATUSES

_COLUMNS = (*HASHED, "seq", "digest", "id")
# The values as the texts that they are stored as, unread.
_TEXTS = {f"{name}_text": ExpressionWrapper(F(name), TextField()) for name in STORED_AS_TEXT}
Row = tuple[StepRecord, tuple[str | None, ...]]


@dataclass(frozen=True, slots=True)
class Broken:
    """``text`` names the first thing that is wrong; up to ``last_good_seq`` all is as it was
    written (0: nothing).
    """

    text: str
    last_good_seq: int
    last_good_path: str = ""

    def remedy(self) -> str:
        if not self.last_good_seq:
            return "No checkpoint is good: restore to the beginning, or start a new execution."
        return (
            f"The last good checkpoint is {self.last_good_seq} ({self.last_good_path}); support can"
            " restore to it."
        )


def verify(execution: Execution) -> str | None:
    """None when the chain is whole, else one sentence that names the first checkpoint that is
    not.
    """
    broken = examine(execution)
    return None if broken is None else broken.text


def examine(execution: Execution) -> Broken | None:
    """None when the journal is as it was written and of a format that this code knows."""
    if execution.journal_format > JOURNAL_FORMAT:
        text = (
            f"its journal has format {execution.journal_format}; this version reads up to"
            f" {JOURNAL_FORMAT}"
        )
        return Broken(text, 0)
    head, good, decisions = "", Broken("", 0), []
    for record, texts in _finished(execution):
        head = _link(head, record, texts, execution.journal_format)
        if record.digest != head:
            return replace(
                good, text=f"checkpoint {record.seq} ({record.path}) is not what was written"
            )
        if is_checkpoint(record):
            good = Broken("", record.seq or 0, record.path)
        elif record.kind == DECISION:
            record.control = read_json(texts[-1])
            decisions.append(record)
    if head != execution.head_digest:
        return replace(good, text="checkpoints at the end of its history are missing")
    wrong = _wrongly_superseded(execution, decisions)
    # Which steps stand is not known then, so that no checkpoint can be trusted.
    return Broken(wrong, 0) if wrong else None


def _wrongly_superseded(execution: Execution, decisions: list[StepRecord]) -> str:
    """The decisions say which steps stand; the column has to agree with them, as it is only their
    index.
    """
    paths_of: dict[uuid.UUID, set[str]] = {decision.id: set() for decision in decisions}
    superseded = Step.objects.filter(execution=execution, superseded_by__isnull=False)
    for decision_id, path in superseded.values_list("superseded_by_id", "path"):
        paths_of.setdefault(decision_id, set()).add(path)
    reinstated = {
        made.undoes: made.reinstates or ()
        for made in map(Decision.of, decisions)
        if made.undoes is not None
    }
    for decision in decisions:
        said = set(Decision.of(decision).supersedes or ()) - set(
            reinstated.get(decision.seq or 0, ())
        )
        if paths_of[decision.id] != said:
            path = min(paths_of[decision.id] ^ said)
            return f"step {path} is not where decision {decision.seq} ({decision.name}) left it"
    return ""


def _finished(execution: Execution) -> Iterator[Row]:
    """Every link of the chain in order; what a restore cut out of it left out."""
    rows = Step.objects.filter(execution=execution, seq__lte=execution.head_seq).order_by("seq")
    controls = rows.filter(kind=DECISION).values_list("control", flat=True)
    cuts = list(filter(None, map(_cut, controls)))
    for row in stream(rows.annotate(**_TEXTS).values_list(*_COLUMNS, *_TEXTS)):
        values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=False))
        record = StepRecord(**values)
        cut_out = any(after < (record.seq or 0) < before for after, before in cuts)
        if record.status in FINISHED_STATUSES and not cut_out:
            yield record, row[len(_COLUMNS) :]


def _link(
    previous: str, record: StepRecord, texts: tuple[str | None, ...], journal_format: int
) -> str:
    if journal_format != FIRST_FORMAT:
        return link_of_row(previous, record, texts)
    for name, text in zip(STORED_AS_TEXT, texts, strict=True):
        setattr(record, name, read_json(text))
    return link(previous, record, journal_format)


def _cut(control: Any) -> tuple[int, int] | None:
    """Between which sequences a decision cut; what somebody changed cuts nothing, and its digest
    does not match.
    """
    cut = Decision(control).cut if isinstance(control, dict) else None
    if cut is None or not isinstance(cut.after, int) or not isinstance(cut.before, int):
        return None
    return cut.after, cut.before


def is_checkpoint(record: StepRecord) -> bool:
    """Whether one can go back to this step: it is finished, and it is no decision."""
    return record.kind != DECISION and record.status in PASSED_STATUSES
