"""F8: clocks jump by an hour or a day, forth and back, or pass the change to and from summer time,
while timers run.

On PostgreSQL the server's clock stays right: that of one worker, of the web server, or of all our
processes jumps, and stays so. With SQLite the clock of our processes is the database's own: it
jumps for all at once, and where it jumped back it is put right after a while, as what was due by
then would have to wait otherwise. In neither case is a lease lost or a timer early by the clock of
the database.
"""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tests.faults.harness import clocks, oracle, work
from tests.faults.harness.clocks import Clock
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig
from tests.faults.harness.shapes import Shape, call
from tests.faults.harness.storm import CALL_SECONDS, delay_answers
from tests.faults.harness.web import Web, web_server
from tests.faults.harness.workers import crew
from tests.waiting import until

FAULT = "F8"
ZONE = "Europe/Berlin"
HOUR, DAY = 3600.0, 86_400.0
JUMPS: dict[str, float | datetime] = {
    "hour-forth": HOUR,
    "hour-back": -HOUR,
    "day-forth": DAY,
    "day-back": -DAY,
    "autumn": datetime(2026, 10, 25, 0, 59, 58, tzinfo=UTC),
    "spring": datetime(2027, 3, 28, 0, 59, 58, tzinfo=UTC),
}
WHO = {"sqlite": ["host"], "postgres": ["worker", "web", "both"]}
# Every jump once for everybody who may jump; twice where there is but one.
TRIALS = {"sqlite": 12, "postgres": 18}
BATCH = 6
WAIT_SECONDS, RETRY_SECONDS = 2.0, 1.0
EARLY_SECONDS, LATE_SECONDS = 1.0, 10.0
HELD_SECONDS = 3.0
ANSWERED_SECONDS = 0.5
PATIENCE_SECONDS = 40.0
RETRY = (
    f"retry: {{delay: {{milliseconds: {int(RETRY_SECONDS * 1000)}}}, limit: {{attempt: {{count:"
    " 3}}}"
)
TIMERS = Shape(
    "timers",
    f"""do:
- first: {call("first")}
- rest: {{wait: {{milliseconds: {int(WAIT_SECONDS * 1000)}}}}}
- second: {call("second")}
- third: {call("third", "refuse: 1, status: 503", RETRY)}
- after: {{set: {{done: true}}}}
""",
    {"done": True},
    3,
)


@dataclass(slots=True)
class Clocks:
    """Those of the two workers and of the web server; ``database`` is the one that counts (None:
    the real one).
    """

    workers: list[Clock]
    web: Clock
    database: Clock | None

    def jumping(self, who: str) -> list[Clock]:
        return {"worker": self.workers[:1], "web": [self.web]}.get(who, [*self.workers, self.web])


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    if clocks.library() is None:
        print(f"F8 is left out. {clocks.ABSENT}", flush=True)
        return
    rig.in_child(partial(work.apply, [TIMERS], rig.ledger_url))
    delay_answers(rig, CALL_SECONDS)
    token = rig.in_child(_token)
    names = list(JUMPS)
    for number in range(TRIALS[rig.database]):
        who = WHO[rig.database][number % len(WHO[rig.database])]
        jump = names[(number // len(WHO[rig.database])) % len(names)]
        seed = f"{rig.database}:{who}:{jump}:{number}"
        if seed not in done:
            yield _trial(rig, seed, who, JUMPS[jump], token)


def _trial(rig: Rig, seed: str, who: str, jump: float | datetime, token: str) -> Trial:
    """Everything is started anew: a process that was declared dead in the one before has no part in
    this one.
    """
    trial, chance, began = Trial(FAULT, seed), random.Random(seed), time.monotonic()
    web = Clock(rig.folder / "web.clock")
    of_workers = (
        [web, web]
        if rig.database == "sqlite"
        else [Clock(rig.folder / f"{n}.clock") for n in range(2)]
    )
    used = Clocks(of_workers, web, web if rig.database == "sqlite" else None)
    zone = {"STIGMER_TEST_TIME_ZONE": ZONE}
    with crew(rig, 0) as (workers, _), web_server(rig, {**zone, **web.environment}) as server:
        for clock in used.workers:
            workers.environment = {**zone, **clock.environment}
            workers.start()
        pids = [process.pid for process in workers.processes]
        until(
            lambda: rig.in_child(partial(_living, pids)) == len(pids),
            what="the workers have signed on",
        )
        ids = [_run(server, token, f"{seed}-{number}") for number in range(BATCH)]
        time.sleep(chance.uniform(0.2, 1.5))
        _jump(used.jumping(who), jump)
        ids += [_run(server, token, f"{seed}-{BATCH + number}") for number in range(BATCH)]
        if used.database is not None and used.database.is_behind():
            time.sleep(HELD_SECONDS)
            _jump(used.jumping(who), 0.0)
        try:
            until(partial(_at_rest, rig, ids), what="all are at rest", seconds=PATIENCE_SECONDS)
        except AssertionError as problem:
            trial.violations.append(f"I1: {problem}")
        trial.violations += rig.in_child(partial(_judged, rig, ids, used.database))
        trial.violations += rig.in_child(partial(_declared_dead, pids))
        trial.violations += [
            f"I3: worker {each.pid} ended" for each in workers.processes if each.poll() is not None
        ]
    trial.seconds = round(time.monotonic() - began, 2)
    return trial


def _jump(jumping: Sequence[Clock], jump: float | datetime) -> None:
    for clock in jumping:
        clock.set_to(jump) if isinstance(jump, datetime) else clock.set(jump)


def _run(web: Web, token: str, name: str) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{web.port}/api/v1/workflows/{TIMERS.name}/run",
        json.dumps({"name": name}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    answers: list[str] = []
    until(lambda: _accepted(request, answers), what="the run is accepted")
    return answers[0]


def _accepted(request: urllib.request.Request, answers: list[str]) -> bool:
    """In the moment after a jump no worker seems to live: who is answered 503 asks again."""
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            answers.append(json.load(answer)["id"])
    except urllib.error.HTTPError as problem:
        if problem.code != 503:
            raise
    return bool(answers)


def _at_rest(rig: Rig, ids: list[str]) -> bool:
    time.sleep(0.2)
    return bool(rig.in_child(partial(_left, ids)) == 0)


# --- In a child of the rig ------------------------------------------------------------------------


def _token() -> str:
    from django.contrib.auth.models import User

    from executions import tokens

    return tokens.mint(User.objects.get(username="ann"), "faults", ["run"], days=None).secret


def _living(pids: list[int]) -> int:
    from executions.models import Process

    return Process.objects.filter(dead_at=None, pid__in=pids).count()


def _left(ids: list[str]) -> int:
    from executions.models import Execution

    return (
        Execution.objects.filter(pk__in=_keys(ids))
        .exclude(phase__in=("COMPLETED", "FAILED"))
        .count()
    )


def _keys(ids: list[str]) -> list[str]:
    from executions.ids import parse_public_id

    return [str(parse_public_id(each, "wex")) for each in ids]


def _judged(rig: Rig, ids: list[str], database: Clock | None) -> list[str]:
    found = []
    for public_id, key in zip(ids, _keys(ids), strict=True):
        found += oracle.judge(key, TIMERS, rig.ledger_url, kills=0)
        found += _timers(oracle.effects_of(public_id, rig.ledger_url), database)
        if oracle.takeovers(key):
            found.append("I3: a lease was stolen from a process that lives")
    return found[:30]


def _timers(entries: list[dict[str, object]], database: Clock | None) -> Iterator[str]:
    """Between the two calls lies a wait; it is measured by the clock of the database."""
    calls = {str(entry["body"]["name"]): float(str(entry["at"])) for entry in entries}  # type: ignore[index]
    if not {"first", "second"} <= calls.keys():
        return
    by = (lambda real: real) if database is None else database.at
    # Where the clock jumped while the first call was answered, the wait began after that.
    begun = min(by(calls["first"]), by(calls["first"] + ANSWERED_SECONDS))
    waited = by(calls["second"]) - begun - CALL_SECONDS
    if waited < WAIT_SECONDS - EARLY_SECONDS:
        yield f"I1: a timer of {WAIT_SECONDS} s fired after {waited:.2f} s"
    if database is None and waited > WAIT_SECONDS + LATE_SECONDS:
        yield f"I1: a timer of {WAIT_SECONDS} s fired only after {waited:.2f} s"


def _declared_dead(pids: list[int]) -> list[str]:
    from executions.models import Process

    wrong = Process.objects.filter(pid__in=pids).exclude(dead_at=None)
    return [f"I3: worker {process.pid} was declared dead: {process.death}" for process in wrong]
