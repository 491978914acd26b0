"""One verb for several executions: each is asked for by itself, and each says what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from executions.errors import Refused
from executions.ids import parse_public_id
from executions.models import Execution
from executions.verbs.calls import press
from executions.verbs.row import Verb
from executions.verbs.rows import VERBS as ROWS

MOST = 100
VERBS = tuple(verb for verb in ROWS.values() if verb.in_bulk)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row as it was checked: the execution and the sequence at which the page had shown it."""

    execution_id: uuid.UUID
    seq: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one row. ``refusal`` is empty where it was done."""

    execution: Execution
    refusal: str = ""
    remedy: str = ""


def chosen(values: Iterable[str]) -> list[Chosen]:
    """``wex-…@17`` each; what cannot be read, and what comes twice, is left out."""
    found: dict[uuid.UUID, Chosen] = {}
    for value in values:
        name, _, seq = value.partition("@")
        execution_id = parse_public_id(name, "wex", "aex")
        if execution_id is not None and seq.isascii() and seq.isdigit() and len(seq) < 19:
            found.setdefault(execution_id, Chosen(execution_id, int(seq), value))
    return list(found.values())


def act(
    verb: Verb, rows: Sequence[Chosen], visible: Mapping[uuid.UUID, Execution], actor: User
) -> list[Result]:
    """Do ``verb`` for each row that ``actor`` may see, in order; a refusal stops none of the
    others.
    """
    results = []
    for row in rows:
        execution = visible.get(row.execution_id)
        if execution is None:
            continue
        try:
            press(verb, row.execution_id, actor, {}, shown_seq=row.seq, expected_seq=row.seq)
        except Refused as refused:
            results.append(Result(execution, refused.message, refused.remedy))
        else:
            results.append(Result(execution))
    return results
