"""Secrets in the arguments of a tool: a model writes `{{secret:NAME}}`, and the value stands there
only where the tool is called. It is in no prompt and in no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from executions.secrets.places import PLACE


def names_in(arguments: Any) -> Iterator[str]:
    """The secrets that are named: each stands alone, never in a text beside other words."""
    if isinstance(arguments, str):
        if match := PLACE.fullmatch(arguments):
            yield match[1]
    elif isinstance(arguments, Mapping | list):
        parts = arguments.values() if isinstance(arguments, Mapping) else arguments
        for part in parts:
            yield from names_in(part)


def filled(arguments: Any, values: Mapping[str, str]) -> Any:
    """The arguments with these values in their places."""
    if isinstance(arguments, str):
        match = PLACE.fullmatch(arguments)
        return values.get(match[1], arguments) if match else arguments
    if isinstance(arguments, Mapping):
        return {name: filled(part, values) for name, part in arguments.items()}
    return (
        [filled(part, values) for part in arguments] if isinstance(arguments, list) else arguments
    )
