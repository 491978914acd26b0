"""Slugs: lower-case ASCII letters, digits and single hyphens."""

from __future__ import annotations

import re

from executions.errors import Refused

_LOOKS_LIKE_AN_ID = re.compile(r"^[a-z]{3,4}-[0-9a-hjkmnp-tv-z]{26}$")


def slug_of(name: str) -> str:
    """The slug of a name.

    Raises Refused where nothing is left, or what is left reads like a public id.
    """
    slug = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9-]", "", name.lower().replace(" ", "-"))).strip(
        "-"
    )
    if not slug:
        raise Refused(
            "invalid",
            f"The name {name!r} gives an empty slug.",
            remedy="Use at least one letter a to z or digit in it.",
        )
    if _LOOKS_LIKE_AN_ID.match(slug):
        raise Refused(
            "invalid",
            f"The name {name!r} gives the slug {slug}, which reads like an id.",
            remedy="Choose another name.",
        )
    return slug
