"""The links of the chain: what the digest of a finished step covers, by the format of its journal.

Format 1: the canonical JSON of the step's values. Format 2: the texts that stand in the row, as
they are. Nothing is written a second time to be hashed, a verification parses nothing, and a number
of any size is covered digit by digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from executions.journal.records import StepRecord
from executions.values import digest, digest_of_texts

FIRST_FORMAT = 1
# Beside the texts, the columns that a digest of format 2 covers, in this order.
HASHED = ("path", "name", "kind", "status", "generation", "optional")


def link(previous: str, record: StepRecord, journal_format: int) -> str:
    """The digest of a finished step after ``previous``; whoever writes the step later writes
    ``record.texts``.
    """
    if journal_format == FIRST_FORMAT:
        return digest(previous, chained(record))
    record.texts = record.as_texts()
    # They stand in the order of STORED_AS_TEXT.
    return digest_of_texts(previous, (*_of_columns(record), *record.texts.values()))


def link_of_row(previous: str, record: StepRecord, texts: Iterable[str | None]) -> str:
    """The digest (of format 2 and later) of a step as it was read; ``texts`` are its columns
    STORED_AS_TEXT.
    """
    return digest_of_texts(previous, (*_of_columns(record), *texts))


def _of_columns(record: StepRecord) -> tuple[str, ...]:
    optional = "optional" if record.optional else ""
    return (
        record.path,
        record.name,
        record.kind,
        str(record.status),
        str(record.generation),
        optional,
    )


def chained(record: StepRecord) -> dict[str, Any]:
    """The fields that the digest of a step covers in format 1."""
    return {
        "path": record.path,
        "kind": record.kind,
        "status": str(record.status),
        "generation": record.generation,
        "input": record.input,
        "arguments": record.arguments,
        "output": record.output,
        "context": record.context,
        "error": record.error,
        "control": record.control,
    }
