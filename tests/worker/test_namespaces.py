"""Two containers that share a host name: the pids of one mean nothing to the other."""

from __future__ import annotations

import subprocess

import pytest

from executions.models import Process, Turn
from tests.driving.texts import get, tasks
from tests.waiting import until

CONTAINER = ("unshare", "--pid", "--fork", "--kill-child")


def may_unshare() -> bool:
    try:
        return (
            subprocess.run([*CONTAINER, "--mount-proc", "true"], capture_output=True).returncode
            == 0
        )
    except FileNotFoundError:
        return False


pytestmark = [
    pytest.mark.database,
    pytest.mark.processes,
    pytest.mark.skipif(not may_unshare(), reason="making a pid namespace takes root"),
]


def sweeps(count: int) -> None:
    """Wait for so many sweeps from now on, whoever makes them."""
    turn = Turn.objects.filter(pk="sweep")
    for number in range(count):
        later = turn.exclude(done_at=turn.values_list("done_at", flat=True).first())
        until(later.exists, what=f"sweep {number + 1} is done")


@pytest.mark.parametrize(
    "proc", [("--mount-proc",), ()], ids=["its own /proc", "the /proc of the host"]
)
def test_two_namespaces_with_one_host_name_do_not_declare_each_other_dead(
    worker, begin, ends, gated, proc
):
    worker()
    worker(inside=(*CONTAINER, *proc))
    outside, inside = Process.objects.order_by("started_at")
    assert (outside.host, outside.boot_id) == (inside.host, inside.boot_id)
    assert outside.pid_namespace != inside.pid_namespace
    execution = begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 1}}"))
    until(lambda: gated.inside == 1, what="the call is under way")
    sweeps(6)
    assert not Process.objects.filter(dead_at__isnull=False).exists()
    gated.gate.set()
    assert ends(execution).token == 1
    assert len(gated.seen) == 1


def test_what_dies_in_another_namespace_is_known_by_its_silence_and_taken_over(
    worker, begin, ends, gated
):
    contained = worker(inside=(*CONTAINER, "--mount-proc"))
    execution = begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 1}}"))
    until(lambda: gated.inside == 1, what="the call is under way")
    worker()
    contained.kill()
    contained.wait()
    until(lambda: len(gated.seen) == 2, what="the other worker took it over", seconds=60)
    gated.gate.set()
    assert ends(execution).token == 2
    assert Process.objects.get(dead_at__isnull=False).death == "its heartbeat stopped"
