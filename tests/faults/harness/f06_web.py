"""F6: the web server is ended by SIGKILL or SIGTERM while 200 pages follow executions that make 50
events a second.

The pages come back as the page's script does (``pages``). In the end each shows what a page shows
that is opened then (I6), none waited longer than allowed, and without them the server is as small
as before (I9).
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.harness import pages
from tests.faults.harness.bounds import Bounds
from tests.faults.harness.pages import Page, Shown
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Child, Overdue, Rig
from tests.faults.harness.web import Web, session_cookie, web_server
from tests.faults.harness.workers import Workers, crew
from tests.waiting import until

FAULT = "F6"
TRIALS, PAGES, EXECUTIONS, ROUNDS = 15, 200, 8, 60
ROWS_EACH = 3
REST_SECONDS = 0.19
RECONNECT_SECONDS = 5.0
CONVERGE_SECONDS = 20.0
# Holds the moment (monotonic) at which the server answered again.
ANSWERS = "web.answers"
# A supervisor's first delay before it starts again what died.
RESTART_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
CHATTY = f"""document: {{dsl: '1.0.0', namespace: faults, name: chatty, version: '1.0.0'}}
do:
- each:
    for: {{in: '${{ [range({ROUNDS})] }}'}}
    do:
    - rest: {{wait: {{milliseconds: {int(REST_SECONDS * 1000)}}}}}
- after: {{set: {{done: true}}}}
"""


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    kinds = {"kill": signal.SIGKILL, "term": signal.SIGTERM}
    seeds = [f"{rig.database}:{list(kinds)[number % 2]}:{number}" for number in range(TRIALS)]
    if done.issuperset(seeds):
        return
    rig.in_child(_apply)
    with crew(rig) as (workers, server), web_server(rig) as web:
        _trial(rig, f"{rig.database}:unharmed:{time.time_ns()}", web, workers, None)
        bounds = Bounds(rig, server.client, lambda: [web.pid])
        for seed in seeds:
            if seed not in done:
                trial = _trial(rig, seed, web, workers, kinds[seed.split(":")[1]])
                trial.violations += bounds.exceeded()
                trial.facts["bounds"] = bounds.last
                yield trial


def _trial(rig: Rig, seed: str, web: Web, workers: Workers, number: signal.Signals | None) -> Trial:
    trial, chance, began = Trial(FAULT, seed), random.Random(seed), time.monotonic()
    workers.keep(2)
    topics = rig.in_child(partial(_start, seed))
    opened = rig.folder / "pages.open"
    for path in (opened, rig.folder / ANSWERS):
        path.unlink(missing_ok=True)
    cookie = rig.in_child(partial(session_cookie, web.port))
    readers = Child(partial(_read, web.port, cookie, topics, seed, opened))
    try:
        until(opened.exists, what="all pages are open", seconds=PATIENCE_SECONDS)
        if number is not None:
            time.sleep(chance.uniform(0.3, 2.0))
            trial.facts["away"] = _away(web, number)
            (rig.folder / ANSWERS).write_text(str(time.monotonic()))
        until(
            partial(_is_quiet, rig, seed),
            what="all executions have ended",
            seconds=PATIENCE_SECONDS,
        )
        readers.signal(signal.SIGUSR1)
        found = readers.result(PATIENCE_SECONDS)
        trial.facts |= found["facts"]
        trial.violations = found["violations"]
    except (AssertionError, Overdue) as problem:
        readers.signal(signal.SIGKILL)
        readers.result()
        trial.violations = [f"I1: {problem}"]
    trial.seconds = round(time.monotonic() - began, 2)
    return trial


def _away(web: Web, number: signal.Signals) -> float:
    """End it and have it started again; seconds until it answers."""
    began = time.monotonic()
    web.end(number)
    assert web.process is not None
    web.process.wait(PATIENCE_SECONDS)
    time.sleep(RESTART_SECONDS)
    web.keep()
    until(web.answers, what="the web server answers again", seconds=PATIENCE_SECONDS)
    return round(time.monotonic() - began, 2)


def _apply() -> None:
    from django.contrib.auth.models import User

    from executions.intake.apply import apply_definition

    apply_definition(CHATTY, User.objects.get(username="ann"))


def _start(seed: str) -> list[str]:
    """The executions of a trial; their public ids."""
    from django.contrib.auth.models import User

    from executions.intake.start import start
    from executions.models import Workflow

    ann, workflow = User.objects.get(username="ann"), Workflow.objects.get(slug="chatty")
    return [
        start(workflow, ann, input={}, name=f"{seed}/{number}").public_id
        for number in range(EXECUTIONS)
    ]


def _is_quiet(rig: Rig, seed: str) -> bool:
    time.sleep(0.2)
    return bool(rig.in_child(partial(_have_ended, seed)))


def _have_ended(seed: str) -> bool:
    from executions.models import Execution

    return (
        not Execution.objects.filter(name__startswith=f"{seed}/")
        .exclude(phase="COMPLETED")
        .exists()
    )


# --- The process in which the pages are open ------------------------------------------------------


def _read(port: int, cookie: str, ids: list[str], seed: str, opened: Path) -> dict[str, Any]:
    return asyncio.run(_all_pages(port, cookie, ids, random.Random(seed), opened))


async def _all_pages(
    port: int, cookie: str, ids: list[str], chance: random.Random, opened: Path
) -> dict[str, Any]:
    """Keep them open until SIGUSR1 says that nothing happens any more, and look at what they show
    then.
    """
    calm, began = asyncio.Event(), time.monotonic()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, calm.set)
    readers = [_page(port, cookie, ids, chance) for _ in range(PAGES)]
    tasks = [asyncio.create_task(page.stay_open()) for page in readers]
    while not all(page.is_open for page in readers):
        await asyncio.sleep(0.01)
    opened.touch()
    await calm.wait()
    lasted = time.monotonic() - began
    truth = await asyncio.to_thread(_truth, readers[0], ids)
    quiet_at = time.monotonic()
    deadline = quiet_at + CONVERGE_SECONDS
    while time.monotonic() < deadline and any(pages.is_behind(page, truth) for page in readers):
        await asyncio.sleep(0.05)
    converged = round(time.monotonic() - quiet_at, 2)
    violations = [f"I6: {text}" for page in readers for text in pages.differences(page, truth)][:20]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    answers = opened.with_name(ANSWERS)
    facts = pages.outage(readers, float(answers.read_text()) if answers.exists() else 0.0)
    facts["converged"] = converged
    if facts["reconnects"] and facts["p95_since_it_answered"] > RECONNECT_SECONDS:
        violations.append(
            f"I6: 95 of 100 pages were back only {facts['p95_since_it_answered']} s after the"
            " server"
        )
    events = sum(
        shown.seq for topic, shown in truth.shown.items() if topic.startswith("execution:")
    )
    return {
        "violations": violations,
        "facts": {**facts, "events_per_second": round(events / lasted, 1)},
    }


def _page(port: int, cookie: str, ids: list[str], chance: random.Random) -> Page:
    """One execution's page, with some rows beside it."""
    topics = [
        f"execution:{chance.choice(ids)}",
        *(f"row:{each}" for each in chance.sample(ids, ROWS_EACH)),
    ]
    return Page(port, cookie, random.Random(chance.random()), {topic: Shown() for topic in topics})


def _truth(like: Page, ids: list[str]) -> Page:
    """What a page shows that is opened now, asked for by plain requests."""
    truth = Page(like.port, like.cookie, random.Random(), {})
    for public_id in ids:
        query = f"topic=execution:{public_id}@0&topic=row:{public_id}@0"
        request = urllib.request.Request(
            f"http://127.0.0.1:{like.port}/live/changes?{query}", headers={"Cookie": like.cookie}
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            for frame in json.load(response)["frames"]:
                truth.shown[frame["topic"]] = shown = Shown()
                shown.put(frame)
    return truth
