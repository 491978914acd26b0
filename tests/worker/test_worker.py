"""Real worker processes: killed, stopped, without bells, with wrong jobs, with a Redis that comes
and goes.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import uuid
import zlib
from datetime import UTC, datetime

import psutil
import pytest
import redis

from executions.models import Attempt, Execution, Process, Step
from executions.states import Phase, StepStatus
from executions.verbs.deciding import control
from tests.driving.texts import call, get, listed, tasks
from tests.processes import below
from tests.services import redis_server
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.processes]


def test_a_worker_drives_what_is_started(worker, begin, ends, tmp_path):
    worker()
    execution = ends(
        begin(
            tasks(
                a=call("note", ledger=str(tmp_path / "book"), line="a"),
                b="{wait: {milliseconds: 5}}",
                c="{set: {n: 1}}",
            )
        )
    )
    assert execution.output == {"n": 1}
    assert (tmp_path / "book").read_text().count("\n") == 1


def test_a_worker_that_is_killed_in_a_step_is_followed_by_another(worker, begin, ends, gated):
    first = worker()
    execution = begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 2}}"))
    until(lambda: gated.inside == 1, what="the call is under way")
    first.kill()
    first.wait()
    worker()
    until(lambda: len(gated.seen) == 2, what="another worker calls again")
    gated.gate.set()
    assert ends(execution).output == {"n": 2}
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == [
        "lost",
        "succeeded",
    ]
    assert Process.objects.get(pid=first.pid).dead_at is not None


def test_what_may_happen_once_only_waits_for_a_person_after_a_kill(worker, begin, ends, gated):
    first = worker()
    execution = begin(tasks(a=get(f"{gated.url}/gated", "metadata: {effect: at_most_once}")))
    until(lambda: gated.inside == 1, what="the call is under way")
    first.kill()
    first.wait()
    worker()
    until(
        lambda: Execution.objects.get(pk=execution.pk).waiting_for == "decision",
        what="it waits for a person",
    )
    assert len(gated.seen) == 1


def test_a_worker_that_is_asked_to_stop_ends_its_step_and_gives_the_rest_back(
    worker, begin, ends, gated, log
):
    first = worker()
    execution = begin(
        tasks(a=get(f"{gated.url}/gated"), b=get(f"{gated.url}/echo"), c="{set: {n: 3}}")
    )
    until(lambda: gated.inside == 1, what="the call is under way")
    first.send_signal(signal.SIGTERM)
    until(lambda: "worker stops" in log.read_text(), what="the worker has noticed")
    gated.gate.set()
    assert first.wait(30) == 0
    seen = Execution.objects.get(pk=execution.pk)
    assert (seen.phase, seen.process_id) == (Phase.PENDING, None)
    assert Step.objects.get(path="/a").status == StepStatus.SUCCEEDED
    worker()
    assert ends(execution).output == {"n": 3}
    assert [request.path for request in gated.seen] == ["/gated", "/echo"]
    assert not Attempt.objects.exists()


def test_a_worker_with_a_step_that_does_not_end_stops_all_the_same(worker, begin, ends, gated):
    first = worker(STIGMER_DRAIN_SECONDS=0.5)
    execution = begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 2}}"))
    until(lambda: gated.inside == 1, what="the call is under way")
    first.send_signal(signal.SIGTERM)
    assert first.wait(15) == 0
    worker()
    until(lambda: len(gated.seen) == 2, what="another worker calls again")
    gated.gate.set()
    assert ends(execution).output == {"n": 2}


def test_a_lost_bell_is_rung_again(worker, begin, ends, redis_client):
    execution = begin("do: [{a: {set: {n: 1}}}]")
    redis_client.flushdb()
    worker()
    assert ends(execution).output == {"n": 1}


def test_jobs_that_are_no_bells_are_dropped_and_nothing_else_is(worker, begin, ends, redis_client):
    first = worker()
    wrong = {
        "pickled": zlib.compress(pickle.dumps(("executions.jobs.advance", None, ("x",), {}))),
        "not an id": zlib.compress(b'["executions.jobs.advance", null, ["../../etc/passwd"], {}]'),
        "without arguments": zlib.compress(b'["executions.jobs.advance", null, [], {}]'),
        "of another function": zlib.compress(b'["os.system", null, ["true"], {}]'),
        "no JSON": b"\x00\xff",
        "nobody's execution": zlib.compress(
            b'["executions.jobs.advance", null, ["00000000-0000-0000-0000-000000000000"], {}]'
        ),
    }
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for name, payload in wrong.items():
        key = name.replace(" ", "-").replace("'", "")
        redis_client.hset(
            f"rq:job:{key}", mapping={"data": payload, "created_at": now, "origin": "default"}
        )
        redis_client.rpush("rq:queue:default", key)
    redis_client.rpush("rq:queue:default", "a-job-that-is-not-there")
    redis_client.rpush(
        "stigmer:bells:default", "", "os.system", b"\x00\xff", "1 1", uuid.UUID(int=0).hex
    )
    execution = begin("do: [{a: {set: {n: 1}}}]")
    assert ends(execution).output == {"n": 1}
    lists = ("rq:queue:default", "stigmer:bells:default")
    until(lambda: not redis_client.exists(*lists), what="the queue and its lane are empty")
    assert first.poll() is None


def test_a_cancelled_call_is_broken_off(worker, begin, ends, gated, alice):
    worker()
    execution = begin(tasks(a=get(f"{gated.url}/gated")))
    until(lambda: gated.inside == 1, what="the call is under way")
    assert control.cancel(execution.pk, alice) == Phase.IN_PROGRESS
    execution = ends(execution, "CANCELLED")
    assert Step.objects.get(path="/a").status == StepStatus.CANCELLED
    assert execution.process_id is None


def test_redis_may_go_and_come_back(worker, begin, ends, tmp_path, short_folder):
    socket = short_folder / "r.sock"
    first: subprocess.Popen[bytes]
    with redis_server(tmp_path, socket):
        first = worker(REDIS_URL=f"unix://{socket}")
    with pytest.raises(redis.ConnectionError):
        redis.Redis(unix_socket_path=str(socket)).ping()
    # Nobody rings this one: the test's own Redis is another. The worker's sweep finds it and its
    # bell is heard again.
    execution = begin("do: [{a: {set: {n: 1}}}]")
    with redis_server(tmp_path, socket):
        assert ends(execution).output == {"n": 1}
        assert first.poll() is None
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0


def test_two_hundred_executions_wait_in_calls_at_once_on_two_processes(worker, begin, ends, gated):
    # Each has room for half of them: neither may be taken for dead on a busy machine.
    patient = {
        "executions.calls.kind.ATTEMPT_SECONDS": 120,
        "STIGMER_PROCESS_SILENCE_SECONDS": 60,
    }
    workers = [worker(turned=patient) for _ in range(2)]
    text = tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 2}}")
    executions = [begin(text) for _ in range(200)]
    until(lambda: gated.inside == 200, what="200 calls are under way at once", seconds=60)
    total = sum(memory(process.pid) for process in workers)
    gated.gate.set()
    for execution in executions:
        ends(execution, seconds=60)
    assert gated.most == 200
    assert len(gated.seen) == 200
    assert total <= 1024**3, f"{total / 1024**2:.0f} MiB"


def memory(pid: int) -> int:
    """Resident bytes of a process and all that it started."""
    return sum(each.memory_info().rss for each in (psutil.Process(pid), *below(pid)))


def test_executions_inside_composites_are_driven_by_many_workers(worker, begin, ends, tmp_path):
    for _ in range(2):
        worker()
    book = tmp_path / "book"
    inner = listed(a=call("note", ledger=str(book), line="a"))
    text = f"do: [{{loop: {{for: {{in: '${{ [range(10)] }}'}}, do: {inner}}}}}]"
    for execution in [begin(text) for _ in range(20)]:
        ends(execution)
    assert len(book.read_text().splitlines()) == len(set(book.read_text().splitlines())) == 200


def test_what_ends_its_worker_each_time_is_set_aside_and_what_runs_beside_it_ends_well(
    worker, begin, ends
):
    workers = [worker()]
    killer = begin(tasks(a="{call: python, with: {function: tests.kill_worker}}"), name="killer")
    beside = [
        begin("do: [{a: {wait: {milliseconds: 300}}}, {b: {set: {n: 1}}}]", name="beside")
        for _ in range(5)
    ]
    until(lambda: workers[0].poll() is not None, what="the worker is gone")
    workers.append(worker())
    failed = ends(killer, "FAILED", seconds=60)
    assert failed.requires_manual_intervention
    assert "ended 5 times in a row at step /a" in failed.failure_reason
    assert workers[1].poll() is None, "from the second time on it was driven alone"
    for execution in beside:
        assert ends(execution).output == {"n": 1}
    other = begin(tasks(a="{call: python, with: {function: tests.kill_worker}}"), name="killer")
    ends(other, "FAILED", seconds=60)
    assert workers[1].poll() is None, "its version is quarantined"
