"""Two runs side by side, and two moments of one run."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Length, Substr
from django.utils.translation import gettext as _

from dashboard import diff, values
from dashboard.values import SHOWN_CHARACTERS
from executions import policy
from executions.models import Execution, Step

MOST_STEPS = 1000
MOST_TOLD = 40
OFFERED = 20


@dataclass(frozen=True, slots=True)
class Side:
    """A step as one run holds it."""

    status: str
    lasted: timedelta | None
    attempts: int
    public_id: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One step in both runs; ``lines`` is how what it gave differs, where that is told."""

    path: str
    name: str
    kind: str
    left: Side | None
    right: Side | None
    gave_same: bool
    lines: Sequence[tuple[str, str]] = ()

    @property
    def is_same(self) -> bool:
        """Whether both did the same with the same end; how long it took does not count."""
        if self.left is None or self.right is None:
            return False
        return self.gave_same and self.left.status == self.right.status


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, step by step."""

    pairs: Sequence[Pair]
    is_cut: bool

    @property
    def different(self) -> int:
        return sum(not pair.is_same for pair in self.pairs)


def compared(left: Execution, right: Execution) -> Comparison:
    """The first steps of both, by their paths, in the order of the first run."""
    one, two = _steps(left), _steps(right)
    theirs = {step.path: step for step in two}
    ordered = [step.path for step in one] + [
        s.path for s in two if s.path not in {o.path for o in one}
    ]
    mine = {step.path: step for step in one}
    pairs: list[Pair] = []
    diffed = 0
    for path in ordered:
        a, b = mine.get(path), theirs.get(path)
        shown = a or b
        assert shown is not None
        same = _gave(a) == _gave(b)
        lines: Sequence[tuple[str, str]] = ()
        if a is not None and b is not None and not same and diffed < MOST_TOLD:
            lines, diffed = diff.lines(_text(a), _text(b)), diffed + 1
        pairs.append(Pair(path, shown.name, shown.kind, _side(a), _side(b), same, lines))
    return Comparison(pairs, len(one) >= MOST_STEPS or len(two) >= MOST_STEPS)


def offered(user: policy.Person, execution: Execution) -> list[Execution]:
    """Runs that one may want to compare it with: its family of forks, then the newest of the same
    workflow.
    """
    rows = policy.visible_executions(user).exclude(pk=execution.pk)
    rows = rows.only("id", "kind", "name", "phase", "created_at", "forked_from")
    near = rows.filter(forked_from=execution.pk)
    if execution.forked_from_id is not None:
        near |= rows.filter(pk=execution.forked_from_id)
    same = rows.filter(workflow=execution.workflow_id).order_by("-id")[:OFFERED]
    by_key = {row.pk: row for row in [*near.order_by("-id")[:OFFERED], *same]}
    return list(by_key.values())[:OFFERED]


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of a run at a checkpoint: the step's output, and the context that stood then."""

    seq: int
    name: str
    at: datetime | None
    output: str
    context: str
    is_cut: bool


def moment(execution: Execution, seq: int) -> Moment | None:
    """The run at the finished step with this seq (0: its input); None where there is none."""
    if seq == 0:
        text = execution.input
        return Moment(0, _("The beginning"), execution.started_at, values.pretty(text), "", False)
    steps = Step.objects.filter(execution=execution).tasks()
    step = _read(steps.filter(seq=seq)).first()
    if step is None:
        return None
    exported = steps.filter(seq__lte=seq, context__isnull=False).order_by("-seq")
    last = exported.values_list("context", flat=True).first()
    value = last.get("value") if isinstance(last, dict) else last
    context = "" if last is None else values.pretty(value)[:SHOWN_CHARACTERS]
    return Moment(seq, step.name, step.finished_at, _text(step), context, _is_cut(step))


def output_of(execution_id: uuid.UUID, seq: int) -> values.Shown | None:
    """The output of a checkpoint, as text to be edited; None where there is none."""
    step = _read(Step.objects.filter(execution_id=execution_id, seq=seq).tasks()).first()
    return None if step is None else _json(step)


def _steps(execution: Execution) -> list[Step]:
    rows = Step.objects.filter(execution=execution.pk).standing().tasks()
    return list(_read(rows).order_by("id")[:MOST_STEPS])


def _read(rows: QuerySet[Step]) -> QuerySet[Step]:
    text = Substr(F("output"), 1, SHOWN_CHARACTERS + 1, output_field=TextField())
    rows = rows.defer("input", "arguments", "output", "context", "error", "control")
    length = Length(F("output"), output_field=None)
    return rows.annotate(output_text=text, output_length=length)


def _gave(step: Step | None) -> tuple[object, object]:
    return (getattr(step, "output_text", None), getattr(step, "output_length", None))


def _is_cut(step: Step) -> bool:
    return len(getattr(step, "output_text", None) or "") > SHOWN_CHARACTERS


def _json(step: Step) -> values.Shown:
    stored = getattr(step, "output_text", None)
    if stored is None or _is_cut(step):
        return values.Shown("", is_cut=stored is not None)
    return values.Shown(values.pretty_text(stored))


def _text(step: Step) -> str:
    stored = getattr(step, "output_text", None) or "null"
    return values.plain(stored) if _is_cut(step) else values.pretty_text(stored)


def _side(step: Step | None) -> Side | None:
    if step is None:
        return None
    is_timed = step.started_at is not None and step.finished_at is not None
    lasted = step.finished_at - step.started_at if is_timed else None  # type: ignore[operator]
    return Side(step.status, lasted, step.attempt, step.public_id)
