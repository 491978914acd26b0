"""An agent's run in each place where people look after runs: named as an agent's, with the right
address, with verbs that work.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from dashboard.queries import by_hour, figures, finding
from executions import clock
from executions.bulk.driving import Driving
from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Channel, Execution, Notification, Process
from executions.outbound import channels, deriving, wording
from executions.policy import SUPPORT_GROUP
from executions.states import Phase
from tests.agents.conftest import Demo, answer, calls

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
WORKFLOW = """
document: {dsl: '1.0.0', namespace: tests, name: helper, version: '1.0.0'}
do:
  - greet: {set: {message: hello}}
"""
REFUSED = {"error": 400, "message": "It does not like that."}
MARK = '<span class="sr-only">agent </span>'


def page_of(user: User, address: str) -> str:
    client = Client()
    client.force_login(user)
    answered = client.get(address)
    assert answered.status_code == 200, (address, answered.status_code)
    return answered.content.decode()


@pytest.fixture
def failed(begin: Begin, drive: Drive, demo: Demo, alice: User) -> Execution:
    """A run that stopped at its first turn, beside a workflow of the same name that ran."""
    drive(start(apply_definition(WORKFLOW, alice).workflow, alice, input={}))
    demo.plays(REFUSED)
    run = drive(begin("Is there tea?"))
    assert (run.phase, run.name) == (Phase.FAILED, "helper")
    return run


@pytest.fixture
def asking(begin: Begin, drive: Drive, demo: Demo) -> Execution:
    demo.plays(calls(("ask_a_person", {"question": "Green or black?"})), {"say": "Fine."})
    return drive(begin("tea", tools=["ask_a_person"]))


def test_the_overview_names_it_counts_its_failure_and_its_cause(
    failed: Execution, alice: User
) -> None:
    page = page_of(alice, "/")
    assert f'href="/executions/{failed.public_id}/"' in page
    assert f"{MARK}<strong" in page and "Turn 1: The model demo" in page
    day = by_hour.day(alice)
    assert day is not None and (day.began, day.failed) == (2, 1)
    of_agent = by_hour.day(alice, agent=failed.agent_id)  # type: ignore[arg-type]
    assert of_agent is not None and (of_agent.began, of_agent.failed) == (1, 1)
    (cause,) = page.split('id="causes"')[1].split("</section>")[0].split("<li")[1:]
    assert f"cause:{failed.cause}" in cause and "It does not like that." in cause


def test_how_long_runs_take_is_told_of_an_agent_apart_from_a_workflow_of_its_name(
    failed: Execution, begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays({"say": "Yes."})
    done = drive(begin("Is there tea?"))
    told = figures.durations(alice)
    assert told is not None
    assert {(each.kind, each.slug, each.runs) for each in told.by_subject} == {
        ("workflow", "helper", 1),
        ("agent", "helper", 1),
    }
    assert done.agent is not None
    page = page_of(alice, f"/agents/{done.agent.public_id}/")
    assert "The last 24 hours" in page and 'href="/executions/?q=agent:helper"' in page


def test_the_inbox_tells_of_it_and_says_when_it_was_mended(
    failed: Execution, drive: Drive, demo: Demo, alice: User
) -> None:
    page = page_of(alice, "/inbox/")
    assert f'{MARK}<a class="title" href="/executions/{failed.public_id}/"' in page
    assert "Step Turn 1 of" in page and "It does not like that." in page
    demo.plays({"say": "Yes."})
    _act(alice, failed, "retry")
    assert drive(failed).phase == Phase.COMPLETED
    assert "mended: completed" in page_of(alice, "/inbox/")
    assert Notification.objects.unread().count() == 0


def test_a_question_of_it_leads_from_the_inbox_to_its_answer(
    asking: Execution, drive: Drive, alice: User
) -> None:
    page = page_of(alice, "/inbox/")
    assert "Somebody has to answer" in page and "Green or black?" in page
    rows = page_of(alice, "/executions/")
    assert "waits for an answer" in rows and "Call 1 of turn 1" in rows and "goes on" not in rows
    answer(asking, alice, "answer", form={"answer": "Green"})
    assert drive(asking).phase == Phase.COMPLETED
    assert "answered" in page_of(alice, "/inbox/")


def test_attention_groups_its_runs_and_its_bulk_verb_mends_them(
    failed: Execution, begin: Begin, drive: Drive, demo: Demo, alice: User, process: Process
) -> None:
    others = [drive(begin("Is there tea?")) for _ in range(2)]
    page = page_of(alice, "/attention/")
    assert page.count('class="cause-row"') == 1
    assert f"{MARK}<bdi>helper</bdi>" in page and "step <bdi>Turn 1</bdi>" in page
    assert "Retry all 3" in page and "Acknowledge all 3" in page
    client = Client()
    client.force_login(alice)
    sent = {"cause": failed.cause, "verb": "retry", "sure": "yes", "reason": "mended"}
    assert client.post("/executions/bulk", sent).status_code == 302
    worker = Driving(process.pk, lambda: False)
    while worker.step():
        pass
    demo.plays({"say": "Yes."})
    assert {drive(run).phase for run in (failed, *others)} == {Phase.COMPLETED}
    assert 'class="cause-row"' not in page_of(alice, "/attention/")


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [
        ("agent:helper", {"agent"}),
        ("kind:agent", {"agent"}),
        ("kind:workflows", {"workflow"}),
        ("workflow:helper", {"agent", "workflow"}),
        ("label:team=red", {"agent"}),
        ("status:failed", {"agent"}),
        ("step:turn", {"agent"}),
        ("does not like", {"agent"}),
    ],
)
def test_words_find_it_on_the_page_and_at_the_api(
    failed: Execution, alice: User, typed: str, kinds: set[str]
) -> None:
    assert failed.agent is not None
    failed.agent.labels = {"team": "red"}
    failed.agent.save(update_fields=["labels"])
    of_workflow = Execution.objects.get(kind="workflow")
    runs = {"agent": failed.public_id, "workflow": of_workflow.public_id}
    client = Client()
    client.force_login(alice)
    page = client.get("/executions/", {"q": typed}).content.decode()
    assert {kind for kind, run in runs.items() if f'href="/executions/{run}/"' in page} == kinds
    for kind, run in runs.items():
        answered = client.get(f"/api/v1/{kind}-executions", {"q": typed})
        found = [each["metadata"]["id"] for each in answered.json()["items"]]
        assert found == ([run] if kind in kinds else []), (kind, typed)


def test_an_unknown_kind_is_said(failed: Execution, alice: User) -> None:
    assert "There is no kind “robot”" in page_of(alice, "/executions/?q=kind:robot")


def test_the_filter_of_the_list_names_agents(failed: Execution, alice: User) -> None:
    page = page_of(alice, "/executions/?workflow=helper")
    assert re.search(r'<optgroup label="Agents">\s*<option selected>helper</option>', page)


def test_the_palette_finds_agent_and_run(failed: Execution, alice: User) -> None:
    found = [(each.kind, each.note) for each in finding.find(alice, "helper")]
    assert ("Agent", "helper") in found
    assert ("Execution", f"agent · Failed · {failed.public_id}") in found


def test_its_page_offers_support_the_way_back_and_that_works(
    begin: Begin, drive: Drive, demo: Demo, alice: User, asking: Execution
) -> None:
    sue = User.objects.create_user("sue")
    sue.groups.add(Group.objects.get_or_create(name=SUPPORT_GROUP)[0])
    assert "Restore to a checkpoint" in page_of(sue, f"/executions/{asking.public_id}/")
    assert "Restore to a checkpoint" not in page_of(alice, f"/executions/{asking.public_id}/")
    page = page_of(sue, f"/executions/{asking.public_id}/checkpoints")
    assert "Turn 1" in page
    address = f"/api/v1/agent-executions/{asking.public_id}/restore?checkpoint_seq=0"
    again = json.loads(page_of(sue, address))["runs_again"]
    assert "/turn/1" in [step["path"] for step in again], "the command asks for this before it acts"
    _act(sue, asking, "restore", checkpoint=0, reason="once more")
    restored = drive(asking)
    assert restored.phase == Phase.WAITING
    events = page_of(alice, f"/executions/{asking.public_id}/events")
    assert "by sue" in events and "once more" in events


def test_the_audit_trail_finds_what_was_done_to_it(
    failed: Execution, alice: User, drive: Drive
) -> None:
    _act(alice, failed, "retry")
    root = User.objects.create_superuser("root")
    page = page_of(root, f"/audit/?about={failed.public_id}")
    assert f'href="/executions/{failed.public_id}/audit"' in page and "retry" in page
    client = Client()
    client.force_login(root)
    text = client.get(f"/audit/export?about={failed.public_id}&format=csv").content.decode()
    (row,) = list(csv.DictReader(io.StringIO(text)))
    assert failed.public_id in row.values() and "retry" in row.values()


def test_sinks_and_notices_name_the_agent(failed: Execution, alice: User) -> None:
    assert failed.agent is not None
    root = User.objects.create_superuser("root")
    sink = channels.create(root, channels.Wanted("all", "https://sink.example.org/"))
    Channel.objects.update(hears_from=clock.now() - timedelta(minutes=5))
    while deriving.derive(lambda work: work(), deriving.sinks()):
        pass
    bodies = [row.body for row in sink.sendings.filter(execution=failed).order_by("pk")]
    started = next(each for each in bodies if each["type"].endswith("workflow.started.v1"))
    assert started["data"]["definition"] == {
        "name": "helper",
        "namespace": "agents",
        "version": "1",
    }
    assert started["data"]["name"] == f"helper-{failed.public_id}.agents"
    faulted = next(each for each in bodies if each["type"].endswith("workflow.faulted.v1"))
    assert "It does not like that." in json.dumps(faulted["data"]["error"])
    assert faulted["source"] == f"/executions/{failed.public_id}"
    event = failed.events.get(name="WORKFLOW_STEP_FAILED")
    assert event.payload["agent_id"] == failed.agent.public_id
    told = wording.notice(event)
    assert (told["kind"], told["workflow"], told["workflow_id"]) == (
        "agent",
        "helper",
        failed.agent.public_id,
    )
    assert told["path"] == f"/executions/{failed.public_id}/"


def test_runs_below_an_agent_are_listed_and_named_where_it_waits(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    apply_agent("kind: Agent\nname: expert\ninstructions: Answer well.\nmodel: demo\n", alice)
    demo.plays(calls(("agent_expert", {"message": "Which tea?"})), when="hello", name="a-asks")
    tools = [{"agent": "expert", "approval": "never"}]
    run = drive(begin("hello", tools=tools))
    child = Execution.objects.get(parent=run)
    assert child.public_id.startswith("aex-")
    page = page_of(alice, f"/executions/{run.public_id}/")
    assert f'href="/executions/{child.public_id}/"' in page and "waits for the run" in page
    client = Client()
    client.force_login(alice)
    listed = client.get("/api/v1/agent-executions", {"parent": run.public_id}).json()["items"]
    assert [each["metadata"]["id"] for each in listed] == [child.public_id]


def _act(user: User, run: Execution, verb: str, **sent: Any) -> None:
    client = Client()
    client.force_login(user)
    address = f"/executions/{run.public_id}/do/{verb}"
    answered = client.post(address, {"seq": run.head_seq, **sent})
    assert answered.status_code == 302, answered.content.decode()[:2000]
