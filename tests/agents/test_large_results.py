"""Results that are too large for a prompt: kept once, shown in part, read further by a tool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions import tokens
from executions.agents import stored
from executions.intake.start import start_agent
from executions.models import Execution, Step, StoredValue
from executions.retention.exporting import export
from executions.retention.importing import import_runs
from executions.states import Phase
from tests.agents.conftest import Demo, calls, step

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
LARGE = {"part": 7, "kilobytes": 200}
TEXT = f"{7:>8}" * (200 * 128)


@pytest.fixture(autouse=True)
def functions(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))


def _kept(execution: Execution, path: str) -> dict[str, Any]:
    said = stored.kept(step(execution, path).output)
    assert said is not None
    return said


def test_it_is_kept_once_and_read_further_by_a_tool(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(
        calls(("agents_reads", LARGE)),
        calls(("agents_reads", LARGE), ("agents_reads", LARGE | {"kilobytes": 10})),
        {"say": "Done."},
    )
    execution = drive(begin("read", tools=["agents.reads"]))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    said = _kept(execution, "/turn/1/call/1")
    assert (said["characters"], said["type"]) == (len(TEXT), "text")
    assert _kept(execution, "/turn/2/call/1") == said
    assert step(execution, "/turn/2/call/2").output == f"{7:>8}" * (10 * 128)
    row = StoredValue.objects.get()
    assert (row.digest, row.content) == (said["digest"], TEXT)
    rows = Step.objects.filter(execution=execution).values_list("output", flat=True)
    assert sum(len(str(output)) for output in rows) < 40_000
    # The next run of the conversation reads it, too.
    key = said["digest"][:16]
    demo.plays(calls(("read_result", {"id": key, "from": 204_700})), {"say": "{result}"})
    again = start_agent(
        execution.agent, alice, message="the end of it?", from_run=execution.public_id
    )
    again = drive(again)
    assert again.phase == Phase.COMPLETED, again.failure_reason
    assert again.output["text"].startswith(TEXT[204_700:])
    assert "[characters 204,700 to 204,800 of 204,800; that is the end]" in again.output["text"]
    # A conversation that goes on, or branches, copies no result.
    branch = start_agent(
        execution.agent, alice, message="again?", from_run=execution.public_id, from_turn=1
    )
    assert drive(branch).phase == Phase.COMPLETED
    assert StoredValue.objects.values_list("execution", flat=True).get() == execution.pk


def test_what_another_run_has_kept_is_not_read(
    begin: Begin, drive: Drive, demo: Demo, alice: User, bob: User
) -> None:
    demo.plays(calls(("agents_reads", LARGE)), {"say": "Done."})
    mine = drive(begin("read", tools=["agents.reads"]))
    key = _kept(mine, "/turn/1/call/1")["digest"][:16]
    demo.plays(
        calls(("agents_reads", LARGE | {"part": 8})),
        calls(("read_result", {"id": key})),
        calls(("read_result", {"id": "%"})),
        {"say": "Done."},
    )
    theirs = drive(begin("read", owner=bob, name="other", tools=["agents.reads"]))
    assert theirs.phase == Phase.COMPLETED, theirs.failure_reason
    assert "has no result with the id" in step(theirs, "/turn/2/call/1").output["error"]
    assert step(theirs, "/turn/3/call/1").status == "FAILED"


def test_it_has_an_address_for_those_who_see_the_run(
    begin: Begin, drive: Drive, demo: Demo, alice: User, bob: User
) -> None:
    demo.plays(calls(("agents_reads", LARGE)), {"say": "Done."})
    execution = drive(begin("read", tools=["agents.reads"]))
    digest = _kept(execution, "/turn/1/call/1")["digest"]
    api = f"/api/v1/agent-executions/{execution.public_id}/stored-values/{digest}"
    page = reverse("execution-stored", args=[execution.public_id, digest])
    for user, status in ((alice, 200), (bob, 404)):
        client = Client()
        client.force_login(user)
        secret = tokens.mint(user, "x", ["read"]).secret
        answers = [client.get(page), Client().get(api, HTTP_AUTHORIZATION=f"Bearer {secret}")]
        assert [answer.status_code for answer in answers] == [status, status]
        if status == 200:
            assert {answer.content.decode() for answer in answers} == {TEXT}
            assert answers[0]["Content-Disposition"].startswith("attachment")
    shown = Client()
    shown.force_login(alice)
    talk = shown.get(reverse("execution-conversation", args=[execution.public_id]))
    assert page in talk.content.decode()


def test_it_goes_with_its_run_into_a_file_and_back(
    begin: Begin, drive: Drive, demo: Demo, alice: User, tmp_path: Path
) -> None:
    demo.plays(calls(("agents_reads", LARGE)), {"say": "Done."})
    execution = drive(begin("read", tools=["agents.reads"]))
    file = tmp_path / "run.jsonl.gz"
    file.write_bytes(export(execution, alice))
    (copy,) = import_runs(file, alice)
    digest = _kept(copy.execution, "/turn/1/call/1")["digest"]
    assert StoredValue.objects.get(execution=copy.execution, digest=digest).content == TEXT


def test_what_is_far_too_large_goes_back_to_the_model(
    begin: Begin, drive: Drive, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "MOST_BYTES", 100_000)
    demo.plays(calls(("agents_reads", LARGE)), {"say": "Done."})
    execution = drive(begin("read", tools=["agents.reads"]))
    told = step(execution, "/turn/1/call/1").output
    assert told == {"error": "It gave 204,800 bytes; at most 100,000 of a result are kept."}
    assert not StoredValue.objects.exists()
