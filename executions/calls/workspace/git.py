"""Git: the mirror of a repository, which only the worker touches, and the clone of a run, which is
touched in the sandbox only. A clone's own settings, hooks and filters are programs of others.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from executions import sandbox
from executions.calls.workspace.pinning import NoAddress, pinned
from executions.calls.workspace.repositories import Repository
from executions.errors import StigmerError
from executions.sandbox import Command, Ended, Limits, Place, Spoiled, Standing, Why
from executions.sandbox.places import passing, remove
from executions.sandbox.running import Clock, Stopping
from executions.sandbox.walls import PATH, SCRIPT_INSIDE, bare

MIRROR_INSIDE = "/mirror"
# Of the folder of all workspaces: the one that is no run's.
MIRRORS = "mirrors"
_LOCK_SECONDS = 0.05
# Of what the operator's own environment says, what a fetch needs.
_SEEN = (
    *("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"),
    *("SSL_CERT_FILE", "GIT_SSL_CAINFO", "SSH_AUTH_SOCK"),
)
QUIET = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}
AUTHOR = {
    "GIT_AUTHOR_NAME": "Stigmer run",
    "GIT_AUTHOR_EMAIL": "run@localhost",
    "GIT_COMMITTER_NAME": "Stigmer run",
    "GIT_COMMITTER_EMAIL": "run@localhost",
}
_FETCH = (
    *("-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false"),
    *("-c", "http.followRedirects=false", "-c", "fetch.fsckObjects=true"),
    *("-c", "safe.directory=*", "-c", "protocol.version=2"),
)
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+HEAD:refs/stigmer/head")


class GitFailed(StigmerError):
    """Git did not do what it was asked; ``may_pass``: trying again may help."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How commands are run for a workspace: the ground on which places are, what holds here, what
    is hidden, the limits, the time that is left, who may stop it, and who hears.
    """

    folder: Path
    standing: Standing
    hidden: Sequence[Path]
    limits: Limits
    deadline: Clock
    stopping: Stopping | None = None
    heard: Callable[[str], None] = lambda text: None
    # The password with which a private repository is fetched.
    password: str = ""

    def run(self, command: Command, place: Place) -> Ended:
        """Raises sandbox.Spoiled."""
        start = self.standing.start(command, place, self.hidden)
        return sandbox.run(
            command,
            place,
            start,
            self.limits,
            deadline=self.deadline,
            stopping=self.stopping,
            heard=self.heard,
        )


def program() -> str:
    """Raises GitFailed."""
    path = shutil.which("git", path=PATH)
    if path is None:
        raise GitFailed(f"git is not installed on this worker ({PATH}).")
    return path


def mirror_in(folder: Path, name: str) -> Path:
    """The folder of the mirror of this name, below that of all workspaces."""
    return folder / MIRRORS / name


def fetch(repository: Repository, git_sandbox: Sandbox) -> Path:
    """Bring the mirror up to date; where it is.

    A thread that waited for another fetch of the same repository has what that one brought. Raises
    GitFailed, NotAllowed, OSError and sandbox.Spoiled.
    """
    try:
        bound = pinned(repository)
    except NoAddress as problem:
        raise GitFailed(str(problem), may_pass=True) from problem
    mirror = mirror_in(git_sandbox.folder, repository.folder)
    mirror.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    asked_at, stamp = time.time(), mirror / "stigmer-fetched"
    late = "Another run fetches the repository for too long."
    with locked(mirror.with_suffix(".lock"), git_sandbox.deadline, late):
        if stamp.exists() and stamp.stat().st_mtime > asked_at:
            return mirror
        _clear(mirror)
        if not (mirror / "HEAD").exists():
            new = mirror.with_suffix(".new")
            remove(new)
            _outside(["init", "-q", "--bare", "--template=", str(new)], repository, git_sandbox)
            remove(mirror)
            new.rename(mirror)
        command = ["--git-dir", str(mirror), *_FETCH, *bound, "fetch", "-q", "--prune"]
        target = [
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            repository.address,
        ]
        try:
            _outside([*command, *target, *_REFS], repository, git_sandbox)
            stamp.touch()
        except (GitFailed, Spoiled, OSError):
            _clear(mirror)
            raise
    return mirror


def _clear(mirror: Path) -> None:
    """Remove what a git that was killed, or found the disk full, has left in the mirror: nobody
    else is in it while its lock is held, and git itself removes none of it. Raises OSError.
    """
    objects = mirror / "objects"
    for parent, _, names in os.walk(mirror):
        is_of_objects = Path(parent).is_relative_to(objects)
        for name in names:
            if name.endswith(".lock") or (is_of_objects and name.startswith("tmp_")):
                os.unlink(os.path.join(parent, name))


def commit_of(mirror: Path, base: str | None, git_sandbox: Sandbox, repository: Repository) -> str:
    """The commit at which a run begins. Raises GitFailed and sandbox.Spoiled."""
    candidates = (
        [f"refs/heads/{base}", f"refs/tags/{base}", base] if base else ["refs/stigmer/head"]
    )
    for name in candidates:
        arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
        ended = _run(["--git-dir", str(mirror), *arguments], repository, git_sandbox)
        if ended.code == 0:
            return ended.stdout.strip()
    raise GitFailed(f"The repository {repository.name} has no branch, tag or commit {base!r}.")


def clone(
    mirror: Path, commit: str, branch: str, place: Place, git_sandbox: Sandbox, saved: str = ""
) -> None:
    """Fill the work folder: it borrows the objects of the mirror, which it can only read.

    ``saved`` is the name of a bundle in the place's folder of scripts: what that was made of is
    there again, its commits on the branch, the rest not committed.

    Raises GitFailed and sandbox.Spoiled.
    """
    script = (
        'set -e; git init -q --template= .; printf "%s\\n" "$3" > .git/objects/info/alternates;'
        ' git config gc.auto 0; git config user.name "$GIT_AUTHOR_NAME";'
        ' git config user.email "$GIT_AUTHOR_EMAIL"; fail() { printf "%s\\n" "$1" >&2; exit 1; };'
        ' said=$(git checkout -q -b "$1" "$2" 2>&1) || fail "$said";'
        # It calls itself successful where it could not write a file whole.
        ' case "$said" in *"error: "*) fail "$said";; esac'
    )
    argv = ["/bin/sh", "-c", script, "sh", branch, commit, f"{MIRROR_INSIDE}/objects"]
    if saved:
        argv[2] += _AS_SAVED
        argv.append(f"{SCRIPT_INSIDE}/{saved}")
    ended = git_sandbox.run(Command(argv, QUIET | AUTHOR, "", {str(mirror): MIRROR_INSIDE}), place)
    if ended.code != 0:
        raise GitFailed(f"The clone could not be made: {_said(ended)}", may_pass=_is_late(ended))


SAVED = "saved.bundle"
# The last commit of the bundle holds what was not committed; its parent is where the run stood.
_AS_SAVED = """
git fetch -q --no-tags "$4" "+refs/stigmer/*:refs/stigmer/*"
saved=$(git for-each-ref --format="%(objectname) %(refname)" refs/stigmer/)
git reset -q --hard "${saved%% *}"
git reset -q --mixed "${saved%% *}^"
git update-ref -d "${saved#* }"
"""
_SAVE = """
set -e
export GIT_INDEX_FILE="$TMPDIR/saved-index"
[ ! -f .git/index ] || cp .git/index "$GIT_INDEX_FILE"
head=$(git rev-parse HEAD)
git add -A
saved=$(git commit-tree "$(git write-tree)" -p "$head" -m "Stored between two commands")
git update-ref "refs/stigmer/$2" "$saved"
git bundle create -q "$TMPDIR/saved.bundle" "refs/stigmer/$2" "^$1"
git update-ref -d "refs/stigmer/$2"
echo "$head"
"""


def save(place: Place, read_only: Mapping[str, str], start: str, git_sandbox: Sandbox) -> str:
    """Pack what the run has made since ``start``, what it has not committed too, into the bundle
    SAVED of the place's temporary folder. The commit at which it stands; nothing that is said is to
    be trusted. Raises GitFailed and sandbox.Spoiled.
    """
    argv = ["/bin/sh", "-c", _SAVE, "sh", start, secrets.token_hex(8)]
    ended = git_sandbox.run(Command(argv, QUIET | AUTHOR, "", read_only), place)
    if ended.code != 0:
        raise GitFailed(f"The work of the run could not be stored: {_said(ended)}")
    lines = ended.stdout.strip().splitlines()
    return lines[-1][:64] if lines else ""


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of a run, from its first commit to what lies in its folder now."""

    commit: str
    files: int
    insertions: int
    deletions: int
    uncommitted: int


PATCH = "changes.patch"
_EXAMINE = """
set -e
export GIT_INDEX_FILE="$TMPDIR/index"
head=$(git rev-parse HEAD)
git read-tree "$head"
git add -A
git diff --cached --binary --no-ext-diff --no-textconv "$1" > "$TMPDIR/changes.patch"
echo "$head"
git diff --cached --name-only --no-ext-diff "$head" -z | tr -cd '\\000' | wc -c
git diff --cached --numstat --no-ext-diff --no-textconv -z "$1" \\
  | tr '\\000' '\\n' \\
  | awk -F '\\t' 'NF >= 3 { n += 1; a += $1; d += $2 } END { print n+0, a+0, d+0 }'
"""


def examine(place: Place, mirror: Path, start: str, git_sandbox: Sandbox) -> Changes:
    """The changes since ``start``; the patch is in the place's temporary folder, as PATCH.

    Nothing that is said is to be trusted: it is the repository's own. Raises GitFailed and
    sandbox.Spoiled.
    """
    argv = ["/bin/sh", "-c", _EXAMINE, "sh", start]
    ended = git_sandbox.run(Command(argv, QUIET | AUTHOR, "", {str(mirror): MIRROR_INSIDE}), place)
    if ended.code != 0:
        raise GitFailed(f"It could not be seen what was changed: {_said(ended)}")
    try:
        commit, uncommitted, numbers = ended.stdout.strip().split("\n")[-3:]
        files, insertions, deletions = (min(int(each), 2**31 - 1) for each in numbers.split())
        return Changes(commit.strip()[:64], files, insertions, deletions, int(uncommitted))
    except ValueError:
        raise GitFailed("It could not be seen what was changed: git said something else.") from None


def _outside(arguments: Sequence[str], repository: Repository, git_sandbox: Sandbox) -> None:
    ended = _run(arguments, repository, git_sandbox)
    if ended.code != 0:
        raise GitFailed(
            f"The repository {repository.name} could not be fetched: {_said(ended)}", may_pass=True
        )


def _run(arguments: Sequence[str], repository: Repository, git_sandbox: Sandbox) -> Ended:
    """On the worker itself: of the mirror only, which no command can write."""
    allowed = {"GIT_ALLOW_PROTOCOL": "file:https:ssh" if repository.is_local else "https:ssh"}
    environment = {name: os.environ[name] for name in (*_SEEN, "HOME") if name in os.environ}
    ssh = {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes"}
    log_in = _log_in(repository, git_sandbox.password)
    command = Command([program(), *arguments], QUIET | allowed | ssh | environment | log_in)
    with passing(git_sandbox.folder) as place:
        return sandbox.run(
            command,
            place,
            bare(command, place),
            git_sandbox.limits,
            deadline=git_sandbox.deadline,
            stopping=git_sandbox.stopping,
        )


def _log_in(repository: Repository, password: str) -> dict[str, str]:
    """By the environment of git alone: on no disk, in no list of arguments, in no address."""
    settings = {"credential.helper": ""}
    if repository.secret:
        credentials = base64.b64encode(f"{repository.user}:{password}".encode()).decode()
        settings[f"http.{repository.address}.extraHeader"] = f"Authorization: Basic {credentials}"
    environment = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def _said(ended: Ended) -> str:
    if ended.why is not Why.NOTHING:
        return f"it was ended ({ended.why})"
    lines = (ended.stderr or ended.stdout).strip().splitlines()
    return lines[-1][:300] if lines else f"exit code {ended.code}"


def _is_late(ended: Ended) -> bool:
    return ended.why is Why.TIME


@contextmanager
def locked(path: Path, deadline: Clock, late: str) -> Iterator[TextIO]:
    """The file, for one at a time of all processes of the host. Raises GitFailed with these words
    where it takes too long.
    """
    with path.open("a+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if deadline.remaining() <= 0:
                    raise GitFailed(late, may_pass=True) from None
                time.sleep(_LOCK_SECONDS)
        yield file
