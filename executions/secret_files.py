"""The sources of secrets: a YAML or JSON file, a folder with a file for each, and the environment.

Whose they are stands beside them: under ``$access`` in the file, in a folder in the file
``.access``. Both speak for secrets of the environment too::

    $access:
      shopToken: {owners: [ann], groups: [billing], workflows: [order], hosts: [api.shop.example]}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from executions.errors import StigmerError
from executions.hosts import Hosts
from executions.secrets import Rule, why_not_searched
from executions.secrets.texts import flat

PREFIX = "STIGMER_SECRET_"
ACCESS, ACCESS_FILE = "$access", ".access"
_FILE = "the secrets file"
_WHO = ("owners", "groups", "workflows")
_WHERE = ("hosts", "functions")
_FOR_EVERYBODY = 0o007


class SecretsUnreadable(StigmerError):
    """The configured secrets cannot be used; the message says which file, why, and what to do.

    It shows no value.
    """


def load_secrets(path: Path | None, environment: Mapping[str, str]) -> dict[str, Any]:
    """All secrets by name: those of ``path`` (a YAML or JSON file with one object, or a folder in
    which each file is one secret), then those of variables named ``STIGMER_SECRET_<NAME>``, which
    win. Raises :class:`SecretsUnreadable`.
    """
    by_name: dict[str, Any] = {}
    if path is not None:
        by_name.update(_from_folder(path) if path.is_dir() else _object_in(path, _FILE))
        by_name.pop(ACCESS, None)
        _ensure_texts(by_name, path, "")
    for variable, value in environment.items():
        if variable.startswith(PREFIX) and variable != PREFIX:
            by_name[variable.removeprefix(PREFIX)] = value
    return by_name


def load_rules(path: Path | None) -> dict[str, Rule]:
    """Whose the secrets are, by name: what the secrets file says under ``$access``, or the file
    ``.access`` of the folder. Raises :class:`SecretsUnreadable`.
    """
    if path is None:
        return {}
    if not path.is_dir():
        return _rules(_object_in(path, _FILE).get(ACCESS), path, f"{ACCESS}.")
    access = path / ACCESS_FILE
    if not access.exists():
        return {}
    return _rules(_object_in(access, "the file", check_mode=_is_open(path)), access, "")


def not_searched(values: Mapping[str, Any]) -> dict[str, str]:
    """The secrets, by name, that are not searched for in what is shown, and why."""
    reasons = {name: why_not_searched(text) for name, text in flat(values).items()}
    return {name: reason for name, reason in reasons.items() if reason}


def _rules(content: Any, path: Path, parent: str) -> dict[str, Rule]:
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SecretsUnreadable(
            f"in {path}, {parent.rstrip('.')} has to be an object with a rule for each secret"
        )
    return {str(name): _rule(rule, path, f"{parent}{name}") for name, rule in content.items()}


def _rule(content: Any, path: Path, place: str) -> Rule:
    if not isinstance(content, dict) or not content.keys() <= {*_WHO, *_WHERE}:
        allowed = ", ".join((*_WHO, *_WHERE))
        raise SecretsUnreadable(
            f"in {path}, {place} has to be an object with some of these lists: {allowed}"
        )
    lists: dict[str, frozenset[str]] = {}
    for key, value in content.items():
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SecretsUnreadable(f"in {path}, {place}.{key} has to be a list of texts")
        lists[key] = frozenset(value)
    try:
        hosts = (
            Hosts.from_entries(sorted(lists["hosts"]), domains=True) if "hosts" in lists else None
        )
    except ValueError as error:
        raise SecretsUnreadable(f"in {path}, {place}.hosts: {error}") from None
    owners, groups, workflows = (lists.get(key, frozenset()) for key in _WHO)
    return Rule(owners, groups, workflows, hosts, lists.get("functions"))


def _object_in(path: Path, what: str, *, check_mode: bool = True) -> dict[str, Any]:
    text = _read(path, check_mode=check_mode)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        # The parser's own message quotes the line, and with it a secret.
        raise SecretsUnreadable(f"{what} {path} is not valid YAML or JSON{where}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SecretsUnreadable(
            f"{what} {path} has to hold one object: `name: value` for each secret"
        )
    return content


def _from_folder(path: Path) -> dict[str, Any]:
    is_open = _is_open(path)
    files = sorted(
        entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith(".")
    )
    return {entry.name: _read(entry, check_mode=is_open).removesuffix("\n") for entry in files}


def _is_open(folder: Path) -> bool:
    """Whether others may enter it, so that the mode of each file in it counts."""
    return bool(folder.stat().st_mode & _FOR_EVERYBODY)


def _read(path: Path, *, check_mode: bool) -> str:
    try:
        mode = path.stat().st_mode
        if check_mode and mode & _FOR_EVERYBODY:
            raise SecretsUnreadable(
                f"the secrets file {path} is open to everybody (mode {mode & 0o777:o}); run: chmod"
                f" 600 {path}"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretsUnreadable(
            f"the secrets file {path} cannot be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise SecretsUnreadable(f"the secrets file {path} is not UTF-8 text") from None


def _ensure_texts(content: dict[Any, Any], path: Path, parent: str) -> None:
    for key, value in content.items():
        name = f"{parent}{key}"
        if not isinstance(key, str):
            raise SecretsUnreadable(
                f"in the secrets file {path} the name {name} is not a text; put it in quotes"
            )
        if isinstance(value, dict):
            _ensure_texts(value, path, f"{name}.")
        elif not isinstance(value, str):
            raise SecretsUnreadable(
                f"in the secrets file {path} the value of {name} is a {type(value).__name__}, not a"
                " text or an object of texts; put it in quotes"
            )
