"""Makes the workspace of a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from executions import blobs, sandbox
from executions.calls import output, sandboxed
from executions.calls.context import StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.calls.workspace import git, repositories
from executions.errors import WorkflowError
from executions.mind.heard import Heard
from executions.sandbox import Limits, Place, Spoiled, Standing
from executions.sandbox.places import remove

Json = Any


def run(arguments: Mapping[str, Json], context: StepContext) -> Outcome:
    """Make the folder that the context names, from nothing: what a broken attempt left goes.

    The output is its ``path`` and, of a clone, ``repository``, ``branch`` and ``commit``.
    """
    resources, limits = context.resources, context.limits
    if resources.get("made") is not None:
        return Done(resources["made"])
    if not limits["is_on"]:
        return _fail(
            "configuration", "Commands are turned off on this server (STIGMER_COMMANDS_MAY=off)."
        )
    context.audience.begin()
    try:
        return _made(arguments, context)
    except (repositories.NotAllowed, git.GitFailed) as problem:
        may_pass = getattr(problem, "may_pass", False)
        return _fail("communication" if may_pass else "configuration", str(problem), may_pass)
    except Spoiled as problem:
        return _fail("runtime", f"{problem}.", may_pass=True)
    except OSError as problem:
        detail = f"The workspace could not be made: {problem.strerror or problem}."
        return _fail("runtime", detail, may_pass=True)
    finally:
        context.audience.end()


def _made(arguments: Mapping[str, Json], context: StepContext) -> Outcome:
    limits, resources = context.limits, context.resources
    folder, hidden = Path(limits["folder"]), [Path(limits["hidden"])]
    standing = sandbox.standing(folder, hidden)
    if refusal := standing.refused(limits["may"]):
        return _fail("configuration", refusal)
    if full := _is_full(folder, limits, resources["used_bytes"], resources["most_bytes"]):
        return _fail("runtime", full, may_pass=True)
    place = Place(folder / resources["name"])
    remove(place.folder)
    try:
        return _filled(arguments, context, place, standing)
    except BaseException:
        # It may be what fills the disk.
        remove(place.folder)
        raise


def _filled(
    arguments: Mapping[str, Json], context: StepContext, place: Place, standing: Standing
) -> Outcome:
    """Raises what :func:`run` makes a failure of."""
    limits, resources = context.limits, context.resources
    folder, hidden = Path(limits["folder"]), [Path(limits["hidden"])]
    place.make()
    note = resources.get("note")
    made: dict[str, Json] = {"path": resources["path"]} | ({"note": note} if note else {})
    if arguments.get("repository"):
        git_sandbox = git.Sandbox(
            folder,
            standing,
            hidden,
            Limits(limits["memory_bytes"], limits["disk_bytes"]),
            context.deadline,
            context.cancellation,
            lambda text: context.audience.hear(Heard(output.plain(text), pieces=1)),
            resources.get("password") or "",
        )
        made |= _cloned(arguments, context, place, git_sandbox)
    return Done(made)


def _cloned(
    arguments: Mapping[str, Json], context: StepContext, place: Place, git_sandbox: git.Sandbox
) -> dict[str, Json]:
    limits = context.limits
    name = str(arguments["repository"])
    repository = repositories.find(name, limits["repositories"], limits["git_hosts"])
    git.program()
    mirror, again = git.fetch(repository, git_sandbox), context.resources.get("again") or {}
    base = again.get("commit") or arguments.get("base")
    commit = git.commit_of(mirror, base, git_sandbox, repository)
    branch = arguments.get("branch") or f"stigmer/{context.execution_id}"
    saved = _saved(again["digest"], place, limits) if again.get("digest") else ""
    git.clone(mirror, commit, branch, place, git_sandbox, saved)
    place.clear()
    made = {"repository": name, "branch": branch, "commit": commit, "mirror": mirror.name}
    return made | ({"madeAgainFrom": again["saved_commit"] or commit} if again else {})


def _saved(digest: str, place: Place, limits: Mapping[str, Json]) -> str:
    """The name of the file, in the sandbox, with the stored work of the workspace.

    Raises git.GitFailed where it is not there: going on without it would lose work unsaid.
    """
    try:
        with (
            blobs.at(limits["artifacts"]).open(digest) as file,
            (place.script / git.SAVED).open("wb") as copy,
        ):
            shutil.copyfileobj(file, copy)
    except FileNotFoundError as missing:
        raise git.GitFailed(
            "The stored work of the workspace cannot be read here: the hosts have to share the"
            " artifacts (STIGMER_ARTIFACTS, docs/workspaces.md). Start a worker on the host"
            " that made it, or restore the run to its beginning."
        ) from missing
    return git.SAVED


def _is_full(folder: Path, limits: Mapping[str, Json], used: int, most: int) -> str:
    """Why there is no room for another workspace; empty where there is."""
    if used > most:
        return (
            f"The workspaces take {used // 2**20:,} MiB of {most // 2**20:,} MiB"
            " (25 times STIGMER_WORKSPACE_BYTES): `stigmer workspaces clean` removes what is kept"
            " no longer."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(folder).free
    if free < sandboxed.FREE_BYTES:
        name = os.fspath(folder)
        return f"The disk of {name} has {free // 2**20:,} MiB left: too few for a workspace."
    return ""


def _fail(kind: str, detail: str, may_pass: bool = False) -> Fail:
    error = WorkflowError.standard(kind, detail)
    return Fail(error, transient=may_pass, rule="no workspace", effect_possible=False)
