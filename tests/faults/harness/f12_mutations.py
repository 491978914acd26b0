"""F12: definitions and checkpoints, truncated, with bits turned, nested, of a wrong form: declared
errors only.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from tests.faults.harness import work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig
from tests.faults.harness.shapes import BY_NAME, SHAPES

FAULT = "F12"
BATCHES, PER_BATCH = 50, 500
# Of processor time: on the clock a busy machine may take any time. What hangs is ended with its
# batch.
SLOW_SECONDS = 2.0
JSON_TEXTS = ("input", "arguments", "output", "context", "error", "control")
TEXTS = (*JSON_TEXTS, "path", "kind", "status", "digest")
COLUMNS = (*TEXTS, "generation", "seq")
NASTY: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    "",
    "x" * 5000,
    "${ . }",
    "${",
    "${ .[ }",
    "\x00",
    "\ud800",
    [],
    {},
    [[[[]]]],
    {"a": {"b": {}}},
    {"": ""},
    "../../x",
    "P1D",
    "2026-13-45",
    "SUCCEEDED",
    "@decision/1",
    "/each/for@9/pay",
    float("nan"),
]


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    """Pure but for settings: on one database only.

    Half of the inputs are definitions, half are journals.
    """
    if rig.database != "sqlite":
        return
    rig.in_child(lambda: work.apply(SHAPES, rig.ledger_url))
    for number in range(BATCHES):
        for what, attempt in (("definition", _definition), ("checkpoint", _checkpoint)):
            seed = f"{what}:{number}"
            if seed not in done:
                yield Trial(**rig.in_child(partial(_batch, seed, attempt), seconds=600))


def _batch(seed: str, attempt: Callable[[random.Random], str]) -> dict[str, Any]:
    chance, trial, began = (
        random.Random(seed),
        Trial(FAULT, seed, count=PER_BATCH),
        time.monotonic(),
    )
    outcomes: dict[str, int] = {}
    for number in range(PER_BATCH):
        started = time.process_time()
        try:
            outcome = attempt(chance)
        except Exception as problem:
            outcome = "undeclared"
            trial.violations.append(
                f"I10: input {number}: {type(problem).__name__}: {problem}"[:500]
            )
        if (took := time.process_time() - started) > SLOW_SECONDS:
            trial.violations.append(f"I10: input {number} took {took:.1f} s")
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    trial.facts, trial.seconds = outcomes, round(time.monotonic() - began, 2)
    del trial.violations[20:]
    return asdict(trial)


def _definition(chance: random.Random) -> str:
    from executions.intake.apply import parse
    from executions.language import DefinitionError

    text = chance.choice(SHAPES).texts("http://127.0.0.1:9")[-1]
    for _ in range(chance.randint(1, 4)):
        text = _mutated_text(text, chance)
    try:
        parse(text)
    except DefinitionError:
        return "refused"
    return "accepted"


def _mutated_text(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    match chance.randrange(7):
        case 0:
            return text[:at]
        case 1:
            return (
                text[:at]
                + chr(chance.choice([0, 9, 34, 39, 58, 91, 123, 0x2028, 0xD7FF, 0x1F600]))
                + text[at:]
            )
        case 2:
            return text[:at] + text[min(len(text), at + chance.randint(1, 30)) :]
        case 3:
            lines = text.splitlines(keepends=True)
            chance.shuffle(lines)
            return "".join(lines)
        case 4:
            return text[:at] + "[" * chance.randint(1, 200) + text[at:]
        case 5:
            return (
                text[:at]
                + chance.choice(["&a [*a]", "!!python/none x", "${ ", "? ", "- ", "|", "%YAML 9"])
                + text[at:]
            )
        case _:
            return text.replace(
                chance.choice(["do", "call", "http", "set", "for", "try"]),
                str(chance.choice(NASTY)),
                1,
            )


def _checkpoint(chance: random.Random) -> str:
    """A column of a real journal made into something else, behind the engine's back; then a person
    presses recover.
    """
    from django.db import IntegrityError, transaction

    from executions.driving.chain import verify
    from executions.errors import Refused
    from executions.models import Execution

    execution_id, steps = _journal()
    column = chance.choice(COLUMNS)
    with transaction.atomic():
        try:
            with transaction.atomic():
                covered = _mutate(chance.choice(steps), column, chance)
        except IntegrityError:
            return "refused by the database"
        try:
            broken = verify(Execution.objects.get(pk=execution_id))
            if covered and broken is None:
                raise AssertionError(f"a changed {column} was not seen")
            _recover(execution_id)
        except Refused as refusal:
            return refusal.code
        finally:
            transaction.set_rollback(True)
    return "unharmed"


def _recover(execution_id: Any) -> None:
    from django.contrib.auth.models import User

    from executions.verbs.deciding import decisions

    decisions.recover(execution_id, User.objects.get(username="ann"))


def _mutate(step_id: Any, column: str, chance: random.Random) -> bool:
    """Write something else into a column of a step. Whether the chain has to notice."""
    from django.db import connection

    from executions.models import Step

    key = step_id if connection.vendor == "postgresql" else step_id.hex
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM executions_step WHERE id = %s", [key])
        (old,) = cursor.fetchone()
        new = (
            _other_text(old or "null", chance)
            if column in TEXTS
            else chance.choice([-1, 0, 7, 10**9])
        )
        if new == old:
            return False
        cursor.execute(f"UPDATE executions_step SET {column} = %s WHERE id = %s", [new, key])
    same_value = column in JSON_TEXTS and _value(new) == _value(old)
    # The chain covers the order of steps, not the numbers by which they are read in it.
    return (
        column != "seq"
        and not same_value
        and Step.objects.filter(pk=step_id, digest__gt="").exists()
    )


def _value(text: Any) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return Ellipsis


def _other_text(old: str, chance: random.Random) -> str:
    at = chance.randrange(len(old) + 1)
    match chance.randrange(5):
        case 0:
            return old[:at]
        case 1:
            return old[:at] + chance.choice('{}[]"0x,:\\') + old[at:]
        case 2:
            return "[" * chance.choice([10, 300, 5000]) + old
        case 3:
            turned = chr(ord(old[at]) ^ 1 << chance.randrange(6)) if at < len(old) else "!"
            return old[:at] + (turned if turned.isprintable() else "?") + old[at + 1 :]
        case _:
            return json.dumps(
                chance.choice(
                    [None, True, -1, 1.5, 10**30, "", "x" * 5000, [], {}, {"a": {"b": {}}}]
                )
            )


_made: list[Any] = []


def _journal() -> Any:
    """A failed execution with a journal of some length, made once per child; its id and its
    steps.
    """
    if not _made:
        from functools import partial

        from executions.models import Execution, Step

        shape = BY_NAME["recovered"]
        execution_id = work.start(shape, f"mutated {random.random()}")
        work.drive_until(
            execution_id, partial(Execution.objects.filter(pk=execution_id, phase="FAILED").exists)
        )
        steps = list(
            Step.objects.filter(execution_id=execution_id, finished_at__isnull=False).values_list(
                "pk", flat=True
            )
        )
        _made.append((execution_id, steps))
    return _made[0]
