"""``--input``: an object from ``name=value`` pairs and from files, later ones winning over earlier ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from executions.cli.exits import CommandError, ExitCode

FORMS = "name=value, @FILE (JSON or YAML), @- (standard input) or a JSON object"


def read_input(given: Sequence[str]) -> dict[str, Any] | None:
    """What ``--input`` says, each time it is given; None where it is not given at all.

    A value is read as JSON where it is JSON (``quantity=3``, ``express=true``), else as text (``sku=tea``); quotes make
    a text of what looks like a number (``code='"007"'``). Raises CommandError for what cannot be read.
    """
    if not given:
        return None
    merged: dict[str, Any] = {}
    for text in given:
        merged.update(_one(text))
    return merged


def read_value(text: str) -> Any:
    """A single value: ``@FILE``, JSON, or else the text itself."""
    return _document(text[1:]) if text.startswith("@") else _json_or_text(text)


def _one(text: str) -> dict[str, Any]:
    if text.startswith("@"):
        return _object(_document(text[1:]), text)
    if text.lstrip().startswith("{"):
        try:
            return _object(json.loads(text), text)
        except ValueError as error:
            raise _unreadable(f"--input is not JSON: {error}.") from error
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise _unreadable(f"--input {text!r} names no value.")
    return {name: _json_or_text(value)}


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _document(name: str) -> Any:
    import yaml

    text = sys.stdin.read() if name == "-" else read_file(Path(name))
    try:
        # JSON first: it is YAML too, but for a few corners, and much quicker to read.
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _unreadable(f"{name} is neither JSON nor YAML: {' '.join(str(error).split())}.") from error


def read_file(path: Path) -> str:
    """The text of a file. Raises CommandError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not a text in UTF-8.", code=ExitCode.USAGE) from error
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", code=ExitCode.USAGE) from error


def _object(value: Any, text: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unreadable(f"--input {text!r} is not an object.")
    return value


def _unreadable(message: str) -> CommandError:
    return CommandError(message, remedy=f"It reads {FORMS}.", code=ExitCode.USAGE)
