"""The examples of events on the page about the language are run as they stand there."""

from __future__ import annotations

import re

import pytest

from executions.inbound import keeping
from executions.inbound.signals import send
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import CloudEvent, Execution
from tests.docs.test_workflows import BLOCKS
from tests.driving.conftest import alice  # noqa: F401
from tests.driving.crashing import drive_on
from tests.inbound.matching import match_events

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def begun(name: str, owner, input) -> Execution:
    (text,) = [block for block in BLOCKS if re.search(rf"name: {name}\b", block)]
    return drive_on(start(apply_definition(text, owner).workflow, owner, input=input))


def come(execution: Execution, kind: str, id_: str, data: object) -> Execution:
    event = {"specversion": "1.0", "type": kind, "source": "/carrier", "id": id_, "data": data}
    keeping.keep([event], execution.owner_id)
    match_events()
    return drive_on(execution)


def test_a_parcel_is_followed_until_it_is_delivered(alice):  # noqa: F811
    execution = begun("parcel", alice, {"order": 17})
    assert CloudEvent.objects.get().envelope["data"] == {"order": 17}
    come(execution, "com.carrier.picked", "0", {"order": 16, "carrier": "no"})
    come(execution, "com.carrier.picked", "1", {"order": 17, "carrier": "swift"})
    for number, place in enumerate(("north", "south"), 2):
        come(execution, "com.carrier.scanned", str(number), {"order": 17, "place": place})
    execution = come(execution, "com.carrier.delivered", "9", {"order": 17})
    assert (execution.phase, execution.output) == ("COMPLETED", ["1: north", "2: south"])


def test_a_run_goes_on_when_it_is_sent_a_signal(alice):  # noqa: F811
    execution = begun("signalled", alice, {})
    send(execution, alice, "go", {"by": "me"})
    match_events()
    assert drive_on(execution).output == {"by": "me"}
