"""``--input``: an object from ``name=value`` pairs and from files, later ones winning over earlier
ones.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from executions.cli.exits import CommandError, ExitCode

FORMS = "name=value, @FILE (JSON or YAML 1.2), @- (standard input) or a JSON object"
# The server has limits of its own; these keep the command from filling this machine's memory.
LARGEST = {"max_bytes": 64 * 1024 * 1024, "max_depth": 200, "max_nodes": 2_000_000}


def read_input(texts: Sequence[str]) -> dict[str, Any] | None:
    """The value of ``--input``, each time it is given; None where it is not given at all.

    A value is read as JSON where it is JSON (``quantity=3``, ``express=true``), else as text
    (``sku=tea``); quotes make a text of what looks like a number (``code='"007"'``). Raises
    CommandError for what cannot be read.
    """
    if not texts:
        return None
    merged: dict[str, Any] = {}
    for text in texts:
        merged.update(_one(text))
    return merged


def read_value(text: str) -> Any:
    """A single value: ``@FILE``, JSON, or else the text itself."""
    return _document(text[1:]) if text.startswith("@") else _json_or_text(text)


def read_workspace(text: str) -> Any:
    """The workspace of a run: ``temporary``, ``none``, an object, or the name of a repository."""
    value = read_value(text)
    is_name = isinstance(value, str) and value not in ("temporary", "none", "")
    return {"git": {"repository": value}} if is_name else value


def _one(text: str) -> dict[str, Any]:
    if text.startswith("@"):
        return _object(_document(text[1:]), text)
    if text.lstrip().startswith("{"):
        try:
            return _object(_json(text), text)
        except ValueError as error:
            raise _unreadable(f"--input is not JSON: {error}.") from error
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise _unreadable(f"--input {text!r} names no value.")
    return {name: _json_or_text(value)}


def _json_or_text(text: str) -> Any:
    try:
        return _json(text)
    except ValueError:
        _refuse_half_characters(text, "--input")
        return text


class _OfPythonAlone(ValueError):
    """A constant that Python's reader takes for JSON and no other does."""


def _json(text: str) -> Any:
    """JSON as the standard has it. Raises ValueError where it is none."""

    def refuse(name: str) -> NoReturn:
        raise _OfPythonAlone(f"{name} is no JSON number")

    def number(digits: str) -> float:
        return float(digits) if math.isfinite(float(digits)) else refuse(digits[:40])

    try:
        value = json.loads(text, parse_constant=refuse, parse_float=number)
    except RecursionError:
        raise _OfPythonAlone("it is nested too deeply") from None
    if "\\u" in text or not text.isascii():
        # Half a character is JSON, and cannot be sent.
        _refuse_half_characters(json.dumps(value, ensure_ascii=False), "--input")
    return value


def _document(name: str) -> Any:
    """The value in a file: JSON, or else YAML 1.2. Raises CommandError where it is neither."""
    from executions.language import DefinitionError
    from executions.language.reading.yaml import Limits, read

    source = "standard input" if name == "-" else name
    text = _standard_input() if name == "-" else read_file(Path(name))
    try:
        # JSON first: it is YAML too, but for a few corners, and much quicker to read.
        return _json(text)
    except _OfPythonAlone as error:
        raise _unreadable(f"{source}: {error}.") from error
    except ValueError:
        pass
    try:
        return read(text, Limits(**LARGEST), only_what_all_read_alike=True).document
    except DefinitionError as error:
        raise _unreadable(f"{source}: {error.problems[0]}.") from error


def read_file(path: Path) -> str:
    """The text of a file. Raises CommandError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not a text in UTF-8.", code=ExitCode.USAGE) from error
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read: {error.strerror}.", code=ExitCode.USAGE
        ) from error


def _standard_input() -> str:
    try:
        return sys.stdin.read().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise CommandError("Standard input is not a text in UTF-8.", code=ExitCode.USAGE) from error


def _refuse_half_characters(text: str, source: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _unreadable(
            f"{source} holds half a character, or bytes that are no UTF-8."
        ) from error


def _object(value: Any, text: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unreadable(f"--input {text!r} is not an object.")
    return value


def _unreadable(message: str) -> CommandError:
    return CommandError(message, remedy=f"It reads {FORMS}.", code=ExitCode.USAGE)
