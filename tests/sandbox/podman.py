"""A podman with a store of its own, and two small images in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

IMAGE, ECHO = "localhost/box:1", "localhost/box:echo"
_PROGRAMS = ("sh", "cat", "echo", "ls", "sleep", "id", "env", "touch", "dd", "grep", "wc")
# Where both versions of cgroups are mounted crun gives up: it is shown the first alone.
_WRAPPER = """#!/bin/sh
exec {podman} --root {store} --runroot {state} --storage-driver vfs \
--cgroup-manager cgroupfs "$@"
"""
_HYBRID = """#!/bin/sh
exec unshare -m sh -c 'umount -l /sys/fs/cgroup/unified; exec "$@"' sh \
{podman} --root {store} --runroot {state} --storage-driver vfs --cgroup-manager cgroupfs "$@"
"""


def made(folder: Path) -> Path:
    """The folder with the program; the test is skipped where none can run a container."""
    podman, busybox = shutil.which("podman"), shutil.which("busybox")
    if podman is None or busybox is None or os.geteuid():
        pytest.skip("podman and a static busybox are not installed, or this is not root")
    names = {"podman": podman, "store": folder / "store", "state": folder / "state"}
    wrapper = _HYBRID if Path("/sys/fs/cgroup/unified").is_dir() else _WRAPPER
    program = folder / "bin" / "podman"
    program.parent.mkdir(parents=True)
    program.write_text(wrapper.format(**names))
    program.chmod(0o755)
    _import(program, folder / "root", busybox)
    tried = [str(program), "run", "--rm", "--network", "none", "--memory", "64m"]
    tried += ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096", IMAGE, "/bin/true"]
    said = subprocess.run(tried, capture_output=True, text=True, check=False)
    if said.returncode:
        pytest.skip(f"podman cannot run a container here: {said.stderr.strip()[-300:]}")
    return program.parent


def names(programs: Path) -> list[str]:
    """The containers that there are."""
    argv = [str(programs / "podman"), "ps", "--all", "--format", "{{.Names}}"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()


def _import(program: Path, root: Path, busybox: str) -> None:
    for name in ("bin", "tmp", "etc", "proc", "sys", "dev"):
        (root / name).mkdir(parents=True)
    shutil.copy(busybox, root / "bin" / "busybox")
    for name in (*_PROGRAMS, "true"):
        (root / "bin" / name).symlink_to("busybox")
    archive = shutil.make_archive(str(root), "tar", root)
    for change, image in (("CMD /bin/sh", IMAGE), ('ENTRYPOINT ["/bin/echo"]', ECHO)):
        argv = [str(program), "import", "--change", change, archive, image]
        said = subprocess.run(argv, capture_output=True, text=True, check=False)
        if said.returncode:
            pytest.skip(f"podman imports no image here: {said.stderr.strip()[-300:]}")
