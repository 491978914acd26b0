"""One run as a file for somebody else: without what people are not shown."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib.auth.models import User

from executions import audit, policy, showing, sight
from executions.errors import Refused
from executions.models import Execution
from executions.retention import archiving
from executions.retention.format import Writer

CONTENT_TYPE = "application/gzip"


def file_name(execution: Execution) -> str:
    return f"{execution.public_id}.jsonl.gz"


def export(execution: Execution, actor: User) -> bytes:
    """The run with its history, as an archive of one run, signed; ``stigmer import`` reads it.

    Secrets and their placeholders are shown as ``[secret NAME]``, and what the actor does not read
    as ``[masked]``. Raises Refused.
    """
    if not policy.can(actor, "view", execution):
        raise Refused("not_found", "There is no such execution.")
    if not policy.can(actor, "export", execution):
        raise Refused("forbidden", "Viewers look at runs; they take none with them.")
    with tempfile.TemporaryDirectory(prefix="stigmer-export-") as folder:
        path = Path(folder) / file_name(execution)
        with Writer(path) as writer:
            archiving.header(writer, "export")
            archiving.definitions(writer, [execution])
            with showing.masked(sight.mask_for(actor, execution)):
                archiving.add(writer, [execution], archiving.redacted)
            writer.seal()
        packed = path.read_bytes()
    audit.record("export", execution, actor, after={"bytes": len(packed)})
    return packed
