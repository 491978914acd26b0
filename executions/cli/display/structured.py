"""JSON and YAML of what the API said, for other programs: the fields of docs/api.md, none added,
none renamed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from executions.cli.formats import Format


def dump(value: Any, how: Format) -> str:
    """The value as text that ends with a line break."""
    if how == Format.JSON:
        return json.dumps(value, indent=2) + "\n"
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10**6)
    return text


def print_structured(value: Any, how: Format = Format.JSON) -> None:
    sys.stdout.write(dump(value, how))


def print_json_line(value: Any) -> None:
    """One line of a stream of JSON texts (RFC 8259 each), written at once."""
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
    sys.stdout.flush()
