from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from executions.models import Execution, Workflow
from tests.dashboard.conftest import HEAD, WORKS

GOOD = HEAD % "one" + WORKS


@pytest.fixture
def client(alice: User, as_: Callable[[User], Client]) -> Client:
    return as_(alice)


def test_a_good_text_becomes_a_workflow(client: Client) -> None:
    response = client.post("/workflows/apply", {"text": GOOD})
    assert response.headers["Location"].endswith("/?applied=created")
    assert Workflow.objects.get().slug == "one"


def test_the_same_text_changes_nothing(client: Client) -> None:
    client.post("/workflows/apply", {"text": GOOD})
    assert (
        client.post("/workflows/apply", {"text": GOOD})
        .headers["Location"]
        .endswith("?applied=unchanged")
    )


def test_every_problem_is_shown_with_its_line_and_the_text_is_kept(client: Client) -> None:
    text = "document: {dsl: '1.0.0'}\ndo:\n  - a: {cal: http}\n"
    response = client.post("/workflows/apply", {"text": text})
    assert response.status_code == 400
    assert {problem.line for problem in response.context["problems"]} == {1, 3}
    assert response.context["text"] == text
    assert not Workflow.objects.exists()


def test_a_file_can_be_given_instead(client: Client) -> None:
    assert (
        client.post(
            "/workflows/apply", {"file": SimpleUploadedFile("w.yaml", GOOD.encode())}
        ).status_code
        == 302
    )


@pytest.mark.parametrize(
    ("content", "says"), [(b"\xff\xfe", "not UTF-8"), (b"x" * 300_000, "262,144")]
)
def test_a_file_that_cannot_be_read_is_explained(content: bytes, says: str, client: Client) -> None:
    response = client.post("/workflows/apply", {"file": SimpleUploadedFile("w.yaml", content)})
    assert response.status_code == 400
    assert says in response.content.decode()


def test_the_workflow_of_somebody_else_is_refused(
    client: Client, bob: User, as_: Callable[[User], Client]
) -> None:
    client.post("/workflows/apply", {"text": GOOD})
    response = as_(bob).post("/workflows/apply", {"text": GOOD + "  # mine now\n"})
    assert response.status_code == 403
    assert "belongs to alice" in response.content.decode()


def test_a_definition_that_is_mended_for_a_failed_run_leads_back_to_it(
    failed: Execution, alice: User, as_: Callable[[User], Client]
) -> None:
    assert failed.workflow is not None and failed.version is not None
    address = f"/workflows/apply?from={failed.workflow.public_id}&for={failed.public_id}"
    text = failed.version.source + "\n  - more: {set: {n: 2}}\n"
    answer = as_(alice).post(address, {"text": text, "opened": "1"})
    assert answer.headers["Location"] == f"/executions/{failed.public_id}/recover"
