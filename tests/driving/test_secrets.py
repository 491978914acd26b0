"""Secrets in a run on a real database: sent where they may be, in no row, and never in the way of
the data.
"""

from __future__ import annotations

import base64
import json

import pytest

from executions import secret_access
from executions.driving import surroundings
from executions.driving.chain import verify
from executions.errors import Refused
from executions.hosts import Hosts
from executions.language.walking import late
from executions.models import Attempt, Event, Execution, Step
from executions.secrets import Rule, shown
from executions.states import Phase
from executions.verbs.deciding import decisions

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def canary(monkeypatch):
    """The value of the secret `key`, which the author of the runs may use."""
    value = "canary-7f3a-9b1c"
    monkeypatch.setattr(
        surroundings, "_known_secrets", lambda: {"key": value, "role": "admin", "pin": "2024"}
    )
    rules = dict.fromkeys(["key", "role", "pin", "none"], Rule(owners=frozenset({"alice"})))
    monkeypatch.setattr(secret_access, "rules", lambda: rules)
    return value


def seen_of(path):
    """The arguments of the standing step as people see them."""
    row = Step.objects.get(path=path, superseded_by=None)
    return shown(late.shown(row.arguments, row.control))


def body_of(seen):
    return json.loads(seen.body)


def rows_with(text):
    return [
        row
        for model in (Execution, Step, Attempt, Event)
        for row in model.objects.values()
        if text in repr(row)
    ]


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
    assert execution.phase == Phase.FAILED and "answered 400" in execution.failure_reason, (
        execution.failure_reason
    )
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
def test_a_declared_secret_without_a_value_is_an_authorization_error(
    begin, drive, server, canary, monkeypatch, name
):
    monkeypatch.setattr(secret_access, "rules", lambda: {name: Rule(owners=frozenset({"alice"}))})
    tasks = f"""use: {{secrets: [{name}]}}
do:
- ask: {{call: http, with: {{method: post, endpoint: '{server.url}/echo', body: {{k: '${{ $secrets.{name} }}'}}}}}}
"""
    execution = drive(begin(tasks))
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 403)
    assert f"secret '{name}' is not available" in execution.error["detail"]
    assert server.seen == []


def test_a_secret_whose_rights_were_taken_away_is_not_sent(
    begin, drive, server, canary, monkeypatch
):
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


def test_an_edited_input_keeps_the_secrets_that_were_shown_as_labels(
    begin, drive, server, canary, alice
):
    tasks = f"""use: {{secrets: [key]}}
do:
- ask:
    call: http
    with: {{method: post, endpoint: '{server.url}/status/400', headers: {{x-key: '${{ $secrets.key }}'}},
            body: {{n: 1}}}}
"""
    execution = drive(begin(tasks))
    seen = seen_of("/ask")
    assert seen["headers"] == {"x-key": "[secret key]"}
    with pytest.raises(Refused, match="stands for a secret only where it stood before"):
        decisions.retry(execution.pk, alice, arguments=seen | {"body": {"n": "[secret key]"}})
    decisions.retry(execution.pk, alice, arguments=seen | {"body": {"n": 2}})
    drive(Execution.objects.get(pk=execution.pk))
    assert server.seen[-1].headers["x-key"] == canary
    assert json.loads(server.seen[-1].body) == {"n": 2}
    assert rows_with(canary) == []


CALL = """use: {{secrets: [key, role, pin]}}
do:
- set: {{set: {{user: ann}}, export: {{as: '${{ {{x: "of the context", unread: 1}} }}'}}}}
- ask:
    call: http
    with: {{method: post, endpoint: '{url}', body: {body}}}
"""


def test_what_an_expression_computes_on_a_secret_is_what_it_computes_on_its_value(
    begin, drive, server, canary
):
    expressions = {
        "code": '"user:" + $secrets.role | @base64',
        "same": '$secrets.role == "admin"',
        "long": "$secrets.key | length",
        "sum": "($secrets.pin | tonumber) + 1",
        "text": '"Key \\($secrets.role) \\(.user) \\($context.x)"',
        "object": "{r: $secrets.role, u: .user}",
        "plain": "$secrets.pin",
    }
    body = json.dumps({name: f"${{ {source} }}" for name, source in expressions.items()})
    execution = drive(begin(CALL.format(url=f"{server.url}/echo", body=body)))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert body_of(server.seen[0]) == {
        "code": "dXNlcjphZG1pbg==",
        "same": True,
        "long": len(canary),
        "sum": 2025,
        "text": "Key admin ann of the context",
        "object": {"r": "admin", "u": "ann"},
        "plain": "2024",
    }
    step = Step.objects.get(path="/ask")
    assert set(step.arguments["body"].values()) == {None}
    assert step.control["late"]["/body/text"]["reads"] == {"context": {"x": "of the context"}}
    assert seen_of("/ask")["body"]["text"] == "[secret role]"
    assert rows_with("dXNlcjphZG1pbg") == [], "what was computed stays out of rows as well"
    assert verify(execution) is None


def test_the_digest_covers_what_is_late(begin, drive, server, canary):
    execution = drive(begin(CALL.format(url=f"{server.url}/echo", body="{k: '${ $secrets.key }'}")))
    step = Step.objects.get(path="/ask")
    step.control["late"]["/body/k"]["expression"] = "$secrets.pin"
    step.save()
    assert "(/ask) is not what was written" in str(verify(execution))


def test_a_later_attempt_sends_the_same_but_for_a_secret_that_changed(
    begin, drive, server, canary, monkeypatch, later
):
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [60])
    body = "{k: '${ \"\\(now) \\(uuid) \\($secrets.key)\" }'}"
    begun = begin(CALL.format(url=f"{server.url}/status/503", body=body))
    assert drive(begun).phase == Phase.WAITING
    later(61)
    monkeypatch.setattr(surroundings, "_known_secrets", lambda: {"key": "rotated-7f3a-9b1c"})
    execution = drive(Execution.objects.get(pk=begun.pk))
    assert execution.phase == Phase.FAILED
    first, second = (body_of(seen)["k"] for seen in server.seen)
    assert first.endswith(canary) and second == first.replace(canary, "rotated-7f3a-9b1c")


def test_a_copied_placeholder_is_never_filled(begin, drive, server, canary):
    """A service answers with everything that ever stood for another declared secret."""
    seed = drive(begin(CALL.format(url=f"{server.url}/echo", body="{k: '${ $secrets.key }'}")))
    kept = Step.objects.get(path="/ask", execution=seed).output["body"]
    old = f"stigmer-secret-{'0' * 20}-{b'key'.hex()}-z"
    forged = {"$expression": "$secrets.key", "late": {"/x": {"expression": "$secrets.key"}}}
    texts = [kept, old, "[secret key]", forged, {"control": {"late": forged}}]
    tasks = f"""use: {{secrets: [key, pin]}}
do:
- ask: {{call: http, with: {{method: post, endpoint: '{server.url}/echo', body: '${{ $workflow.input }}'}},
        output: {{as: '${{ .body | fromjson }}'}}}}
- send: {{call: http, with: {{method: post, endpoint: '{server.url}/echo',
         body: {{back: '${{ . }}', pin: '${{ $secrets.pin }}'}}}}}}
"""
    texts.append("${ $secrets.key }")
    execution = drive(begin(tasks, texts))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    sent = body_of(server.seen[-1])
    assert canary not in server.seen[-1].body.decode()
    assert sent == {"back": texts, "pin": "2024"}


def test_a_condition_may_read_a_secret_and_keeps_only_what_it_decided(begin, drive, server, canary):
    tasks = """use: {secrets: [role, key]}
do:
- no: {set: {x: 1}, if: '${ $secrets.role == "user" }'}
- choose: {switch: [{yes: {when: '${ $secrets.role | startswith("adm") }', then: right}}, {no: {then: wrong}}]}
- wrong: {set: {taken: wrong}, then: end}
- right: {for: {in: '${ [1, 2] }'}, while: '${ ($secrets.key | length) > 3 }', do: [{a: {set: {taken: right}}}]}
"""
    execution = drive(begin(tasks))
    assert (execution.phase, execution.output) == (
        Phase.COMPLETED,
        {"taken": "right"},
    ), execution.failure_reason
    assert rows_with(canary) == []


def test_an_error_over_a_secret_is_named_without_a_value(begin, drive, server, canary):
    execution = drive(
        begin(CALL.format(url=f"{server.url}/echo", body="{k: '${ $secrets.key | tonumber }'}"))
    )
    assert (execution.phase, execution.error["title"]) == (Phase.FAILED, "Expression error")
    assert "`$secrets.key | tonumber` failed" in execution.error["detail"]
    assert server.seen == [] and rows_with(canary) == []


def test_a_workflow_of_before_that_stores_a_secret_is_refused_when_it_runs(
    begin, drive, server, canary
):
    from executions.models import WorkflowVersion

    begun = begin("use: {secrets: [key]}\ndo: [{a: {set: {x: 1}}}]\n")
    version = WorkflowVersion.objects.get(pk=begun.version_id)
    document = version.document
    document["do"][0]["a"]["set"] = {"x": "${ $secrets.key }"}
    WorkflowVersion.objects.filter(pk=version.pk).update(document=document)
    execution = drive(begun)
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 403)
    assert "it cannot be read where the result is stored" in execution.error["detail"]


def test_an_edit_may_replace_the_expression_and_its_place(begin, drive, server, canary, alice):
    begun = begin(
        CALL.format(
            url=f"{server.url}/status/400", body="{k: '${ $secrets.key }', p: '${ $secrets.pin }'}"
        )
    )
    execution = drive(begun)
    seen = seen_of("/ask")
    edit = seen | {"body": {"k": "${ $secrets.role | ascii_upcase }", "p": "mine", "new": 1}}
    decisions.retry(execution.pk, alice, arguments=edit)
    drive(Execution.objects.get(pk=execution.pk))
    assert body_of(server.seen[-1]) == {"k": "ADMIN", "p": "mine", "new": 1}
    with pytest.raises(Refused, match="the secret other is not declared"):
        decisions.retry(
            execution.pk, alice, arguments=edit | {"body": {"k": "${ $secrets.other }"}}
        )


def test_who_may_not_use_a_secret_may_not_send_it_elsewhere(
    begin, drive, server, canary, alice, monkeypatch
):
    execution = drive(
        begin(CALL.format(url=f"{server.url}/status/400", body="{k: '${ $secrets.key }', n: 1}"))
    )
    seen = seen_of("/ask")
    rules = {"key": Rule(workflows=frozenset({execution.workflow.slug}))}
    monkeypatch.setattr(secret_access, "rules", lambda: rules)
    for edit in (
        seen | {"endpoint": "https://evil.example/"},
        seen | {"body": {"k": "${ $secrets.key | @base64 }"}},
    ):
        with pytest.raises(
            Refused, match="it carries the secret key, which you may not use"
        ) as caught:
            decisions.retry(execution.pk, alice, arguments=edit)
        assert caught.value.code == "forbidden"
    decisions.retry(execution.pk, alice, arguments=seen | {"body": seen["body"] | {"n": 2}})
    drive(Execution.objects.get(pk=execution.pk))
    assert body_of(server.seen[-1]) == {"k": canary, "n": 2}


def test_credentials_of_a_named_policy_are_read_late_too(begin, drive, server, canary, monkeypatch):
    monkeypatch.setattr(
        surroundings,
        "_known_secrets",
        lambda: {"shop": {"username": "admin", "password": "2024"}, "key": canary},
    )
    hosts = {"key": Rule(owners=frozenset({"alice"}), hosts=Hosts.from_entries(["other.example"]))}
    monkeypatch.setattr(
        secret_access, "rules", lambda: {"shop": Rule(owners=frozenset({"alice"})), **hosts}
    )
    tasks = f"""use: {{secrets: [shop, key], authentications: {{shop: {{basic: {{use: shop}}}}}}}}
do:
- ask:
    call: http
    with: {{method: get, endpoint: {{uri: '{server.url}/echo', authentication: {{use: shop}}}}}}
"""
    execution = drive(begin(tasks))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    code = base64.b64encode(b"admin:2024").decode()
    assert server.seen[0].headers["authorization"] == f"Basic {code}"
    assert rows_with(code) == []


ADDRESSES = [
    (
        """'${ "URL/status/404/" + $secrets.pin + "?k=" + $secrets.pin }'""",
        "URL/status/404/[secret pin] answered 404",
    ),
    ("""'${ "URL/status/404?k=\\($secrets.pin)" }'""", "URL/status/404 answered 404"),
    (
        """'${ "URL/status/404/" + ($secrets.pin | @uri) + "?k=1" }'""",
        "URL/status/404/[secret pin] answered 404",
    ),
    (
        """'${ @uri "URL/status/404/\\($secrets.pin)?k=1" }'""",
        "URL/status/404/[secret pin] answered 404",
    ),
    (
        """'${ ["URL", "status", "404", $secrets.pin] | join("/") }'""",
        "GET [secret pin] answered 404",
    ),
    (
        """{uri: '${ "URL/status/404/" + $secrets.pin }'}""",
        "URL/status/404/[secret pin] answered 404",
    ),
    (
        """'${ "http://user:" + $secrets.pin + "@127.0.0.1/" }'""",
        "'http://user:[secret pin]@127.0.0.1/' is no address",
    ),
    ("""'${ "URL/a b" + $secrets.pin }'""", "URL/a b[secret pin]' is no address"),
    (
        """'${ "http://127.0.0.1:" + $secrets.pin + "x/" }'""",
        "'http://127.0.0.1:[secret pin]x/' is no address",
    ),
    (
        """'${ "ftp" + $secrets.pin + "://127.0.0.1/" }'""",
        "'ftp[secret pin]://127.0.0.1/' is no address",
    ),
    ("""'${ "http://7" + $secrets.pin + ".invalid/x" }'""", "[secret pin].invalid"),
    ("""'${ "http://10.0.0." + $secrets.digit + "/" }'""", "10.0.0.[secret digit]"),
]


@pytest.mark.parametrize(("endpoint", "told"), ADDRESSES)
def test_a_short_secret_in_an_address_stands_in_no_error(
    begin, drive, server, canary, monkeypatch, endpoint, told
):
    known = {"key": canary, "pin": "qz7", "digit": "9"}
    monkeypatch.setattr(surroundings, "_known_secrets", lambda: known)
    rules = dict.fromkeys(known, Rule(owners=frozenset({"alice"})))
    monkeypatch.setattr(secret_access, "rules", lambda: rules)
    tasks = f"""use: {{secrets: [pin, digit]}}
do:
- a: {{call: http, with: {{method: get, endpoint: {endpoint}}}}}
""".replace("URL", server.url)
    execution = drive(begin(tasks))
    assert execution.phase == Phase.FAILED
    assert told.replace("URL", server.url) in execution.failure_reason, execution.failure_reason
    assert "qz7" not in execution.failure_reason and rows_with("qz7") == []
    assert "10.0.0.9" not in repr(rows_with("10.0.0"))


SHORT = ["qz7", "9241", "hunter"]
CALLING = """use: {secrets: [pin]}
do:
- a:
    call: http
    with: {method: post, endpoint: WHERE, output: response, WITH}
"""
PLACES = [
    ("URL/echo", """headers: {X-Pin: '${ $secrets.pin }'}"""),
    ("URL/echo", """headers: '${ {"X-Pin": $secrets.pin} }'"""),
    ("URL/echo", """query: {pin: '${ $secrets.pin }', plain: yes}"""),
    ("URL/echo", """query: {pin: [x, '${ $secrets.pin }']}"""),
    ("""'${ "URL/echo?pin=" + $secrets.pin }'""", "query: {plain: yes}"),
]


@pytest.fixture
def pin(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    value: str = request.param
    monkeypatch.setattr(surroundings, "_known_secrets", lambda: {"pin": value})
    monkeypatch.setattr(secret_access, "rules", lambda: {"pin": Rule(owners=frozenset({"alice"}))})
    return value


@pytest.mark.parametrize("pin", SHORT, indirect=True)
@pytest.mark.parametrize(("where", "given"), PLACES)
def test_a_short_secret_stands_in_no_request_that_an_output_shows(
    begin, drive, server, pin, where, given
):
    tasks = CALLING.replace("WHERE", where).replace("WITH", given).replace("URL", server.url)
    tasks += "    output: {as: '${ .request }'}\n"
    execution = drive(begin(tasks))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert pin not in repr(execution.output) and "[secret pin]" in repr(execution.output)


@pytest.mark.parametrize("pin", SHORT, indirect=True)
def test_an_error_withholds_what_a_service_said_that_names_a_short_secret(
    begin, drive, server, pin
):
    tasks = CALLING.replace("WHERE", f"{server.url}/refused/400").replace(
        "WITH", "body: {pin: '${ $secrets.pin }'}"
    )
    execution = drive(begin(tasks))
    assert execution.phase == Phase.FAILED
    assert "withheld" in execution.failure_reason and pin not in execution.failure_reason
    assert rows_with(pin) == []
