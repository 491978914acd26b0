"""`python -m benchmarks.beside_agents [sqlite|postgres] [SESSIONS] [ROUNDS]`: ten-step workflows
alone, and beside answers of agents that stream, in alternating rounds, on two real workers. Prints
workflows a second, the workers' processor time for one, the memory of workers and minds, and which
process uses how much processor time for a thousand tokens while agents stream and nothing else
runs: that hardly depends on who else works on the machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.one import WARM_UP, cpu_seconds, functions_of_workers
from benchmarks.surroundings import ROOT, surroundings, workers

if TYPE_CHECKING:
    from benchmarks.load import Load
    from executions.models import Agent

WORKERS, RATE, SECONDS, BURST = 2, 20, 50, 300
# So long only agents stream.
WINDOW_SECONDS = 10
AGENT = "kind: Agent\nname: talker\ninstructions: Stream when you are told to.\nmodel: demo\n"


@dataclass(slots=True)
class Round:
    """Of one burst: workflows a second, and the workers' processor time for one, in ms. While it
    ran the minds, and the model's stand-in, used so many seconds of processor time.
    """

    per_second: float
    worker_ms: float
    minds: float = 0.0
    model: float = 0.0
    mebibytes: float = 0.0
    late: float = 0.0
    per_thousand: dict[str, float] = field(default_factory=dict)


@contextmanager
def model(folder: Path) -> Iterator[tuple[str, int]]:
    """The model's stand-in in a process of its own: its address, and its process id."""
    home = folder / "model"
    home.mkdir()
    command = [sys.executable, "-m", "benchmarks.talker", str(home), str(RATE), str(SECONDS)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not (home / "address").exists():
            time.sleep(0.05)
        yield (home / "address").read_text(), process.pid
    finally:
        process.kill()
        process.wait()


def minds(pids: list[int]) -> list[int]:
    """The processes of these workers that speak to models."""
    return [
        child.pid
        for pid in pids
        for child in psutil.Process(pid).children(recursive=True)
        if "executions.mind.child" in child.cmdline()
    ]


def mebibytes(pids: list[int]) -> float:
    """The memory of these processes and all below them: shared pages count once, with the one that
    has them (PSS).
    """
    processes = [psutil.Process(pid) for pid in pids]
    processes += [child for each in processes for child in each.children(recursive=True)]
    return sum(float(each.memory_full_info().pss) for each in processes) / 2**20


def redis() -> list[int]:
    return [
        each.pid
        for each in psutil.Process().children()
        if "redis" in each.name() or "valkey" in each.name()
    ]


def streaming(sessions: int, processes: dict[str, list[int]]) -> dict[str, float]:
    """Seconds of processor time that each of these used for a thousand tokens."""
    began = time.monotonic()
    before = {name: cpu_seconds(pids) for name, pids in processes.items()}
    time.sleep(WINDOW_SECONDS)
    tokens = sessions * RATE * (time.monotonic() - began)
    return {
        name: (cpu_seconds(pids) - before[name]) / tokens * 1000 for name, pids in processes.items()
    }


def burst(work: Load, pids: list[int]) -> Round:
    used = cpu_seconds(pids)
    took = work.burst(BURST)
    return Round(BURST / took, (cpu_seconds(pids) - used) / BURST * 1000)


def beside(work: Load, agent: Agent, pids: list[int], model_pid: int, sessions: int) -> Round:
    """A burst while so many agents stream; the answers are then waited for."""
    from executions.intake.start import start_agent
    from executions.models import Execution, Step
    from tests.waiting import until

    runs = [
        start_agent(agent, agent.owner, message="stream", name=str(number)).pk
        for number in range(sessions)
    ]
    turns = Step.objects.filter(execution__in=runs, path="/turn/1")
    until(lambda: turns.count() == sessions, what="all stream", seconds=120)
    speaking = minds(pids)
    before = cpu_seconds(speaking), cpu_seconds([model_pid])
    burst_round = burst(work, pids)
    burst_round.minds = cpu_seconds(speaking) - before[0]
    burst_round.model = cpu_seconds([model_pid]) - before[1]
    if turns.filter(finished_at=None).count() < sessions:
        raise SystemExit("Answers ended before the burst did: raise SECONDS.")
    processes = {"workers": pids, "minds": speaking, "Redis": redis()}
    burst_round.per_thousand = streaming(
        sessions, processes | {"the model's stand-in": [model_pid]}
    )
    if turns.filter(finished_at=None).count() < sessions:
        raise SystemExit("Answers ended while they were measured: raise SECONDS.")
    burst_round.mebibytes = mebibytes(pids)
    ended = Execution.objects.filter(pk__in=runs, phase="COMPLETED")
    until(lambda: ended.count() == sessions, what="all have ended", seconds=300)
    lasted = [
        (finished - started).total_seconds()
        for started, finished in turns.values_list("started_at", "finished_at")
        if started is not None and finished is not None
    ]
    burst_round.late = max(lasted) - SECONDS
    return burst_round


def main(database: str, sessions: int, rounds: int) -> None:
    with surroundings(database) as folder, model(folder) as (address, model_pid):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from django.contrib.auth.models import User

        from benchmarks import load
        from executions.intake.agents import apply_agent
        from executions.models import LanguageModel

        functions_of_workers()
        LanguageModel.objects.create(name="demo", address=f"{address}v1", remote_name="demo")
        work = load.Load.prepared()
        agent = apply_agent(AGENT, User.objects.create(username="talks")).agent
        with workers(WORKERS) as pids:
            load.wait_for_workers(WORKERS)
            work.burst(WARM_UP)
            alone, with_agents = [], []
            for _ in range(rounds):
                alone.append(burst(work, pids))
                with_agents.append(beside(work, agent, pids, model_pid, sessions))
    report(database, sessions, alone, with_agents)


def report(database: str, sessions: int, alone: list[Round], beside: list[Round]) -> None:
    def middle(rounds: list[Round], name: str) -> float:
        return float(statistics.median(getattr(each, name) for each in rounds))

    print(f"{database}: {sessions} answers of {RATE} tokens/s on {WORKERS} workers, medians")
    for what, rounds in (("alone", alone), ("beside", beside)):
        speeds = ", ".join(f"{each.per_second:.1f}" for each in rounds)
        print(
            f"  {what:6}  {middle(rounds, 'per_second'):6.1f} workflows/s ({speeds}),"
            f" {middle(rounds, 'worker_ms'):5.1f} ms of the workers' processor time for each"
        )
    share = middle(beside, "per_second") / middle(alone, "per_second")
    print(
        f"  {share:.2f} x; meanwhile the minds used {middle(beside, 'minds'):.1f} s and the model's"
        f" stand-in {middle(beside, 'model'):.1f} s of processor time;"
        f" {middle(beside, 'mebibytes'):,.0f} MiB for workers and minds; the last answer came"
        f" {max(each.late for each in beside):.1f} s late"
    )
    of_each = {
        name: statistics.median(each.per_thousand[name] for each in beside)
        for name in beside[0].per_thousand
    }
    costs = ", ".join(f"{name} {seconds:.3f}" for name, seconds in of_each.items())
    print(f"  s of processor time for 1,000 tokens: {costs}; together {sum(of_each.values()):.3f}")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        given[0] if given else "sqlite",
        int(given[1]) if len(given) > 1 else 100,
        int(given[2]) if len(given) > 2 else 3,
    )
