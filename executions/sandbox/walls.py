"""The start of a command: in bubblewrap's walls, or with nothing around it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from executions.sandbox import confine, leftovers
from executions.sandbox.command import Command
from executions.sandbox.places import SHARED, Place

WORKSPACE = "/workspace"
HOME_INSIDE = "/home/run"
SCRIPT_INSIDE = "/script"
PATH = "/usr/local/bin:/usr/bin:/bin"
# Of the system, what programs need; nothing that holds a secret, a user or a key of the host.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/ssl/certs",
)
# Names are looked up there.
_HARMLESS = ("/dev/urandom", "/dev/random", "/dev/full", "/etc/ssl/openssl.cnf")
_CONFINE = Path(__file__).with_name("confine.py")
_OF_THE_NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services")


@dataclass(frozen=True, slots=True)
class Start:
    """How the keeper starts it; ``{arguments}``, ``{filter}`` and ``{status}`` stand for file
    descriptors.
    """

    argv: list[str]
    arguments: list[str]
    environment: dict[str, str]
    reports_status: bool
    # The mark by which its processes are found where no walls end them.
    mark: str = ""
    # The command that is run once it is over: it ends what the keeper does not see.
    after: Sequence[str] = ()
    # An engine of containers may have to become somebody else first.
    keeps_privileges: bool = False
    # The system calls that it may make, as the kernel reads it.
    filter: bytes = b""


def bubblewrap() -> str | None:
    """The program's path; None where it is not installed."""
    return shutil.which("bwrap", path=PATH)


def inside(command: Command, place: Place, hidden: Sequence[Path], program: str) -> Start:
    """The command between walls of its own: its own processes, users and network, which has no
    way out; the system to read; its folders to write.
    """
    environment = _environment(command, HOME_INSIDE, "/tmp")
    allowed = confine.within_walls()
    words = ["--args", "{arguments}", "--json-status-fd", "{status}"]
    words += ["--seccomp", "{filter}"] if allowed else []
    return Start(
        [program, *words, "--", *command.argv],
        [*_walls(place, hidden, command), *_variables(environment)],
        # Variables of the author must not reach bubblewrap itself.
        {"PATH": PATH},
        reports_status=True,
        filter=allowed,
    )


def confined(command: Command, place: Place) -> Start:
    """The command with no walls, and a kernel that lets it reach its folders alone: Landlock and
    seccomp. It sees the paths of the host.
    """
    start = bare(command, place)
    reads = [*_SYSTEM, *_SETTINGS, str(place.script), *command.read_only]
    reads += [*_OF_THE_NETWORK, *_HARMLESS] if command.network else _HARMLESS
    words = [word for path in reads for word in ("read", path)]
    for path in (*map(str, place.writable), "/dev/null", "/dev/zero"):
        words += ["write", path]
    if command.network:
        words += ["network", "yes"]
    program = [sys.executable, "-I", "-S", str(_CONFINE), "{arguments}", "{status}"]
    # It would stumble over a file that it may not read, where within walls there is none.
    environment = {"GIT_CONFIG_NOSYSTEM": "1"} | start.environment
    return replace(start, argv=[*program, *start.argv], arguments=words, environment=environment)


def bare(command: Command, place: Place) -> Start:
    """The command with nothing around it but what the keeper minds."""
    home, temporary = str(place.home), str(place.temporary)
    argv = [_outside(word, place, command.read_only) for word in command.argv]
    mark = leftovers.new_mark()
    environment = _environment(command, home, temporary) | {leftovers.MARK: mark}
    return Start(argv, [], environment, reports_status=False, mark=mark)


def _outside(word: str, place: Place, read_only: Mapping[str, str]) -> str:
    """A word of the command line that names a place inside the walls, without them."""
    for source, found_at in ({str(place.script): SCRIPT_INSIDE} | dict(read_only)).items():
        if word == found_at or word.startswith(f"{found_at}/"):
            return source + word[len(found_at) :]
    return word


def _environment(command: Command, home: str, temporary: str) -> dict[str, str]:
    own = {"PATH": PATH, "HOME": home, "TMPDIR": temporary, "LANG": "C.UTF-8", "USER": "run"}
    return own | dict(command.environment)


def _variables(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        yield from ("--setenv", name, value)


def _walls(place: Place, hidden: Sequence[Path], command: Command) -> Iterator[str]:
    yield from ("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent")
    yield from ("--new-session", "--cap-drop", "ALL", "--clearenv")
    yield from ("--uid", "1000", "--gid", "1000", "--hostname", "sandbox")
    if command.network:
        yield "--share-net"
        for path in _OF_THE_NETWORK:
            yield from ("--ro-bind-try", os.path.realpath(path), path)
    yield from _system()
    for folder in _below_the_system(hidden):
        yield from ("--tmpfs", folder)
    yield from ("--ro-bind", str(place.folder / "passwd"), "/etc/passwd")
    yield from ("--ro-bind", str(place.folder / "group"), "/etc/group")
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--bind", str(place.folder / SHARED), "/dev/shm", "--remount-ro", "/dev")
    yield from ("--bind", str(place.temporary), "/tmp", "--symlink", "/tmp", "/var/tmp")
    yield from ("--bind", str(place.home), HOME_INSIDE)
    yield from ("--ro-bind", str(place.script), SCRIPT_INSIDE)
    for source, found_at in command.read_only.items():
        yield from ("--ro-bind", source, found_at)
    yield from ("--bind", str(place.work), WORKSPACE)
    # Files in the root itself lie in memory, which nobody counts.
    yield from ("--remount-ro", "/", "--chdir", WORKSPACE)


def _system() -> Iterator[str]:
    for path in _SYSTEM:
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
        elif os.path.isdir(path):
            yield from ("--ro-bind", path, path)
    for path in _SETTINGS:
        yield from ("--ro-bind-try", path, path)


def _below_the_system(hidden: Sequence[Path]) -> Iterator[str]:
    """Folders of ours that lie in what is bound: they are covered."""
    for folder in hidden:
        path = folder.resolve()
        if path.is_dir() and any(path.is_relative_to(each) for each in _SYSTEM):
            yield str(path)
