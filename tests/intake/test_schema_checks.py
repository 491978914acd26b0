"""Schemas are checked in sealed children and never while a transaction is open: every way that
leads to a check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from executions import schemas, sealed, tokens
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process, Workflow, WorkflowInstance
from executions.verbs.deciding.upgrade import recover_onto

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
STRICT = """
document: {dsl: '1.0.0', namespace: tests, name: strict, version: '1.0.0'}
input: {schema: {document: {type: object, required: [x]}}}
output: {schema: {document: {type: object}}}
do:
- first:
    set: {x: 1}
    input: {schema: {document: {type: object}}}
    output: {schema: {document: {type: object}}}
    export: {as: '${ . }', schema: {document: {type: object}}}
"""
SLOW_TASK = """
document: {dsl: '1.0.0', namespace: tests, name: slow, version: '1.0.0'}
input: {schema: {document: %s}}
do:
- first: {set: {x: 1}}
"""


def doubled(levels: int) -> str:
    parts = ", ".join(
        f"d{n}: {{oneOf: [{{$ref: '#/$defs/d{n + 1}'}}, {{$ref: '#/$defs/d{n + 1}'}}]}}"
        for n in range(levels)
    )
    return f"{{$ref: '#/$defs/d0', $defs: {{{parts}, d{levels}: {{type: object}}}}}}"


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", "alice@example.org", "secret-alice")


@pytest.fixture(autouse=True)
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The checks that were made, none of them in a transaction."""
    made: list[str] = []
    real = sealed.call

    def call(operation: str, *given: Any, **named: Any) -> bytes:
        if operation.startswith("schema."):
            made.append(operation)
            assert not connection.in_atomic_block, "a schema is checked while a transaction is open"
        return real(operation, *given, **named)

    monkeypatch.setattr(sealed, "call", call)
    yield made
    sealed.close()


@pytest.fixture
def strict(alice: User) -> Workflow:
    return apply_definition(STRICT, alice).workflow


@pytest.fixture
def ready(settings: Any, alice: User) -> None:
    """Runs are accepted though no worker is there."""
    settings.STIGMER_ACCEPT_WHEN_IDLE = True


def drive(execution: Execution) -> Execution:
    process = Process.objects.create(kind="worker", host="test", pid=1, slots=1)
    while advance(execution.pk, process_id=process.pk, store=Here(), running=Running()):
        pass
    return Execution.objects.get(pk=execution.pk)


def test_applying_builds_every_schema(alice: User, checks: list[str]) -> None:
    apply_definition(STRICT, alice)
    assert checks == ["schema.build"] * 5


@pytest.mark.parametrize(
    "how", ["no default instance", "with its default instance", "instance's input"]
)
def test_starting_checks_the_input(
    strict: Workflow, alice: User, checks: list[str], how: str
) -> None:
    instance = None
    if how == "with its default instance":
        start(strict, alice, input={"x": 1})
    if how == "instance's input":
        instance = WorkflowInstance.objects.create(
            workflow=strict, slug="other", default_input={"y": 1}
        )
    checks.clear()
    with pytest.raises(
        Refused, match=r"^pipeline step BuildNewState failed: The input does not fit"
    ) as caught:
        start(strict, alice, instance=instance, input=None if instance else {})
    assert [(each.pointer, each.message) for each in caught.value.findings] == [
        ("/input/x", "This is required.")
    ]
    assert checks == ["schema.check"]
    assert Execution.objects.count() == (how == "with its default instance")


def test_driving_checks_what_goes_in_and_out(
    strict: Workflow, alice: User, checks: list[str]
) -> None:
    execution = start(strict, alice, input={"x": 5})
    checks.clear()
    assert drive(execution).phase == "COMPLETED"
    assert checks == ["schema.check"] * 5


def test_the_api_checks_it_with_an_idempotency_key_too(
    strict: Workflow, alice: User, checks: list[str], ready: None
) -> None:
    answer = sent(alice, f"/api/v1/workflows/{strict.slug}/run", {"input": {}}, key="one")
    assert answer.status_code == 422
    assert [(each["pointer"], each["detail"]) for each in answer.json()["errors"]] == [
        ("#/input/x", "This is required.")
    ]
    assert (
        sent(
            alice, f"/api/v1/workflows/{strict.slug}/run", {"input": {"x": 1}}, key="one"
        ).status_code
        == 202
    )


def sent(user: User, path: str, body: Any, key: str = "") -> Any:
    secret = tokens.mint(user, "test", ["run"]).secret
    headers = {"Authorization": f"Bearer {secret}", **({"Idempotency-Key": key} if key else {})}
    return Client(raise_request_exception=False).post(
        path, body, content_type="application/json", headers=headers
    )


def test_the_form_checks_it_too(
    strict: Workflow, alice: User, checks: list[str], ready: None
) -> None:
    client = Client()
    client.force_login(alice)
    page = client.post(
        f"/workflows/{strict.public_id}/run", {"input": "{}", "x": "", "key": "0" * 32}
    )
    assert page.status_code == 400
    assert "This is required." in page.content.decode()
    assert "schema.check" in checks


def test_recovering_onto_another_version_evaluates_it_outside(
    alice: User, checks: list[str]
) -> None:
    bad = "\n- bad: {raise: {error: {type: 'https://example.org/x', status: 400}}}\n"
    workflow = apply_definition(STRICT + bad.lstrip("\n"), alice).workflow
    execution = drive(start(workflow, alice, input={"x": 1}))
    assert execution.phase == "FAILED"
    good = "\n- bad: {set: {y: 2}, output: {schema: {document: {type: object}}}}\n"
    apply_definition(STRICT + good.lstrip("\n"), alice)
    checks.clear()
    recover_onto(execution.pk, alice, 2)
    assert "schema.check" in checks
    assert drive(execution).phase == "COMPLETED"


@pytest.mark.parametrize(
    ("schema", "value", "status", "words"),
    [
        ("{$ref: '#'}", {"a": 1}, 202, ""),
        (
            "{$ref: '#/$defs/a', $defs: {a: {$ref: '#/$defs/b'}, b: {$ref: '#/$defs/a'}}}",
            {"a": 1},
            202,
            "",
        ),
        (
            "{properties: {n: {type: number, multipleOf: 0.01, maximum: 5}}}",
            {"n": 10**400},
            422,
            "maximum of 5",
        ),
        ("{properties: {n: {type: string}}}", {"n": -(10**400)}, 422, 'is not of type "string"'),
        ("{properties: {s: {pattern: '^(a+)+$'}}}", {"s": "a" * 30 + "!"}, 422, "does not match"),
        (doubled(30), {"a": 1}, 422, "took more than 0.5 s and was stopped"),
    ],
    ids=["loop", "long loop", "huge", "huge type", "pattern", "doubled"],
)
def test_the_api_answers_whatever_the_schema_and_the_input_are(
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    ready: None,
    schema: str,
    value: Any,
    status: int,
    words: str,
) -> None:
    monkeypatch.setattr("executions.intake.create_execution.EVALUATION_SECONDS", 0.5)
    workflow = apply_definition(SLOW_TASK % schema, alice).workflow
    answer = sent(alice, f"/api/v1/workflows/{workflow.slug}/run", {"input": value})
    assert answer.status_code == status, answer.content
    assert words in answer.content.decode().replace('\\"', '"')


def test_a_server_that_is_busy_with_checks_of_this_person_says_so(
    strict: Workflow, alice: User, ready: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> Any:
        raise schemas.SchemaBusy("too many slow calls of this owner wait already")

    monkeypatch.setattr(schemas, "problems", busy)
    answer = sent(alice, f"/api/v1/workflows/{strict.slug}/run", {"input": {"x": 1}})
    assert answer.status_code == 503
    assert "cannot be checked now" in answer.json()["detail"]
