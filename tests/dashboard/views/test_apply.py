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


def test_a_version_says_what_it_changes_and_too_long_a_message_loses_nothing(
    client: Client,
) -> None:
    sent = {"text": GOOD, "message": "A <b>first</b>\n one"}
    page = client.post("/workflows/apply", sent, follow=True).content.decode()
    assert "A &lt;b&gt;first&lt;/b&gt; one" in page
    long = {"text": GOOD.replace("one", "two"), "message": "x" * 501}
    refused = client.post("/workflows/apply", long)
    assert refused.status_code == 400 and Workflow.objects.count() == 1
    page = refused.content.decode()
    assert "has 501 characters; 500 are allowed" in page and "x" * 501 in page and "two" in page


def test_the_ends_of_lines_of_a_browser_are_not_a_change(client: Client) -> None:
    client.post("/workflows/apply", {"text": GOOD})
    sent = client.post("/workflows/apply", {"text": GOOD.replace("\n", "\r\n")})
    assert sent.headers["Location"].endswith("?applied=unchanged")


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


def test_a_look_stores_nothing_and_says_what_applying_would_do(client: Client) -> None:
    looked = client.post("/workflows/apply", {"text": GOOD, "look": "1"})
    assert "Applying it stores version 1." in looked.content.decode()
    assert not Workflow.objects.exists()
    client.post("/workflows/apply", {"text": GOOD})
    workflow = Workflow.objects.get()
    address = f"/definitions/workflow/check?from={workflow.public_id}"
    # A browser sends its own ends of lines.
    same = client.post(address, {"text": GOOD.replace("\n", "\r\n")})
    assert "It is the text of version 1." in same.content.decode()
    other = client.post(address, {"text": GOOD.replace("hello", "good evening")})
    look = other.context["look"]
    assert look.result == "Applying it stores version 2."
    assert {kind for kind, _ in look.changes} == {"place", "added", "removed", ""}
    assert [place.node.name for place in look.drawing.places] == ["Start", "greet", "End"]


def test_the_editor_completes_the_names_that_its_reader_may_see(
    client: Client, bob: User, as_: Callable[[User], Client]
) -> None:
    client.post("/workflows/apply", {"text": GOOD})
    Workflow.objects.update(visibility="private")
    words = client.get("/definitions/workflow/words").json()
    assert words["names"]["workflows"] == ["one"]
    assert words["schema"]["$defs"]["PythonArguments"]["properties"]["function"]["x-names"] == (
        "functions"
    )
    assert as_(bob).get("/definitions/workflow/words").json()["names"]["workflows"] == []
    assert "instructions" in client.get("/definitions/agent/words").json()["schema"]["properties"]


def test_only_the_page_of_the_editor_lets_a_style_in_by_its_nonce(client: Client) -> None:
    def style(address: str) -> str:
        policy = client.get(address).headers["Content-Security-Policy"]
        return next(each for each in policy.split("; ") if each.startswith("style-src"))

    assert "nonce-" in style("/workflows/apply") and "nonce-" in style("/agents/apply")
    assert style("/workflows/") == "style-src 'self'"


def test_a_dry_run_answers_as_the_newest_of_my_runs_and_stores_nothing(
    begin: Callable[..., Execution], drive: Callable[[Execution], Execution], client: Client
) -> None:
    run = drive(begin())
    assert run.workflow is not None and run.version is not None
    address = f"/definitions/workflow/check?from={run.workflow.public_id}"
    text = run.version.source + "  - more: {set: {said: '${ .message }'}}\n"
    shown = client.post(address, {"text": text, "try": "1", "input": ""})
    assert shown.context["tried"].rehearsed.output == {"said": "hello"}
    assert shown.context["tried"].like == run
    refused = client.post(address, {"text": text, "try": "1", "input": "{"})
    assert "The input of the dry run is no JSON" in refused.content.decode()
    assert Execution.objects.count() == 1
