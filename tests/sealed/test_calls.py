"""What a sealed child answers, and what becomes of a call whose child cannot."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from executions import sealed
from executions.sealed.mother import Mother
from executions.sealed.process import SealedChild
from tests.processes import lives
from tests.sealed.programs import FOR_EVER, run, run_once, slow_children, threads_that_may_hang
from tests.waiting import until

LINUX_ONLY = pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="reads /proc")


def test_a_call_is_answered() -> None:
    assert run(".n + 1", '{"n": 1}') == b"2"


def test_what_the_operation_refuses_is_told_by_kind_and_reason() -> None:
    with pytest.raises(sealed.SealedRefused, match="lenght/0 is not defined") as refusal:
        run("lenght")
    assert refusal.value.kind == "compile"


@pytest.mark.parametrize("size", [10, 70_000, 1_000_000])
def test_payloads_and_answers_of_any_size_go_through(size: int) -> None:
    text = '"' + "x" * size + '"'
    assert run(".", text) == text.encode()


def test_an_answer_that_is_too_large_is_refused() -> None:
    sealed.configure(sealed.Limits(max_answer_bytes=1_000))
    with pytest.raises(sealed.SealedTooLarge):
        run("[range(1000)]")
    assert run("1") == b"1"


def test_a_call_without_end_is_stopped_and_its_child_with_it() -> None:
    run("1")
    with pytest.raises(sealed.SealedTimedOut, match=r"did not end within 0\.2 s"):
        run(FOR_EVER, seconds=0.2)
    assert all(psutil.Process(pid).cpu_percent() < 50 for pid in sealed.pids())
    assert run("2") == b"2"


@pytest.mark.parametrize("program", ["def f: 1 + f; f", '"x" * 300000000'])
def test_a_call_that_eats_all_memory_ends_alone(program: str) -> None:
    with pytest.raises((sealed.SealedDied, sealed.SealedOutOfMemory)):
        run(program, seconds=30.0)
    assert run("2") == b"2"


def test_a_child_that_is_killed_ends_its_call_and_nothing_else() -> None:
    with threads_that_may_hang(1) as threads:
        hanging = threads.submit(run, FOR_EVER, seconds=60.0)
        slow = until(slow_children, what="the call is slow")[0]
        os.kill(slow, signal.SIGKILL)
        with pytest.raises(sealed.SealedDied):
            hanging.result(timeout=60)
    assert run("2") == b"2"
    assert slow not in sealed.pids()


def test_a_child_that_was_stopped_is_replaced_and_its_call_answered() -> None:
    assert run("1") == b"1"
    for pid in sealed.pids():
        os.kill(pid, signal.SIGSTOP)
    assert run("2", seconds=60.0) == b"2"


def test_a_mother_that_was_killed_is_replaced() -> None:
    assert run("1") == b"1"
    mother = psutil.Process(psutil.Process(sealed.pids()[0]).ppid())
    mother.kill()
    until(lambda: not lives(mother), what="she has ended")
    for _ in range(3):
        try:
            assert run("2") == b"2"
            break
        except sealed.SealedDied:
            continue  # the shared child died with her
    assert run("3") == b"3"


@LINUX_ONLY
def test_a_child_has_nothing_to_give_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STIGMER_LEAK_CANARY", "canary-value")
    assert run("[env, $ENV]") == b"[{},{}]"
    for pid in sealed.pids():
        folder = Path(f"/proc/{pid}")
        lines = (folder / "limits").read_text().splitlines()[1:]
        limits = {line[:26].strip(): line[26:].split()[1] for line in lines}
        assert limits["Max open files"] == "3"
        assert limits["Max processes"] == "0"
        assert limits["Max file size"] == "0"
        assert limits["Max core file size"] == "0"
        assert limits["Max address space"] == str(256 * 1024 * 1024)
        status = (folder / "status").read_text()
        assert "NoNewPrivs:\t1" in status
        if os.geteuid() == 0:
            assert b"canary" not in (folder / "environ").read_bytes()
            open_files = sorted(os.readlink(each) for each in (folder / "fd").iterdir())
            assert open_files[0] == "/dev/null"
            assert [each.partition(":")[0] for each in open_files[1:]] == ["pipe", "pipe"]


def test_a_forked_process_has_children_of_its_own() -> None:
    assert run("1") == b"1"
    parents = set(sealed.pids())
    child = os.fork()
    if child == 0:
        status = 1
        try:
            alone = run("2") == b"2" and not parents & set(sealed.pids())
            status = 0 if alone else 2
        finally:
            sealed.close()
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert run("3") == b"3"


def test_the_children_end_with_their_process() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        run("1")
        os.write(writer, " ".join(map(str, sealed.pids())).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    pids = [int(pid) for pid in os.read(reader, 1_000).split()]
    os.close(reader)
    os.close(writer)
    assert pids
    until(lambda: not any(map(lives, pids)), what="they have ended")


def test_a_call_with_secrets_has_a_child_that_never_worked_and_never_will() -> None:
    run("1")
    before = set(sealed.pids())
    assert run_once("2") == b"2"
    with pytest.raises(sealed.SealedRefused) as refusal:
        run_once(". + 1", '"the secret"')
    assert refusal.value.kind == "failed"
    assert set(sealed.pids()) == before
    with threads_that_may_hang(1) as threads:
        hanging = threads.submit(run_once, FOR_EVER, seconds=0.3)
        own = until(lambda: set(sealed.pids()) - before, what="it has a child of its own")
        with pytest.raises(sealed.SealedTimedOut):
            hanging.result(timeout=60)
    until(lambda: not any(map(lives, own)), what="its child has ended")


def test_closing_ends_what_runs_and_what_waits_with_words_of_its_own() -> None:
    with threads_that_may_hang(3) as threads:
        calls = [threads.submit(run, FOR_EVER, seconds=60.0) for _ in range(3)]
        until(slow_children, what="one is slow")
        sealed.close()
        for call in calls:
            with pytest.raises(sealed.SealedClosed):
                call.result(timeout=60)
    assert run("1") == b"1"


def test_a_machine_that_starts_no_process_for_a_moment_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    child = Mother.child

    def unavailable(mother: Mother) -> SealedChild:
        asked.append(mother)
        if len(asked) < 3:
            raise sealed.SealedUnavailable("out of processes")
        return child(mother)

    monkeypatch.setattr(Mother, "child", unavailable)
    assert run("1") == b"1"


def test_a_patient_caller_waits_for_a_process_and_that_time_counts_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed.configure(sealed.Limits(is_patient=True))
    monkeypatch.setattr("executions.sealed.stock._PAUSES_SECONDS", (0.01,))
    asked = []
    child = Mother.child

    def unavailable(mother: Mother) -> SealedChild:
        asked.append(mother)
        if len(asked) < 8:
            raise sealed.SealedUnavailable("out of processes")
        return child(mother)

    monkeypatch.setattr(Mother, "child", unavailable)
    before = sealed.waited_seconds()
    assert run("1") == b"1"
    assert sealed.waited_seconds() - before >= 7 * 0.01 - 1e-6


def test_a_patient_caller_is_told_when_the_children_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed.configure(sealed.Limits(is_patient=True))
    monkeypatch.setattr("executions.sealed.stock._PAUSES_SECONDS", (0.01,))
    asked = threading.Event()

    def unavailable(mother: Mother) -> SealedChild:
        asked.set()
        raise sealed.SealedUnavailable("out of processes")

    monkeypatch.setattr(Mother, "child", unavailable)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run, "1")
        assert asked.wait(30)
        sealed.close()
        with pytest.raises(sealed.SealedClosed):
            waiting.result(30)


def test_a_machine_that_starts_no_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executions.sealed.stock._PAUSES_SECONDS", (0.0,))
    monkeypatch.setattr("executions.sealed.mother.sys.executable", "/absent")
    with pytest.raises(sealed.SealedUnavailable, match="could not be started"):
        run("1")
