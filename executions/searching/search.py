"""The filters of a list of executions. `ExecutionQuerySet.matching` says what each of them
means.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from executions.ids import parse_public_id

ME = "me"
ATTENTION = "attention"
# A search by words looks through so many executions at a time; the next page goes on from there.
SEARCHED = 10_000


@dataclass(frozen=True, slots=True)
class Search:
    """An empty value is no filter; all filters that are given have to fit.

    ``schedule`` is a name or a public id: the runs that it started.

    ``workflow``, ``agent`` and ``subject`` (either of the two) are a slug or a public id. ``owner``
    is a user name, or ``me`` for whoever asks. A label without a value asks for its key alone.
    """

    kind: str = ""
    phases: tuple[str, ...] = ()
    needs_attention: bool | None = None
    workflow: str = ""
    agent: str = ""
    subject: str = ""
    session: uuid.UUID | None = None
    parent: uuid.UUID | None = None
    owner: str = ""
    correlation_id: str = ""
    step: str = ""
    cause: str = ""
    schedule: str = ""
    labels: tuple[tuple[str, str | None], ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    text: str = ""

    def reads_each_row(self) -> bool:
        """Whether no index answers it: words are looked for inside of texts."""
        is_id = parse_public_id(self.text.strip(), "wex", "aex") is not None
        return bool(self.step or (self.text and not is_id))
