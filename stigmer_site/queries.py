"""The query of an address that is a setting, as in ``smtp://host?from=me@example.org``."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.core.exceptions import ImproperlyConfigured


def options(setting: str, query: str, allowed: frozenset[str]) -> dict[str, str]:
    """The options of the query, by name.

    Raises ImproperlyConfigured for what is not ``allowed``; it is not shown, as it may be the rest
    of a password with a question mark.
    """
    said = dict(parse_qsl(query, keep_blank_values=True))
    if said.keys() - allowed or (query and not said):
        raise ImproperlyConfigured(
            f"What follows `?` in {setting} may say {' and '.join(sorted(allowed))}, no more; a"
            " question mark elsewhere is written %3F."
        )
    return said
