"""The folder in which a run works: the part of the form that starts it, for workflows and agents
that run commands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from executions.workspaces.grants import runs_commands

_GIT = "git "


@dataclass(frozen=True, slots=True)
class WorkspaceChoice:
    """``options`` are values with labels; ``value`` is the chosen one, ``base`` where a repository
    begins.
    """

    options: tuple[tuple[str, str], ...]
    value: str = ""
    base: str = ""


def choice_for(
    document: Mapping[str, Any], sent: Mapping[str, str], like: Any = None
) -> WorkspaceChoice | None:
    """The choice as it was sent, else as in the run that this one shall be ``like``; None for a
    definition that runs no commands.
    """
    if not runs_commands(dict(document)):
        return None
    git = like.get("git") or {} if isinstance(like, dict) else {}
    own = f"{_GIT}{git['repository']}" if git else like if isinstance(like, str) else ""
    value = sent.get("workspace", own)
    options = tuple(_options(document.get("workspace")))
    offered = {each for each, _label in options}
    if own and own not in offered:
        options = (*options, (own, own))
    return WorkspaceChoice(options, value, sent.get("base", str(git.get("base") or "")))


def read(sent: Mapping[str, str]) -> Any:
    """The workspace that was chosen; None where the definition's counts."""
    value, base = sent.get("workspace", ""), sent.get("base", "").strip()
    if value.startswith(_GIT):
        git = {"repository": value.removeprefix(_GIT)}
        return {"git": git | ({"base": base} if base else {})}
    return value or None


def _options(defined: Any) -> Iterator[tuple[str, str]]:
    git = defined.get("git") if isinstance(defined, dict) else None
    if isinstance(git, dict):
        word = _("the repository {name}").format(name=git.get("repository"))
    else:
        word = _("none") if defined in (None, "none") else _("a temporary folder")
    yield "", _("As the definition says: {word}").format(word=word)
    yield "none", _("None: each command has a folder of its own")
    yield "temporary", _("A temporary folder")
    for name in sorted(settings.STIGMER_REPOSITORIES):
        yield f"{_GIT}{name}", _("The repository {name}").format(name=name)
