"""Becomes a command that the kernel lets do little: Landlock says which files it reaches, seccomp
which calls it may make. For hosts on which bubblewrap cannot build its walls.

A program of its own, which imports nothing of the project:
``confine.py RULES STATUS PROGRAM ARGUMENT…``. RULES is a file descriptor with words that end with a
zero byte, in pairs: ``read`` or ``write`` and a path, or ``network`` and ``yes``. A failure
before the command begins is told as JSON to the file descriptor STATUS.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import socket
import stat
import struct
import sys
from typing import NamedTuple

# Landlock of Linux 6.12: from there on signals and abstract sockets stay inside, too.
LEAST_ABI = 6
_NOT_EXECUTED = 127
_LIBC = ctypes.CDLL(None, use_errno=True)
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_ALL_FILES = (1 << 16) - 1
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_TCP, _SCOPES = 0b11, 0b11
_NO_NEW_PRIVS, _SECCOMP, _FILTER, _DROP_FROM_BOUNDING = 38, 22, 2, 24
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000
# The call says that it was done and does nothing: git gives up where a mode cannot be set.
_PRETEND = 0x00050000


class _Numbers(NamedTuple):
    """System calls by number: ``socket``; those that change a file by its path without opening it;
    those that reach into the kernel: its mounts, keys, namespaces and counters, io_uring; those
    that reach into other processes, or into memory and queues that processes of the host share and
    that outlive them; those of which an argument has to be 0, as ``touch`` names no path and
    ``ulimit`` no other process.
    """

    architecture: int
    socket: int
    paths: tuple[int, ...]
    kernel: tuple[int, ...]
    others: tuple[int, ...]
    with_zero: tuple[tuple[int, int], ...]


_NUMBERS = {
    "x86_64": _Numbers(
        0xC000003E,
        41,
        (90, 92, 94, 132, 188, 189, 197, 198, 235, 260, 261, 268, 452),
        (165, 166, 248, 249, 250, 272, 298, 304, 308, 321, 323, 425),
        (
            *(101, 310, 311),
            *(29, 30, 31, 64, 65, 66, 68, 69, 70, 71, 220, 240, 241),
        ),
        ((280, 1), (302, 0)),
    ),
    "aarch64": _Numbers(
        0xC00000B7,
        198,
        (5, 6, 14, 15, 53, 54, 452),
        (39, 40, 97, 217, 218, 219, 241, 265, 268, 280, 282, 425),
        (117, 270, 271, 180, 181, *range(186, 197)),
        ((88, 1), (261, 0)),
    ),
}
_X32 = 0x40000000
_LOAD, _EQUAL, _LEAST, _GIVE = 0x20, 0x15, 0x35, 0x06
_ARGUMENTS = 16
_STEP = struct.Struct("=HBBI")
_Step = tuple[int, int, int, int]
# Within walls. The others know no network of their own, as that of virtual machines does not.
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)


def abi() -> int:
    """The version of Landlock in this kernel; 0 for none."""
    version: int = _LIBC.syscall(_CREATE, None, 0, 1)
    return max(0, version)


def is_possible() -> bool:
    """Whether a command can be confined on this host."""
    return abi() >= LEAST_ABI and platform.machine() in _NUMBERS


def main() -> None:
    rules, status, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    os.set_inheritable(status, False)
    try:
        words = _words(rules)
        permissions = list(zip(words[::2], words[1::2], strict=True))
        has_network = ("network", "yes") in permissions
        _no_new_privileges()
        _landlock([each for each in permissions if each[0] != "network"], has_network)
        _seccomp(has_network)
        if not has_network:
            _prove()
        os.execve(argv[0], argv, dict(os.environ))
    except BaseException as problem:
        os.write(status, json.dumps({"exec": f"{problem}"[:500]}).encode())
    finally:
        os._exit(_NOT_EXECUTED)


def _words(descriptor: int) -> list[str]:
    with os.fdopen(descriptor, "rb") as file:
        return [word.decode() for word in file.read().split(b"\0")[:-1]]


def _checked(result: int, call: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{call}: {os.strerror(ctypes.get_errno())}")
    return result


def _no_new_privileges() -> None:
    _checked(_LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    for capability in range(64):
        # Refused to who has none: then there is nothing to give up.
        _LIBC.prctl(_DROP_FROM_BOUNDING, capability, 0, 0, 0)


def _landlock(permissions: list[tuple[str, str]], has_network: bool) -> None:
    """Only what lies below these paths; no TCP, no signal and no abstract socket to outside."""
    if abi() < LEAST_ABI:
        raise OSError(f"Landlock {LEAST_ABI} or newer is needed (Linux 6.12)")
    attributes = struct.pack("=QQQ", _ALL_FILES, 0 if has_network else _TCP, _SCOPES)
    ruleset = _checked(
        _LIBC.syscall(_CREATE, attributes, len(attributes), 0), "landlock_create_ruleset"
    )
    for kind, path in permissions:
        try:
            below = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        allowed = _ALL_FILES if kind == "write" else _READING
        if not stat.S_ISDIR(os.fstat(below).st_mode):
            allowed &= _OF_A_FILE
        rule = struct.pack("=Qi", allowed, below)
        added = _LIBC.syscall(_ADD, ruleset, _PATH_BENEATH, rule, 0)
        _checked(added, "landlock_add_rule")
        os.close(below)
    _checked(_LIBC.syscall(_RESTRICT, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def _seccomp(has_network: bool) -> None:
    numbers = _NUMBERS[platform.machine()]
    refused = [*numbers.kernel, *numbers.others, *([] if has_network else [numbers.socket])]
    answers = dict.fromkeys(refused, _REFUSE) | dict.fromkeys(numbers.paths, _PRETEND)
    rules: list[_Step] = []
    for number, place in numbers.with_zero:
        low = _ARGUMENTS + 8 * place
        rules += [(_EQUAL, 0, 6, number), (_LOAD, 0, 0, low), (_EQUAL, 0, 2, 0)]
        rules += [(_LOAD, 0, 0, low + 4), (_EQUAL, 1, 0, 0)]
        rules += [(_GIVE, 0, 0, _REFUSE), (_GIVE, 0, 0, _ALLOW)]
    body = _filter(numbers.architecture, answers, rules)
    held = ctypes.create_string_buffer(body, len(body))
    program = struct.pack("@HxxxxxxQ", len(body) // _STEP.size, ctypes.addressof(held))
    _checked(_LIBC.prctl(_SECCOMP, _FILTER, program, 0, 0), "seccomp")


def within_walls() -> bytes:
    """The filter for a command that has walls, as ``bwrap --seccomp`` takes it: they keep it from
    files and processes, so what is refused is the kernel itself. Empty where its calls are not
    known by number.
    """
    numbers = _NUMBERS.get(platform.machine())
    if numbers is None:
        return b""
    rules: list[_Step] = [(_EQUAL, 0, len(_FAMILIES) + 3, numbers.socket)]
    rules.append((_LOAD, 0, 0, _ARGUMENTS))
    for position, family in enumerate(_FAMILIES):
        rules.append((_EQUAL, len(_FAMILIES) - position, 0, family))
    rules += [(_GIVE, 0, 0, _REFUSE), (_GIVE, 0, 0, _ALLOW)]
    return _filter(numbers.architecture, dict.fromkeys(numbers.kernel, _REFUSE), rules)


def _filter(architecture: int, answers: dict[int, int], rules: list[_Step]) -> bytes:
    """Answer calls by their number, then by these rules. A call of another architecture ends the
    command: its numbers mean something else.
    """
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, architecture),
        (_GIVE, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_LEAST, 0, 1, _X32),
        (_GIVE, 0, 0, _REFUSE),
    ]
    for number, answer in answers.items():
        steps += [(_EQUAL, 0, 1, number), (_GIVE, 0, 0, answer)]
    return b"".join(_STEP.pack(*each) for each in (*steps, *rules, (_GIVE, 0, 0, _ALLOW)))


def _prove() -> None:
    """No socket can be opened: seen, not believed."""
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
        except OSError:
            continue
        raise OSError("a socket could be opened")


if __name__ == "__main__":
    main()
