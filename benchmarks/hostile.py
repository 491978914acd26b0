"""One owner's trivial runs beside another owner's hostile expressions and schemas:
``python -m benchmarks.hostile sqlite`` prints one JSON object.

Each text is measured in turns: some trivial runs alone, then as many while runs with the hostile
text are under way, so that a machine that changes its speed changes both.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.one import functions_of_workers
from benchmarks.surroundings import surroundings, workers

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from benchmarks.load import Load

WORKERS = 2
TURNS = 3
RUNS_A_TURN = 8
HOSTILE_AT_ONCE = 6
SETTLE_SECONDS = 20
HEAD = "document: {dsl: '1.0.0', namespace: benchmarks, name: %s, version: '1.0.0'}\n"
SET = HEAD + "do:\n- bad: {set: {x: %s}}\n"
EXPRESSIONS = {
    "endless repeat": "last(limit(30000000; repeat(1)))",
    "recursion": "def f: 1 + f; f",
    "a large array": "[range(1e9)]",
    "a large text": '(.a // "x") * 300000000',
    "a doubled text": '"x" | until(false; . + .)',
    "a pattern that backtracks": r'"\("a" * 30)!" | test("^(a+)+$")',
    "combinations": "[range(1e4)] | combinations(3) | select(false)",
    "the environment": "env",
    "halt": "halt",
}
SCHEMA = (
    HEAD + "do:\n- bad:\n    input: {schema: {format: json, document: {properties: "
    "{a: {pattern: '^(a+)+$'}}}}}\n    set: {x: 1}\n"
)


def main() -> None:
    database = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    with surroundings(database):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        functions_of_workers()
        with workers(WORKERS):
            print(json.dumps(measured(), indent=2))


def measured() -> dict[str, Any]:
    """Per text: the median seconds of a trivial run alone and beside it, and their ratio."""
    from django.contrib.auth.models import User

    from benchmarks import load

    load.wait_for_workers(WORKERS)
    work = load.Load.prepared().of_sets("trivial", "- step%d: {set: {n: '${ 1 + 2 }'}}\n")
    work.burst(20)
    attacker = User.objects.create(username="attacker")
    figures = {}
    for number, (name, program) in enumerate(EXPRESSIONS.items()):
        text = SET % (f"hostile-{number}", json.dumps("${ " + program + " }"))
        figures[name] = beside(work, attacker, text, {})
    figures["a schema that backtracks"] = beside(
        work, attacker, SCHEMA % "hostile-schema", {"a": "a" * 30 + "!"}
    )
    worst = max(each["ratio"] for each in figures.values())
    return {"worst_ratio": worst, "texts": figures}


def beside(work: Load, attacker: User, text: str, value: dict[str, object]) -> dict[str, float]:
    from executions.intake.apply import apply_definition

    hostile = type(work)(apply_definition(text, attacker).workflow, attacker, value)
    alone: list[float] = []
    with_it: list[float] = []
    for _ in range(TURNS):
        alone += seconds(work)
        started = [hostile.one() for _ in range(HOSTILE_AT_ONCE)]
        with_it += seconds(work)
        settle([each.pk for each in started])
    first, second = statistics.median(alone), statistics.median(with_it)
    return {
        "alone_ms": round(first * 1000, 1),
        "beside_ms": round(second * 1000, 1),
        "most_beside_ms": round(max(with_it) * 1000, 1),
        "ratio": round(second / first, 2),
    }


def seconds(work: Load) -> list[float]:
    """Of several trivial runs, one after the other."""
    return [work.burst(1) for _ in range(RUNS_A_TURN)]


def settle(pks: list[Any]) -> None:
    """Wait for the hostile runs' end; those that wait for a person are cancelled."""
    from executions.models import Execution
    from executions.states import ENDED_PHASES

    rows = Execution.objects.filter(pk__in=pks).exclude(phase__in=ENDED_PHASES)
    until = time.monotonic() + SETTLE_SECONDS
    while rows.exists() and time.monotonic() < until:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
