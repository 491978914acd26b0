from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import psutil

from executions.supervisor.child import Child, describe, run_python
from tests.processes import lives

Lines = list[tuple[str, str]]
FOREVER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
    " time.sleep(600)"
)
WITH_HEIR = (
    "import subprocess, sys, time; heir = subprocess.Popen([sys.executable, '-c', 'import time;"
    " time.sleep(600)']);print(heir.pid, flush=True); time.sleep(600)"
)


async def _eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def _with_child(
    source: str, body: Callable[[Child, Lines], Awaitable[None]], stop_seconds: float = 10.0
) -> Lines:
    lines: Lines = []

    async def run() -> None:
        command = run_python("-c", source)
        child = Child(
            "worker-1",
            command,
            lambda name, line: lines.append((name, line)),
            stop_seconds=stop_seconds,
        )
        child.start()
        try:
            await _eventually(lambda: bool(lines))
            await body(child, lines)
        finally:
            await child.stop()

    asyncio.run(run())
    return lines


def test_a_child_that_dies_is_started_again_and_the_log_says_why() -> None:
    async def kill(child: Child, lines: Lines) -> None:
        assert child.process is not None
        child.process.kill()
        await _eventually(lambda: lines.count(("worker-1", "up")) == 2)

    lines = _with_child(FOREVER, kill)
    assert lines == [
        ("worker-1", "up"),
        ("worker-1", "ended (killed by SIGKILL); starting it again in 0.2 s"),
        ("worker-1", "up"),
    ]


def test_a_child_that_ends_by_itself_is_started_again_too() -> None:
    async def wait(child: Child, lines: Lines) -> None:
        await _eventually(lambda: lines.count(("worker-1", "once")) == 2)

    assert ("worker-1", "ended (exit code 3); starting it again in 0.2 s") in _with_child(
        "import sys; print('once', flush=True); sys.exit(3)", wait
    )


def test_a_stopped_child_stays_stopped() -> None:
    async def stop(child: Child, lines: Lines) -> None:
        assert child.process is not None
        await child.stop()
        assert child.process.returncode == -signal.SIGTERM

    assert _with_child(FOREVER, stop) == [("worker-1", "up")]


def test_a_child_that_does_not_want_to_stop_is_killed() -> None:
    async def stop(child: Child, lines: Lines) -> None:
        assert child.process is not None
        await child.stop()
        assert child.process.returncode == -signal.SIGKILL

    assert _with_child(STUBBORN, stop, stop_seconds=0.2)[-1] == (
        "worker-1",
        "did not stop within 0.2 s and was killed",
    )


def test_what_a_killed_child_had_started_goes_with_it() -> None:
    heirs: list[psutil.Process] = []

    async def kill(child: Child, lines: Lines) -> None:
        heirs.append(psutil.Process(int(lines[0][1])))
        assert child.process is not None
        child.process.kill()
        await _eventually(lambda: not lives(heirs[0]))

    _with_child(WITH_HEIR, kill)


def test_a_line_that_never_ends_does_not_stop_the_log() -> None:
    async def wait(child: Child, lines: Lines) -> None:
        await _eventually(lambda: ("worker-1", "after") in lines)

    source = "print('x' * 3_000_000); print('after', flush=True); import time; time.sleep(600)"
    assert any("was left out" in line for _, line in _with_child(source, wait))


def test_a_child_ends_with_a_supervisor_that_was_killed() -> None:
    supervisor = (
        "import asyncio, sys\n"
        "from executions.supervisor.child import Child\n"
        "async def main():\n"
        "    say = lambda name, line: print(child.process.pid, flush=True)\n"
        f"    child = Child('c', [sys.executable, '-c', {FOREVER!r}], say)\n"
        "    child.start()\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )

    async def run() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", supervisor, stdout=asyncio.subprocess.PIPE, cwd=os.getcwd()
        )
        assert process.stdout is not None
        child = psutil.Process(int(await process.stdout.readline()))
        process.kill()
        await process.wait()
        await _eventually(lambda: not lives(child))

    asyncio.run(run())


def test_exit_codes_are_told_in_words() -> None:
    assert [describe(code) for code in (0, 3, -9)] == [
        "exit code 0",
        "exit code 3",
        "killed by SIGKILL",
    ]
