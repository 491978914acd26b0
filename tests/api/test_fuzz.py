"""The API against its own document: schemathesis makes requests, good and bad ones, and every check
has to hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings

from executions.models import Process
from tests.api import world
from tests.api.conftest import Caller

# 78 operations for three roles each: at 5 examples more than 1,000 requests.
EXAMPLES = int(os.environ.get("STIGMER_TEST_EXAMPLES", "5"))
PLACES = {
    "workflow": {
        "execution_id": "wex",
        "ref": "wfl",
        "instance_id": "win",
        "workflow_name": "orders",
    },
    "agent": {"execution_id": "aex", "ref": "agt", "instance_id": "ain"},
    "skill": {"ref": "skl"},
    "": {
        "step_id": "stp",
        "session_id": "ses",
        "token_id": "key",
        "approval_id": "ask",
        "proposal_id": "prp",
        "worker_id": "wrk",
        "event_id": "evt",
        "source_id": "src",
        "bulk_id": "blk",
        "schedule_id": "sch",
        "cause": "cause",
        "sink_id": "snk",
        "channel_id": "chn",
        "artifact_id": "art",
        "group": "Shipping",
        "username": "first",
        "runner": "stigmer",
        "number": "1",
        "digest": "0" * 64,
    },
}
CONFIG = schemathesis.Config.from_dict(
    {
        "phases": {"coverage": {"enabled": EXAMPLES > 5}},
        "checks": {
            # A text, a cursor or an id may be well-formed and yet mean nothing: no schema can say
            # so.
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", 400, 401, 403, 404, 409, 412, 422]
            },
        },
    }
)
schema = schemathesis.openapi.from_wsgi(
    "/api/v1/openapi.json", get_wsgi_application(), config=CONFIG
)


@pytest.fixture(params=["stranger", "owner", "admin"])
def caller(request: pytest.FixtureRequest, people: dict[str, Caller]) -> Caller:
    return people[request.param]


@pytest.fixture
def places(alice, failed) -> Iterator[dict[str, str]]:
    yield world.made(alice, failed)


@pytest.fixture(autouse=True)
def kept_connection() -> Iterator[None]:
    """The requests run in the test's own transaction, which the end of a request must not close."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


calls = {"count": 0}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
)
def test_no_request_breaks_the_promises_of_the_document(case, caller, places, worker, settings):
    settings.STIGMER_API_RATE = 0
    Process.objects.filter(pk=worker.pk).update(heartbeat_at=Now())
    calls["count"] += 1
    if calls["count"] % 4 and case.path_parameters and not case.meta.generation.mode.is_negative:
        kinds = [kind for kind in PLACES if kind and kind in case.operation.path]
        known = PLACES[kinds[-1] if kinds else "workflow"] | PLACES[""]
        for name in case.path_parameters:
            case.path_parameters[name] = places.get(known[name], known[name])
    # The transport of the test unpacks nothing.
    headers = {"Authorization": f"Bearer {caller.secret}", "Accept-Encoding": "identity"}
    case.call_and_validate(headers=headers)
