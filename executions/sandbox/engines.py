"""Containers of commands: which engine there is, how it starts one, and how all of it ends.

An engine is a program that the worker runs outside of any wall, so nothing that an author writes
reaches its environment or its options. The name of a container says which worker it belongs to:
what a dead one has left is found by it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from executions.sandbox.command import PROCESSES, Command, Limits
from executions.sandbox.places import Place
from executions.sandbox.walls import HOME_INSIDE, PATH, WORKSPACE, Start
from executions.worker_identity import here, started

# The path on which the programs are looked for.
PROGRAMS = PATH
# Of STIGMER_COMMANDS_MAY: images that may be run, and what a socket of docker amounts to.
RUN_IMAGE = "run-image:"
DOCKER_IS_ROOT = "equal-root-by-docker"
_SECONDS = 30.0
_MIB = 1024 * 1024
# The engine's own processes are counted with what they start.
_OF_THE_ENGINE = 512 * _MIB
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,299}")
# Of the worker's environment, what an engine needs to find its images and its daemon.
_SEEN = (
    *("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR"),
    *("CONTAINER_HOST", "DOCKER_HOST", "DOCKER_CONFIG", "HTTPS_PROXY", "NO_PROXY"),
)


@dataclass(frozen=True, slots=True)
class Engine:
    """``program`` is the path of podman or docker."""

    name: str
    program: str

    def start(
        self,
        command: Command,
        place: Place,
        limits: Limits,
        image: str,
        *,
        is_line: bool,
        run: str,
    ) -> tuple[Start, Limits]:
        """How the keeper starts the command in a container of this image, and what it minds beside
        the engine. ``is_line``: its shell is started in place of the image's own program. ``run``
        names whose it is, for people. Raises OSError.
        """
        name = f"stigmer-{_system()}-{_process()}-{secrets.token_hex(6)}"
        variables = {"HOME": HOME_INSIDE} | dict(command.environment)
        file = place.folder / "variables"
        file.write_text("".join(f"{key}={value}\n" for key, value in variables.items()))
        argv = [self.program, "run", "--rm", "--pull=missing", "--name", name]
        argv += ["--label", f"stigmer.run={run}", "--log-driver", "none", "--hostname", "sandbox"]
        argv += ["--interactive"] if command.stdin else []
        argv += ["--read-only", "--tmpfs", "/tmp:rw,mode=1777", "--cap-drop", "ALL"]
        argv += ["--security-opt", "no-new-privileges", "--pids-limit", str(PROCESSES)]
        argv += ["--memory", f"{limits.memory_bytes}b", "--ulimit", "nofile=4096:4096"]
        argv += ["--ulimit", "nproc=4096:4096", "--ulimit", "core=0:0"]
        argv += [] if command.network else ["--network", "none"]
        argv += ["--userns", "keep-id"] if self.name == "podman" and os.geteuid() else []
        argv += ["--user", f"{os.geteuid()}:{os.getegid()}", "--env-file", str(file)]
        for source, found_at in command.read_only.items():
            argv += ["--volume", f"{source}:{found_at}:ro"]
        argv += ["--volume", f"{place.work}:{WORKSPACE}", "--volume", f"{place.home}:{HOME_INSIDE}"]
        argv += ["--workdir", WORKSPACE, *_entry(command.argv, image, is_line)]
        after = [self.program, *self.removal(), name]
        start = Start(argv, [], _environment(), False, after=after, keeps_privileges=True)
        return start, replace(limits, memory_bytes=limits.memory_bytes + _OF_THE_ENGINE)

    def removal(self) -> list[str]:
        """The words that end containers and remove them; one that is gone is no problem."""
        return ["rm", "--force", *(["--ignore"] if self.name == "podman" else [])]

    def said(self, *words: str) -> str:
        """The answer of the engine. Raises OSError where it answers with an error or too late."""
        argv = [self.program, *words]
        try:
            ended = subprocess.run(
                argv, env=_environment(), capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise OSError(f"{self.name} does not answer within {_SECONDS:g} s") from late
        if ended.returncode:
            lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
            raise OSError(f"{self.name}: {lines[-1][:300] if lines else 'it failed'}")
        return ended.stdout.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Containers:
    """``engine`` runs them here; ``why`` none does, empty where one does."""

    engine: Engine | None
    why: str = ""


_lock = threading.Lock()
_known: dict[tuple[str, bool], Containers] = {}


def containers(accepted: Collection[str]) -> Containers:
    """The engine that runs containers in this process, tried when it is asked for first."""
    images = [each for each in accepted if each.startswith(RUN_IMAGE)]
    if not images:
        return Containers(
            None,
            "Containers are off: the operator names the images that may be run"
            f" (STIGMER_COMMANDS_MAY={RUN_IMAGE}NAME:TAG, with * for anything).",
        )
    with _lock:
        key = (PROGRAMS, DOCKER_IS_ROOT in accepted)
        if key not in _known:
            _known[key] = _tried(DOCKER_IS_ROOT in accepted)
        return _known[key]


def why_not(image: str, accepted: Collection[str]) -> str:
    """Why this image is not run; empty where it may be."""
    images = [each.removeprefix(RUN_IMAGE) for each in accepted if each.startswith(RUN_IMAGE)]
    if _IMAGE.fullmatch(image) and any(fnmatchcase(image, each) for each in images):
        return ""
    return (
        f"The image {image[:100]!r} may not be run. Named are: {', '.join(images)}"
        f" (STIGMER_COMMANDS_MAY={RUN_IMAGE}…)."
    )


def end_of_the_dead(accepted: Collection[str]) -> int:
    """End the containers that workers of this host have left who are no more; how many. Raises
    OSError.
    """
    engine = containers(accepted).engine
    if engine is None:
        return 0
    beginning = f"stigmer-{_system()}-"
    names = engine.said("ps", "--all", "--filter", f"name={beginning}", "--format", "{{.Names}}")
    orphans = [name for name in names.split() if name.startswith(beginning) and _is_orphan(name)]
    if orphans:
        engine.said(*engine.removal(), *orphans)
    return len(orphans)


def _tried(may_use_docker: bool) -> Containers:
    podman, docker = (shutil.which(name, path=PROGRAMS) for name in ("podman", "docker"))
    if podman is not None:
        engine, look = Engine("podman", podman), _of_podman
    elif docker is not None and may_use_docker:
        engine, look = Engine("docker", docker), _of_docker
    elif docker is not None:
        return Containers(
            None,
            "Containers are off on this worker: there is docker, whose socket equals root on this"
            f" host. Install podman, or accept that: STIGMER_COMMANDS_MAY={DOCKER_IS_ROOT}",
        )
    else:
        return Containers(None, "Containers are off on this worker: podman is not installed.")
    try:
        problem_text = look(json.loads(engine.said("info", "--format", "{{json .}}")))
    except (OSError, ValueError) as problem:
        problem_text = str(problem)
    return (
        Containers(None, f"Containers are off on this worker: {problem_text}.")
        if problem_text
        else Containers(engine)
    )


def _of_podman(info: Any) -> str:
    """Why it keeps no container within its limits; empty where it does."""
    host = info.get("host") or {}
    missing = [
        name for name in ("memory", "pids") if name not in (host.get("cgroupControllers") or [])
    ]
    if not missing:
        return ""
    is_rootless = (host.get("security") or {}).get("rootless")
    needs = " (without root it needs cgroup v2, delegated to its user)" if is_rootless else ""
    return f"podman cannot limit {' and '.join(missing)} here{needs}"


def _of_docker(info: Any) -> str:
    problems = info.get("ServerErrors") or []
    if problems:
        return f"docker: {str(problems[0])[:300]}"
    missing = [name for name in ("MemoryLimit", "PidsLimit") if not info.get(name)]
    return f"docker has no {' and '.join(missing)} here" if missing else ""


def _entry(argv: Sequence[str], image: str, is_line: bool) -> list[str]:
    if is_line:
        return ["--entrypoint", argv[0], image, *argv[1:]]
    return [image, *argv]


def _environment() -> dict[str, str]:
    return {"PATH": PATH} | {name: os.environ[name] for name in _SEEN if name in os.environ}


def _system() -> str:
    """The system in which the pids in names mean something: this host, since it started."""
    system = here()
    whole = f"{system.host} {system.boot_id} {system.pid_namespace}"
    return sha256(whole.encode()).hexdigest()[:12]


def _process() -> str:
    return f"{os.getpid()}-{started(os.getpid()) or ''}"


def _is_orphan(name: str) -> bool:
    parts = name.split("-")
    if len(parts) != 5 or not parts[2].isdigit() or not parts[3]:
        return False
    return started(int(parts[2])) != parts[3]
