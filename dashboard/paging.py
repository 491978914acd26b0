"""Public ids in addresses."""

from __future__ import annotations

import uuid

from django.http import Http404

from executions.ids import parse_public_id


def id_or_404(text: str, prefix: str) -> uuid.UUID:
    """The UUID behind a public id; a text that is none gets the same answer as an unknown id."""
    found = parse_public_id(text, prefix)
    if found is None:
        raise Http404
    return found


def cursor(text: str | None, prefix: str) -> uuid.UUID | None:
    """Where a page begins; anything that is no cursor means the first page."""
    return parse_public_id(text, prefix) if text else None
