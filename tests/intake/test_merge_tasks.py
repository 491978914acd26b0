"""A runner's list over the journal, without a database: whatever it says, the chain holds and no
step is lost.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.errors import Refused
from executions.intake.merge_tasks import Merged, close, error_json, merge
from executions.intake.status_update import STATUSES, TaskReport
from executions.journal.links import link
from executions.journal.records import JOURNAL_FORMAT, StepRecord
from executions.states import FINISHED_STATUSES, OPEN_STATUSES, StepStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPORTS = st.lists(
    st.builds(
        TaskReport,
        task_name=st.sampled_from(["a", "b", "c/d", "@e", "f#1"]),
        status=st.sampled_from(sorted(STATUSES)),
        output=st.none() | st.integers(),
        error=st.none() | st.just("no"),
    ),
    unique_by=lambda report: report.key,
    max_size=5,
)


def told(*reports: tuple[str, str]) -> list[TaskReport]:
    return [
        TaskReport.model_validate({"task_name": name, "status": status}) for name, status in reports
    ]


def over(before: Merged, reports: list[TaskReport]) -> Merged:
    digest, newest = before.head_digest, JOURNAL_FORMAT
    return merge(
        before.standing, reports, now=NOW, head_digest=digest, head_seq=1, journal_format=newest
    )


@given(st.lists(REPORTS, max_size=5))
def test_after_any_row_of_lists_the_journal_is_the_last_list_and_the_chain_is_whole(
    lists: list[list[TaskReport]],
) -> None:
    merged, links = Merged(), list[StepRecord]()
    for reports in lists:
        merged = over(merged, reports)
        links += [record for record in merged.written if record.status in FINISHED_STATUSES]
        assert [record.status for record in merged.standing] == [
            STATUSES[report.status] for report in reports
        ]
        assert all(
            (record.finished_at is None) == (record.status in OPEN_STATUSES)
            for record in merged.standing
        )
        assert len({record.path for record in merged.standing}) == len(reports)
        assert bool(merged.superseded) == (merged.decision is not None)
    head = ""
    for record in links:
        head = link(head, record, JOURNAL_FORMAT)
        assert record.digest == head
    assert merged.head_digest == head


@given(REPORTS)
def test_the_same_list_again_writes_nothing(reports: list[TaskReport]) -> None:
    again = over(over(Merged(), reports), reports)
    assert (again.written, again.superseded, again.decision) == ([], [], None)


def test_a_finished_step_is_never_changed() -> None:
    first = over(Merged(), told(("a", "FAILED")))
    second = over(first, told(("a", "COMPLETED")))
    assert second.superseded == first.standing
    assert second.standing[0].id != first.standing[0].id


def test_an_open_step_stays_the_same_step() -> None:
    first = over(Merged(), told(("a", "IN_PROGRESS")))
    second = over(first, told(("a", "COMPLETED")))
    assert second.standing[0].id == first.standing[0].id
    assert (second.superseded, second.standing[0].started_at) == ([], NOW)


def test_tasks_of_one_name_need_ids() -> None:
    with pytest.raises(Refused, match="Two tasks of the list are called 'a'"):
        over(Merged(), told(("a", "COMPLETED"), ("a", "COMPLETED")))


def test_closing_ends_what_was_open_and_says_that_nobody_knows() -> None:
    merged = over(Merged(), told(("a", "COMPLETED"), ("b", "IN_PROGRESS"), ("c", "PENDING")))
    close(merged, NOW)
    assert [record.status for record in merged.standing] == [StepStatus.SUCCEEDED] + [
        StepStatus.CANCELLED
    ] * 2
    assert [record.control.get("outcome_unknown") for record in merged.standing] == [
        None,
        True,
        None,
    ]
    assert {record.id for record in merged.written} == {record.id for record in merged.standing}


def test_an_error_may_be_a_sentence_or_an_object() -> None:
    assert error_json(None) is None
    sentence, whole = error_json("no"), error_json({"title": "Bad", "status": 418})
    assert sentence is not None
    assert whole is not None
    assert (sentence["detail"], sentence["status"]) == ("no", 500)
    assert (whole["title"], whole["status"]) == ("Bad", 418)
