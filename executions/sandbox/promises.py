"""The promises about commands, and whether they hold here: each is tried before anything is run."""

from __future__ import annotations

import secrets
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from executions.isolation.visit import Seconds
from executions.sandbox import confine, walls
from executions.sandbox.command import Command, Ended, Limits, Spoiled, Why
from executions.sandbox.places import Place, passing
from executions.sandbox.running import run

_SHELL = "/bin/sh"
_SECONDS = 20.0
_MIB = 1024 * 1024
_ROOMY = Limits(512 * _MIB, 64 * _MIB)
# Builds no walls: the kernel refuses what a command may not reach.
LANDLOCK = "Landlock"
_NOT_INSTALLED = "bubblewrap is not installed"


@dataclass(frozen=True, slots=True)
class Promise:
    """``says`` is what holds; ``risk`` names what commands may do where it does not, as an operator
    accepts it.
    """

    says: str
    risk: str


PROMISES: dict[str, Promise] = {
    "network": Promise("no command reaches the network", "reach-the-network"),
    "reads": Promise("no command reads files of the server", "read-files-of-the-server"),
    "writes": Promise("a command writes to its own folders only", "change-files-of-the-server"),
    "end": Promise("nothing that a command started outlives it", "outlive-their-end"),
    "calls": Promise("a command makes no system calls but those it needs", "make-any-system-call"),
    "memory": Promise("a command that takes too much memory is ended", "use-up-memory"),
    "disk": Promise("a command that takes too much disk is ended", "use-up-disk"),
}
RISKS = tuple(promise.risk for promise in PROMISES.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """The promises that hold here: ``missing`` has those that do not, and why; ``program`` builds
    the walls, empty where nothing does.
    """

    program: str
    missing: Mapping[str, str] = field(default_factory=dict)

    def refused(self, accepted: Collection[str]) -> str:
        """Why no command is run here, where some risk is not accepted; empty where one is."""
        open_risks = {
            name: why for name, why in self.missing.items() if PROMISES[name].risk not in accepted
        }
        if not open_risks:
            return ""
        reasons = "; ".join(dict.fromkeys(open_risks.values()))
        risks = ",".join(PROMISES[name].risk for name in open_risks)
        return (
            f"Commands are off on this worker: {reasons}. Install bubblewrap and start the worker"
            f" anew, or accept that commands may do this: STIGMER_COMMANDS_MAY={risks}"
        )

    def start(self, command: Command, place: Place, hidden: Sequence[Path]) -> walls.Start:
        """How this command is started here."""
        if not self.program:
            return walls.bare(command, place)
        if self.program == LANDLOCK:
            return walls.confined(command, place)
        return walls.inside(command, place, hidden, self.program)


_lock = threading.Lock()
_known: dict[Path, Standing] = {}


def standing(folder: Path, hidden: Sequence[Path]) -> Standing:
    """The promises that hold in this process, tried when it is asked for first. ``folder`` is where
    places are made, ``hidden`` are the folders that no command may see. It takes some seconds.
    """
    with _lock:
        if folder not in _known:
            _known[folder] = _tried(folder, hidden)
        return _known[folder]


def _tried(folder: Path, hidden: Sequence[Path]) -> Standing:
    program = walls.bubblewrap()
    standing = Standing(program or "")
    why = _trouble(folder, hidden, standing, "bubblewrap") if program else _NOT_INSTALLED
    if why and confine.is_possible():
        # The second rung: no walls, and a kernel that lets a command do little.
        standing = Standing(LANDLOCK)
        also = _trouble(folder, hidden, standing, LANDLOCK)
        why = f"{why}, and {also}" if also else ""
    if why:
        standing = Standing("", dict.fromkeys(("network", "reads", "writes", "calls"), why))
    missing = dict(standing.missing)
    for name, trial in _TRIALS.items():
        if name in missing:
            continue
        try:
            problem = trial(_Trial(folder, hidden, standing))
        except (Spoiled, OSError) as trouble:
            problem = str(trouble)
        if problem:
            missing[name] = problem
    return Standing(standing.program, missing)


def _trouble(folder: Path, hidden: Sequence[Path], standing: Standing, name: str) -> str:
    """Why no walls can be built here, in the words of what builds them; empty where they can."""
    try:
        ended = _Trial(folder, hidden, standing).of("exit 0")
    except (Spoiled, OSError) as problem:
        return f"{name} does not work here ({problem})"
    return "" if ended.code == 0 else f"{name} does not work here (exit code {ended.code})"


@dataclass(frozen=True, slots=True)
class _Trial:
    folder: Path
    hidden: Sequence[Path]
    standing: Standing

    def of(self, script: str, limits: Limits = _ROOMY, arguments: Sequence[str] = ()) -> Ended:
        """How this script ended. Raises Spoiled and OSError."""
        command = Command([_SHELL, "-c", script, "sh", *arguments])
        with passing(self.folder) as place:
            start = self.standing.start(command, place, self.hidden)
            return run(command, place, start, limits, deadline=Seconds(_SECONDS))


def _network(trial: _Trial) -> str:
    devices = trial.of("cut -s -d: -f1 /proc/net/dev").stdout.split()
    interfaces = [name for name in devices if name != "lo"]
    return f"a command sees the network ({', '.join(interfaces)})" if interfaces else ""


def _reads(trial: _Trial) -> str:
    with passing(trial.folder) as other, _neighbour() as pid:
        canary = other.work / "canary"
        canary.write_text("seen")
        script = 'for f in "$@"; do cat "$f" 2>/dev/null; done; exit 0'
        files = [str(canary), "/etc/shadow", f"/proc/{pid}/environ"]
        ended = trial.of(script, arguments=files)
    is_seen = "seen" in ended.stdout or "root:" in ended.stdout
    return "a command reads files of the server" if is_seen else ""


@contextmanager
def _neighbour() -> Iterator[int]:
    """The process id of somebody else, who has a secret among the variables of its environment."""
    process = subprocess.Popen(
        ["/bin/sleep", str(_SECONDS)], env={"SECRET": "seen"}, start_new_session=True
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _writes(trial: _Trial) -> str:
    with passing(trial.folder) as other:
        name = f"stigmer-{secrets.token_hex(8)}"
        folders = ["/usr", "/etc", "/dev", "/", str(other.work)]
        script = (
            'chmod 777 "$0" 2>/dev/null;'
            ' for f in "$@"; do (: > "$f") 2>/dev/null && rm "$f" && echo "$f"; done; exit 0'
        )
        other.work.chmod(0o700)
        paths = [f"{folder.rstrip('/')}/{name}" for folder in folders]
        ended = trial.of(script.replace("$0", str(other.work)), arguments=paths)
        if other.work.stat().st_mode & 0o077:
            return "a command changed the permissions of a folder of the server"
    written = ended.stdout.split()
    return f"a command wrote to {', '.join(written)}" if written else ""


def _end(trial: _Trial) -> str:
    # A process that is found by a number of seconds that nobody else sleeps.
    mark = f"8{secrets.randbelow(10**8):08}"
    trial.of(f"setsid sleep {mark} > /dev/null 2>&1 & setsid sh -c 'sleep {mark}' & sleep 0.1")
    return "something that a command started outlived it" if _is_running(mark) else ""


def _is_running(mark: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False


def _calls(trial: _Trial) -> str:
    # With no option it asks for what a process may always have: only a filter refuses that.
    script = (
        "unshare true 2>/dev/null && echo open;"
        " grep -qs '^Seccomp:.0' /proc/self/status && echo open; exit 0"
    )
    return "a command makes any system call" if "open" in trial.of(script).stdout else ""


def _memory(trial: _Trial) -> str:
    ended = trial.of("head -c 96m /dev/zero | tail -c 96m | sleep 10", Limits(48 * _MIB, 64 * _MIB))
    return "" if ended.why is Why.MEMORY else "a command took more memory than it may"


def _disk(trial: _Trial) -> str:
    script = "for i in 1 2 3 4; do head -c 4m /dev/zero > $i; done; sleep 10"
    ended = trial.of(script, Limits(512 * _MIB, 8 * _MIB))
    return "" if ended.why is Why.DISK else "a command took more disk than it may"


_TRIALS: dict[str, Callable[[_Trial], str]] = {
    "network": _network,
    "reads": _reads,
    "writes": _writes,
    "end": _end,
    "calls": _calls,
    "memory": _memory,
    "disk": _disk,
}
