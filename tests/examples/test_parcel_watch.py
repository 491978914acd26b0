"""The example that is led by events, as it is shipped."""

from __future__ import annotations

from typing import Any

import pytest

from executions.cli import examples
from executions.inbound import keeping
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import CloudEvent, Execution
from executions.states import Phase
from tests.driving.crashing import drive_on
from tests.inbound.matching import match_events

pytestmark = pytest.mark.database


def come(execution: Execution, kind: str, **data: Any) -> Execution:
    """An event of the carrier; the run goes on as far as it can."""
    number = CloudEvent.objects.count()
    event = {"specversion": "1.0", "type": f"com.carrier.{kind}", "source": "/carrier"}
    keeping.keep([{**event, "id": str(number), "data": data}], execution.owner_id)
    match_events()
    return drive_on(execution)


@pytest.fixture
def watched(ann: Any) -> Execution:
    workflow = apply_definition(examples.texts()["parcel-watch"], ann).workflow
    return drive_on(start(workflow, ann, input={"parcel": "B-1"}))


def test_a_parcel_is_followed_until_it_is_delivered(watched: Execution) -> None:
    assert CloudEvent.objects.get().type == "com.example.parcel.expected"
    come(watched, "picked", parcel="A-17", by="Nobody")
    assert (
        come(watched, "picked", parcel="B-1", by="Swift").current_step == "/onItsWay/try@1/follow"
    )
    come(watched, "scanned", parcel="B-1", place="Harbour")
    come(watched, "scanned", parcel="A-17", place="Elsewhere")
    come(watched, "scanned", parcel="B-1", place="Town")
    execution = come(watched, "delivered", parcel="B-1")
    assert (execution.phase, execution.output) == (
        Phase.COMPLETED,
        {"result": "delivered", "by": "Swift", "stops": ["1. Harbour", "2. Town"]},
    )


def test_what_the_carrier_says_too_early_is_heard(watched: Execution) -> None:
    come(watched, "scanned", parcel="B-1", place="Depot")
    come(watched, "delivered", parcel="B-1")
    execution = come(watched, "picked", parcel="B-1")
    assert execution.output["stops"] == ["1. Depot"]
    assert execution.output["by"] == "somebody"
