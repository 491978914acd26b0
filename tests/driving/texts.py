"""Tasks of workflows, short enough for a line of a test."""

from __future__ import annotations

import json
from typing import Any


def call(function: str, more: str = "", **arguments: Any) -> str:
    """A ``call: python``; ``more`` are further keys of the task, as YAML."""
    rest = f", {more}" if more else ""
    return (
        f"{{call: python, with: {{function: tests.{function}, arguments:"
        f" {json.dumps(arguments)}}}{rest}}}"
    )


def get(url: str, more: str = "") -> str:
    rest = f", {more}" if more else ""
    return f"{{call: http, with: {{method: get, endpoint: '{url}'}}{rest}}}"


def tasks(**named: str) -> str:
    return "do: " + listed(**named) + "\n"


def listed(**named: str) -> str:
    return "[" + ", ".join(f"{{{name}: {body}}}" for name, body in named.items()) + "]"
