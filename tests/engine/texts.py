"""Tasks of workflows, short enough for a line of a test."""

from __future__ import annotations

import json
from typing import Any


def call(function: str, more: str = "", **arguments: Any) -> str:
    """A ``call: python``; ``more`` are further keys of the task, as YAML."""
    return "{call: python, with: {function: %s, arguments: %s}%s}" % (
        f"tests.{function}",
        json.dumps(arguments),
        f", {more}" if more else "",
    )


def get(url: str, more: str = "") -> str:
    return "{call: http, with: {method: get, endpoint: '%s'}%s}" % (url, f", {more}" if more else "")


def tasks(**named: str) -> str:
    return "do: " + listed(**named) + "\n"


def listed(**named: str) -> str:
    return "[" + ", ".join(f"{{{name}: {body}}}" for name, body in named.items()) + "]"
