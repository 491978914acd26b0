"""Where secrets come from: a YAML or JSON file, a folder with a file for each, and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from executions.errors import StigmerError

PREFIX = "STIGMER_SECRET_"
_FOR_EVERYBODY = 0o007


class SecretsUnreadable(StigmerError):
    """The configured secrets cannot be used; the message says which file, why, and what to do. It shows no value."""


def load_secrets(path: Path | None, environment: Mapping[str, str]) -> dict[str, Any]:
    """All secrets by name: those of ``path`` (a YAML or JSON file with one object, or a folder in which each file is
    one secret), then those of variables named ``STIGMER_SECRET_<NAME>``, which win. Raises :class:`SecretsUnreadable`.
    """
    found: dict[str, Any] = {}
    if path is not None:
        found.update(_from_folder(path) if path.is_dir() else _from_file(path))
    for variable, value in environment.items():
        if variable.startswith(PREFIX) and variable != PREFIX:
            found[variable.removeprefix(PREFIX)] = value
    return found


def _from_file(path: Path) -> dict[str, Any]:
    text = _read(path, check_mode=True)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        # The parser's own message quotes the line, and with it a secret.
        raise SecretsUnreadable(f"the secrets file {path} is not valid YAML or JSON{where}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SecretsUnreadable(f"the secrets file {path} has to hold one object: `name: value` for each secret")
    _ensure_texts(content, path, "")
    return content


def _from_folder(path: Path) -> dict[str, Any]:
    is_open = bool(path.stat().st_mode & _FOR_EVERYBODY)
    files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    return {entry.name: _read(entry, check_mode=is_open).removesuffix("\n") for entry in files}


def _read(path: Path, *, check_mode: bool) -> str:
    try:
        mode = path.stat().st_mode
        if check_mode and mode & _FOR_EVERYBODY:
            raise SecretsUnreadable(
                f"the secrets file {path} is open to everybody (mode {mode & 0o777:o}); run: chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretsUnreadable(f"the secrets file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretsUnreadable(f"the secrets file {path} is not UTF-8 text") from None


def _ensure_texts(content: dict[Any, Any], path: Path, parent: str) -> None:
    for key, value in content.items():
        name = f"{parent}{key}"
        if not isinstance(key, str):
            raise SecretsUnreadable(f"in the secrets file {path} the name {name} is not a text; put it in quotes")
        if isinstance(value, dict):
            _ensure_texts(value, path, f"{name}.")
        elif not isinstance(value, str):
            raise SecretsUnreadable(
                f"in the secrets file {path} the value of {name} is a {type(value).__name__}, not a text or an object"
                " of texts; put it in quotes"
            )
