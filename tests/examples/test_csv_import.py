"""The import: it stops at a bad row, goes on when that is corrected, and writes no row twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from executions.demo import imports
from executions.models import Execution, Step
from executions.states import Phase
from executions.verbs.deciding import decisions
from tests.examples.conftest import Drive, Run

pytestmark = pytest.mark.database
FILE = {"file": "customers.csv"}
BAD, GOOD = "mail(at)corner-cup.example", "mail@corner-cup.example"


def correct(home: Path) -> None:
    path = home / "imports" / "customers.csv"
    path.write_text(path.read_text().replace(BAD, GOOD))


def written() -> dict[str, int]:
    with imports.ledger() as connection:
        return dict(connection.execute("SELECT id, writes FROM customer ORDER BY id"))


def calls(execution: Execution) -> int:
    """How often a row was sent to the import: every attempt of every step, superseded ones too."""
    steps = Step.objects.filter(execution=execution, name="importRow").order_by("seq")
    return sum(step.attempt for step in steps)


def test_it_stops_at_the_bad_row_and_says_which_line_it_is(run: Run) -> None:
    failed = run("csv-import", FILE)
    assert (failed.phase, failed.current_step) == (Phase.FAILED, "/importEach/@2/importRow")
    assert failed.failure_reason.startswith(
        "customers.csv, line 4 (C-1003): 'mail(at)corner-cup.example' is no e-mail"
    )
    assert written() == {"C-1001": 1, "C-1002": 1}


def test_corrected_and_recovered_it_imports_the_rest_and_no_row_twice(
    run: Run, drive: Drive, home: Path, ann: User
) -> None:
    failed = run("csv-import", FILE)
    correct(home)
    decided = decisions.recover(failed.pk, ann)
    assert (decided.next_step, decided.kept) == ("/importEach/@2/importRow", 3)
    done = drive(failed)
    assert done.phase == Phase.COMPLETED, done.failure_reason
    assert done.output == {"file": "customers.csv", "rows": 5, "written": 5, "alreadyThere": 0}
    assert written() == {f"C-100{number}": 1 for number in range(1, 6)}
    # Five rows and the one call that failed: what was imported before the stop was not even asked
    # again.
    assert calls(done) == 6


def test_the_row_can_be_corrected_on_retry_without_touching_the_file(
    run: Run, drive: Drive, home: Path, ann: User
) -> None:
    failed = run("csv-import", FILE)
    step = Step.objects.get(execution=failed, path=failed.current_step)
    arguments = step.arguments["arguments"] | {"corrections": {"email": GOOD}}
    decisions.retry(failed.pk, ann, arguments={**step.arguments, "arguments": arguments})
    assert drive(failed).phase == Phase.COMPLETED
    with imports.ledger() as connection:
        assert connection.execute("SELECT email FROM customer WHERE id = 'C-1003'").fetchone() == (
            GOOD,
        )


def test_a_second_import_of_the_same_file_writes_nothing(
    run: Run, drive: Drive, home: Path
) -> None:
    first = run("csv-import", FILE)
    correct(home)
    assert run("csv-import", FILE).output["alreadyThere"] == 2
    assert run("csv-import", FILE).output == {
        "file": "customers.csv",
        "rows": 5,
        "written": 0,
        "alreadyThere": 5,
    }
    assert set(written().values()) == {1}
    assert first.phase == Phase.FAILED
