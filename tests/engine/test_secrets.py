"""Secrets in a run on a real database: sent where they may be, in no row, and never in the way of the data."""

from __future__ import annotations

import base64
import json

import pytest

from executions import secret_access
from executions.engine import decisions, surroundings
from executions.engine.chain import verify
from executions.errors import Refused
from executions.hosts import Hosts
from executions.models import Attempt, Event, Execution, Step
from executions.secrets import Rule, shown
from executions.states import Phase

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def canary(monkeypatch):
    """The value of the secret `key`, which the author of the runs may use."""
    value = "canary-7f3a-9b1c"
    monkeypatch.setattr(surroundings, "_known_secrets", lambda: {"key": value, "role": "admin", "pin": "2024"})
    rules = dict.fromkeys(["key", "role", "pin", "none"], Rule(owners=frozenset({"alice"})))
    monkeypatch.setattr(secret_access, "rules", lambda: rules)
    return value


def rows_with(text):
    return [row for model in (Execution, Step, Attempt, Event) for row in model.objects.values() if text in repr(row)]


def test_no_row_ever_holds_a_secret_and_data_flows_on_as_it_is(begin, drive, server, canary):
    tasks = f"""use: {{secrets: [key]}}
do:
- mirror:
    call: http
    with: {{method: post, endpoint: '{server.url}/echo', headers: {{x-key: '${{ $secrets.key }}'}},
            body: {{key: '${{ "Bearer " + $secrets.key }}'}}}}
    export: {{as: '${{ {{k: .headers["x-key"]}} }}'}}
- keep: {{set: {{code: '${{ .headers["x-key"] | @base64 }}', all: '${{ . }}', c: '${{ $context }}'}}}}
- loop: {{for: {{in: '${{ [.c.k] }}'}}, do: [{{say: {{set: {{item: '${{ $item }}', c: '${{ $context }}'}}}}}}]}}
- send:
    call: http
    with: {{method: post, endpoint: '{server.url}/echo', body: {{again: '${{ .item }}', context: '${{ .c.k }}'}}}}
- bad:
    call: http
    with: {{method: get, endpoint: '{server.url}/status/400?key=1', headers: {{x-key: '${{ $secrets.key }}'}}}}
"""
    execution = drive(begin(tasks))
    assert execution.phase == Phase.FAILED and "answered 400" in execution.failure_reason, execution.failure_reason
    assert server.seen[0].headers["x-key"] == canary
    assert json.loads(server.seen[1].body) == {"again": canary, "context": canary}
    assert rows_with(canary) == []
    assert rows_with(base64.b64encode(canary.encode()).decode().rstrip("=")) == []
    assert verify(execution) is None


def test_what_merely_equals_a_secret_stays_what_it_is(begin, drive, server, canary):
    tasks = f"""use: {{secrets: [role, pin]}}
do:
- ask:
    call: http
    with: {{method: post, endpoint: '{server.url}/echo', headers: {{x-role: '${{ $secrets.role }}'}},
            body: {{role: admin, amount: 1202400, pin: '${{ $secrets.pin }}'}}}}
    output: {{as: '${{ .body | fromjson }}'}}
- choose: {{switch: [{{yes: {{when: '${{ .role == "admin" }}', then: right}}}}, {{no: {{then: wrong}}}}]}}
- wrong: {{set: {{taken: wrong}}, then: end}}
- right: {{set: {{taken: right, amount: '${{ .amount }}'}}}}
"""
    execution = drive(begin(tasks))
    assert execution.output == {"taken": "right", "amount": 1202400}


def test_the_output_of_the_run_is_kept_out_as_well(begin, drive, server, canary):
    tasks = f"""use: {{secrets: [key]}}
do:
- mirror:
    call: http
    with: {{method: post, endpoint: '{server.url}/echo', headers: {{x-key: '${{ $secrets.key }}'}}}}
    output: {{as: '${{ .headers["x-key"] }}'}}
"""
    execution = drive(begin(tasks))
    assert (execution.phase, shown(execution.output)) == (Phase.COMPLETED, "[secret key]")
    assert rows_with(canary) == []


@pytest.mark.parametrize("name", ["none", "other"])
def test_a_declared_secret_without_a_value_is_an_authorization_error(begin, drive, server, canary, monkeypatch, name):
    monkeypatch.setattr(secret_access, "rules", lambda: {name: Rule(owners=frozenset({"alice"}))})
    tasks = f"""use: {{secrets: [{name}]}}
do:
- ask: {{call: http, with: {{method: post, endpoint: '{server.url}/echo', body: {{k: '${{ $secrets.{name} }}'}}}}}}
"""
    execution = drive(begin(tasks))
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 403)
    assert f"secret '{name}' is not available" in execution.error["detail"]
    assert server.seen == []


def test_a_secret_whose_rights_were_taken_away_is_not_sent(begin, drive, server, canary, monkeypatch):
    tasks = f"""use: {{secrets: [key]}}
do:
- ask: {{call: http, with: {{method: post, endpoint: '{server.url}/echo', body: {{k: '${{ $secrets.key }}'}}}}}}
"""
    begun = begin(tasks)
    monkeypatch.setattr(secret_access, "rules", lambda: {"key": Rule(owners=frozenset({"bob"}))})
    execution = drive(begun)
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 403)
    assert "a workflow that alice applied may not use it" in execution.error["detail"]
    assert server.seen == []


def test_a_secret_goes_to_its_own_hosts_only(begin, drive, server, canary, monkeypatch):
    rule = Rule(owners=frozenset({"alice"}), hosts=Hosts.from_entries(["api.shop.example"]))
    monkeypatch.setattr(secret_access, "rules", lambda: {"key": rule})
    tasks = f"""use: {{secrets: [key]}}
do:
- free: {{call: http, with: {{method: post, endpoint: '{server.url}/echo', body: {{k: nothing}}}}}}
- ask: {{call: http, with: {{method: post, endpoint: '{server.url}/echo', body: {{k: '${{ $secrets.key }}'}}}}}}
"""
    execution = drive(begin(tasks))
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 403)
    assert "it may not be sent to 127.0.0.1" in execution.error["detail"]
    assert len(server.seen) == 1


def test_an_edited_input_keeps_the_secrets_that_were_shown_as_labels(begin, drive, server, canary, alice):
    tasks = f"""use: {{secrets: [key]}}
do:
- ask:
    call: http
    with: {{method: post, endpoint: '{server.url}/status/400', headers: {{x-key: '${{ $secrets.key }}'}},
            body: {{n: 1}}}}
"""
    execution = drive(begin(tasks))
    seen = shown(Step.objects.get(path="/ask").arguments)
    assert seen["headers"] == {"x-key": "[secret key]"}
    with pytest.raises(Refused, match="stands for a secret only where it stood before"):
        decisions.retry(execution.pk, alice, arguments=seen | {"body": {"n": "[secret key]"}})
    decisions.retry(execution.pk, alice, arguments=seen | {"body": {"n": 2}})
    drive(Execution.objects.get(pk=execution.pk))
    assert server.seen[-1].headers["x-key"] == canary
    assert json.loads(server.seen[-1].body) == {"n": 2}
    assert rows_with(canary) == []
