"""Public ids in addresses."""

from __future__ import annotations

import uuid

from django.http import Http404

from executions.ids import parse_public_id

# Executions of workflows and of agents are one table and one page.
EXECUTION = ("wex", "aex")


def id_or_404(text: str, *prefixes: str) -> uuid.UUID:
    """The UUID behind a public id; a text that is none gets the same answer as an unknown id."""
    key = parse_public_id(text, *prefixes)
    if key is None:
        raise Http404
    return key


def cursor(text: str | None, *prefixes: str) -> uuid.UUID | None:
    """The row at which a page begins; anything that is no cursor means the first page."""
    return parse_public_id(text, *prefixes) if text else None
