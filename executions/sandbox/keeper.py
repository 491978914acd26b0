"""Runs one command, and sees to it that nothing of it is left.

A program of its own, which imports nothing of the project: the worker starts it, hands it what to
run over its standard input, and reads frames from its standard output. The end of its input means
that the worker is gone or wants no more: everything that the command started is killed then, as it
is at the deadline, past a limit, and once the command itself has ended. Every process that a dying
one of the command leaves behind becomes a child of this one, so that none escapes by leaving its
group.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import stat
import struct
import sys
import time
from typing import Any

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_FRAME = struct.Struct("!cI")
_LIBC = ctypes.CDLL(None, use_errno=True)
_PAGE = os.sysconf("SC_PAGE_SIZE")
_CHUNK = 65_536
_TICK_SECONDS = 0.25
_DISK_TICK_SECONDS = 1.0
# The command is over: what still comes out of its pipes has to come within this.
_DRAIN_SECONDS = 2.0
_AFTER_SECONDS = 20.0
_NOT_EXECUTED = 127
_ENTRIES = 300_000


class Keeper:
    """The life of one command, from what it is told to what is reported."""

    def __init__(self, instructions: dict[str, Any], wake: int, ends: list[int]) -> None:
        self.instructions = instructions
        # Readable after a signal; the signals that ask it to end.
        self.wake, self.ends = wake, ends
        self.limits = instructions["limits"]
        self.until = time.monotonic() + instructions["seconds"]
        self.out = bytearray()
        self.why = ""
        self.code: int | None = None
        # Memory of files that have no name, as it was when the disk was looked at last.
        self.unnamed_bytes = 0
        self.streams: dict[int, Stream] = {}
        self.to_send = memoryview(instructions["stdin"].encode())
        self.poll = select.poll()
        self.pid = self.stdin = self.status = -1
        self.next_look = self.next_disk = 0.0

    def run(self) -> None:
        self._start()
        self._follow()
        _kill_all()
        self._drain()
        if self.instructions.get("after"):
            _carry_out(self.instructions["after"], self.instructions["environment"])
        self._say(b"x", json.dumps(self._end()).encode())
        os.set_blocking(1, True)
        while self.out:
            del self.out[: os.write(1, self.out)]

    def _start(self) -> None:
        stdin, self.stdin = os.pipe()
        out, out_write = os.pipe()
        err, err_write = os.pipe()
        self.status, status_write = os.pipe()
        words = b"".join(word.encode() + b"\0" for word in self.instructions["arguments"])
        extra = _memory_file("arguments", words)
        calls = _memory_file("filter", bytes.fromhex(self.instructions["filter"]))
        descriptors = {"{status}": status_write, "{arguments}": extra, "{filter}": calls}
        argv = [str(descriptors.get(word, word)) for word in self.instructions["argv"]]
        self.pid = os.fork()
        if self.pid == 0:
            _become(
                argv, self.instructions, stdin, out_write, err_write, [status_write, extra, calls]
            )
        for descriptor in (stdin, out_write, err_write, status_write):
            os.close(descriptor)
        for file in (extra, calls):
            if file is not None:
                os.close(file)
        for descriptor, name in ((out, b"o"), (err, b"e")):
            most = self.instructions["head_bytes"], self.instructions["tail_bytes"]
            self.streams[descriptor] = Stream(name, *most)
            self._watch(descriptor, select.POLLIN)
        for descriptor, events in ((0, select.POLLIN), (1, 0), (self.wake, select.POLLIN)):
            self._watch(descriptor, events)
        os.set_blocking(self.stdin, False)
        if self.to_send:
            self.poll.register(self.stdin, select.POLLOUT)
        else:
            self._close_stdin()

    def _watch(self, descriptor: int, events: int) -> None:
        os.set_blocking(descriptor, False)
        self.poll.register(descriptor, events)

    def _follow(self) -> None:
        """Until the command has ended, or has to."""
        while self.code is None and not self.why:
            self.poll.modify(1, select.POLLOUT if self.out else 0)
            ready = self.poll.poll(self._wait_milliseconds())
            for descriptor, _ in ready:
                self._serve(descriptor)
            self._reap()
            self._look()

    def _wait_milliseconds(self) -> int:
        seconds = min(self.until, self.next_look) - time.monotonic()
        return max(1, int(min(seconds, _TICK_SECONDS) * 1000))

    def _serve(self, descriptor: int) -> None:
        if descriptor == 0:
            # Nothing more is ever said: it is the end of the worker, or of its patience.
            self.why = "stopped"
        elif descriptor == self.wake:
            os.read(self.wake, _CHUNK)
            self.why = "stopped" if self.ends else self.why
        elif descriptor == 1:
            self._flush()
        elif descriptor == self.stdin:
            self._feed()
        elif descriptor in self.streams:
            self._read(descriptor)

    def _flush(self) -> None:
        try:
            del self.out[: os.write(1, self.out)]
        except BlockingIOError:
            return
        except OSError:
            self.why = "stopped"

    def _feed(self) -> None:
        try:
            self.to_send = self.to_send[os.write(self.stdin, self.to_send[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:
            self.to_send = self.to_send[:0]
        if not self.to_send:
            self.poll.unregister(self.stdin)
            self._close_stdin()

    def _close_stdin(self) -> None:
        os.close(self.stdin)
        self.stdin = -1

    def _read(self, descriptor: int) -> bool:
        """Take what is there; False at its end."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return True
        if not chunk:
            self.poll.unregister(descriptor)
            return False
        stream = self.streams[descriptor]
        if head := stream.take(chunk):
            self._say(stream.name, head)
        return True

    def _say(self, kind: bytes, body: bytes) -> None:
        self.out += _FRAME.pack(kind, len(body)) + body

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                self.code = os.waitstatus_to_exitcode(status)

    def _look(self) -> None:
        """Whether a limit is passed."""
        now = time.monotonic()
        if self.code is not None or self.why:
            return
        if now >= self.until:
            self.why = "time"
        elif now >= self.next_look:
            self.next_look = now + _TICK_SECONDS
            self.why = self._passed()
            if not self.why and now >= self.next_disk:
                full = self._has_filled_the_disk()
                took = time.monotonic() - now
                self.next_disk = now + max(_DISK_TICK_SECONDS, 4 * took)
                self.why = "disk" if full else ""

    def _passed(self) -> str:
        pids = _descendants(os.getpid())
        if len(pids) > self.limits["processes"]:
            return "processes"
        sizes = [_memory_of(pid) for pid in pids]
        used, most = sum(own for own, _ in sizes), self.limits["memory_bytes"]
        shared = self.unnamed_bytes
        if used + sum(with_others for _, with_others in sizes) > most:
            # Some of it may be of files, and of several processes: that costs more to find out.
            shared = max(shared, sum(map(_shared_memory_of, pids)))
        return "memory" if used + shared > most else ""

    def _has_filled_the_disk(self) -> bool:
        folders = self.instructions["folders"]
        on_disk, self.unnamed_bytes = _unnamed(_descendants(os.getpid()), folders)
        return _is_full(folders, self.limits["disk_bytes"] - on_disk)

    def _drain(self) -> None:
        """Read the rest that the dead have left in their pipes."""
        until = time.monotonic() + _DRAIN_SECONDS
        for descriptor in self.streams:
            os.set_blocking(descriptor, False)
            while time.monotonic() < until:
                try:
                    chunk = os.read(descriptor, _CHUNK)
                except BlockingIOError:
                    break
                if not chunk:
                    break
                stream = self.streams[descriptor]
                if head := stream.take(chunk):
                    self._say(stream.name, head)
        for stream in self.streams.values():
            if rest := stream.rest():
                self._say(stream.name, rest)

    def _end(self) -> dict[str, Any]:
        status = _status(self.status)
        began = True
        if self.instructions["reports_status"]:
            # The process that reports the beginning may have been killed after the command had
            # begun.
            is_killed = self.code is not None and self.code < 0
            began = "exit-code" in status or bool(self.why) or is_killed
        elif self.code == _NOT_EXECUTED:
            began = "exec" not in status
        return {
            "code": self.code,
            "why": self.why,
            "began": began,
            "left_out": {stream.name.decode(): stream.left_out for stream in self.streams.values()},
            "problem": status.get("exec", ""),
        }


class Stream:
    """One output: its beginning is told as it comes, its end when the command is over."""

    def __init__(self, name: bytes, head_bytes: int, tail_bytes: int) -> None:
        self.name = name
        self.left_out = 0
        self._room = head_bytes
        self._tail_bytes = tail_bytes
        self._tail = bytearray()

    def take(self, chunk: bytes) -> bytes:
        """The part of it that is told at once."""
        head, rest = chunk[: self._room], chunk[self._room :]
        self._room -= len(head)
        self._tail += rest
        over = len(self._tail) - self._tail_bytes
        if over > 0:
            self.left_out += over
            del self._tail[:over]
        return head

    def rest(self) -> bytes:
        """The end that was kept, behind a line that says what is missing before it."""
        if not self.left_out:
            return bytes(self._tail)
        note = f"\n[… {self.left_out:,} bytes are left out here …]\n"
        return note.encode() + bytes(self._tail)


def _become(
    argv: list[str],
    instructions: dict[str, Any],
    stdin: int,
    out: int,
    err: int,
    inherited: list[int | None],
) -> None:
    """Prepare the forked child and turn it into the command. It never returns."""
    try:
        os.setsid()
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if not instructions.get("keeps_privileges"):
            _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        for target, source in enumerate((stdin, out, err)):
            os.dup2(source, target)
        for descriptor in inherited:
            if descriptor is not None:
                os.set_inheritable(descriptor, True)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _limit(instructions["limits"])
        os.chdir(instructions["cwd"])
        os.execve(argv[0], argv, instructions["environment"])
    except BaseException as problem:
        status = inherited[0]
        if status is not None:
            os.write(status, json.dumps({"exec": f"{problem}"[:500]}).encode())
    finally:
        os._exit(_NOT_EXECUTED)


def _limit(limits: dict[str, Any]) -> None:
    os.nice(5)
    # The kernel, short of memory, takes commands before it takes the worker.
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("700")
    except OSError:
        pass
    for number, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits["disk_bytes"]),
        (resource.RLIMIT_NOFILE, 4_096),
    ):
        hard = resource.getrlimit(number)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (bound, bound))


def _memory_file(name: str, body: bytes) -> int | None:
    """A file without a name on a disk, to be read from its beginning; None for nothing."""
    if not body:
        return None
    descriptor = os.memfd_create(name)
    while body:
        body = body[os.write(descriptor, body) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _status(descriptor: int) -> dict[str, Any]:
    """The status that was told beside the output: JSON documents, one after the other."""
    os.set_blocking(descriptor, False)
    status: dict[str, Any] = {}
    try:
        body = os.read(descriptor, _CHUNK).decode("utf-8", "replace")
    except BlockingIOError:
        return status
    decoder, at = json.JSONDecoder(), 0
    while (at := at + len(body[at:]) - len(body[at:].lstrip())) < len(body):
        try:
            document, at = decoder.raw_decode(body, at)
        except ValueError:
            break
        status.update(document)
    return status


def _descendants(pid: int) -> list[int]:
    pids: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        pids += children
        waiting += children
    return pids


def _children(pid: int) -> list[int]:
    pids: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return pids
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                pids += map(int, file.read().split())
        except OSError:
            continue
    return pids


def _memory_of(pid: int) -> tuple[int, int]:
    """Resident bytes that are its own, and those of files and of what it may share with others."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            words = file.read().split()
    except OSError:
        return 0, 0
    if len(words) < 3:
        return 0, 0
    return (int(words[1]) - int(words[2])) * _PAGE, int(words[2]) * _PAGE


def _shared_memory_of(pid: int) -> int:
    """Its part of the memory that processes share: each of two has half of it."""
    for name, word in (("smaps_rollup", "Pss_Shmem:"), ("status", "RssShmem:")):
        try:
            with open(f"/proc/{pid}/{name}", encoding="ascii", errors="replace") as file:
                lines = [line.split() for line in file if line.startswith(word)]
        except OSError:
            continue
        if lines:
            return int(lines[0][1]) * 1024
    return 0


def _unnamed(pids: list[int], folders: list[str]) -> tuple[int, int]:
    """The bytes of open files that no folder holds: of removed ones, on the disk of the folders,
    and of those that were made in memory.
    """
    disks = {file.st_dev for file in map(_stat, folders) if file is not None}
    sizes: dict[tuple[int, int], int] = {}
    for pid in pids:
        try:
            paths = [f"/proc/{pid}/fd/{name}" for name in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        for path in paths:
            file = _stat(path)
            if file is not None and stat.S_ISREG(file.st_mode) and not file.st_nlink:
                sizes[file.st_dev, file.st_ino] = file.st_blocks * 512
    on_disk = sum(size for (device, _), size in sizes.items() if device in disks)
    return on_disk, sum(sizes.values()) - on_disk


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _is_full(folders: list[str], most_bytes: int) -> bool:
    """Whether the folders hold more than they may; links are not followed."""
    size = entries = 0
    waiting = list(folders)
    while waiting:
        try:
            with os.scandir(waiting.pop()) as folder:
                for entry in folder:
                    entries += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
        if size > most_bytes or entries > _ENTRIES:
            return True
    return False


def _carry_out(argv: list[str], environment: dict[str, str]) -> None:
    """Run what ends the rest of the command. It gets so long and no longer."""
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    try:
        pid = os.posix_spawn(argv[0], argv, environment, file_actions=nothing)
    except OSError:
        return
    until = time.monotonic() + _AFTER_SECONDS
    while time.monotonic() < until:
        try:
            ended = os.waitpid(-1, os.WNOHANG)[0]
        except ChildProcessError:
            return
        if ended == pid:
            return
        if not ended:
            time.sleep(0.02)
    _kill_all()


def _kill_all() -> None:
    """Kill whatever is below this process until nothing is. A process that is stopped starts no
    other.
    """
    while pids := _descendants(os.getpid()):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                try:
                    os.kill(pid, number)
                except OSError:
                    continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            continue
        time.sleep(0.002)


def main() -> None:
    parent = int(sys.argv[1])
    wake, wakes = os.pipe()
    os.set_blocking(wakes, False)
    ends: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ends.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return
    length = struct.unpack("!I", _exactly(4))[0]
    keeper = Keeper(json.loads(_exactly(length)), wake, ends)
    signal.set_wakeup_fd(wakes)
    keeper.run()


def _exactly(count: int) -> bytes:
    received = b""
    while len(received) < count:
        chunk = os.read(0, count - len(received))
        if not chunk:
            sys.exit(0)
        received += chunk
    return received


if __name__ == "__main__":
    main()
