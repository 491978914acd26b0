"""The page of a conversation: what was said on the way to a run, its branches, and saying more."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import clock
from executions.intake.agents import apply_agent
from executions.intake.start import start_agent
from executions.intake.update_status import update_status
from executions.models import Agent, Execution, Process
from tests.agents.conftest import Demo, calls
from tests.dashboard.views import test_agents
from tests.dashboard.views.test_agents import TEXT, text_of

agent, demo = test_agents.agent, test_agents.demo
no_mind_is_left, patient = test_agents.no_mind_is_left, test_agents.patient
pytestmark = test_agents.pytestmark
As = Callable[[User], Client]


class Talker:
    """Somebody who talks by the page; each run is driven to where it stops."""

    def __init__(self, client: Client, drive: Callable[[Execution], Execution]) -> None:
        self.client, self._drive, self._sent = client, drive, 0

    def _say(self, address: str, message: str, **more: Any) -> Execution:
        self._sent += 1
        # Driving takes its time here; the worker that the page asks about lives meanwhile.
        Process.objects.update(heartbeat_at=clock.now())
        sent = {"message": message, "key": f"{self._sent:032x}", **more}
        response = self.client.post(address, sent)
        assert response.status_code == 302, response.content.decode()
        public_id = response.headers["Location"].split("/")[2]
        found = next(row for row in Execution.objects.all() if row.public_id == public_id)
        return self._drive(found)

    def begin(self, agent: Agent, message: str) -> Execution:
        return self._say(f"/agents/{agent.public_id}/talk", message)

    def reply(self, before: Execution, message: str, **more: Any) -> Execution:
        return self._say(f"/executions/{before.public_id}/reply", message, **more)

    def page(self, execution: Execution) -> str:
        return text_of(self.client, f"/executions/{execution.public_id}/conversation")


@pytest.fixture
def alices(alice: User, as_: As, drive: Any) -> Talker:
    return Talker(as_(alice), drive)


def bubbles(page: str) -> list[str]:
    found = re.findall(r'<div class="bubble words"[^>]*>(.*?)</div>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", text).strip() for text in found]


def test_a_page_shows_all_that_was_said_on_the_way_to_its_run(
    agent: Agent, alices: Talker, demo: Demo
) -> None:
    demo.plays({"say": "I heard: {message}"})
    first = alices.begin(agent, "one")
    second = alices.reply(first, "two")
    third = alices.reply(second, "three")
    assert second.input == {"message": "two", "from_run": first.public_id}
    assert {row.session_id for row in (first, second, third)} == {first.session_id}
    said = ["one", "I heard: one", "two", "I heard: two", "three", "I heard: three"]
    assert bubbles(alices.page(third)) == said
    assert bubbles(alices.page(second)) == said[:4]
    assert f"/executions/{third.public_id}/conversation" in alices.page(second)


def test_a_message_said_again_is_a_branch_and_one_can_switch_between_them(
    agent: Agent, alices: Talker, demo: Demo
) -> None:
    demo.plays({"say": "I heard: {message}"})
    first = alices.begin(agent, "one")
    second = alices.reply(first, "two")
    third = alices.reply(second, "three")
    other = alices.reply(second, "two, otherwise", from_turn=0)
    again = alices.reply(other, "two, a third time", from_turn=0)
    page = alices.page(other)
    assert bubbles(page)[:3] == ["one", "I heard: one", "two, otherwise"]
    assert "three" not in page and ">2/3<" in page
    # Each of the others leads to the end of its branch.
    for leaf in (third, again):
        assert f'href="/executions/{leaf.public_id}/conversation"' in page
    assert ">1/3<" in alices.page(third) and "1/3" in alices.page(second)
    assert "2/3" not in alices.page(first)
    messages = [each["message"] for each in demo.ledger()] if "message" in demo.ledger()[0] else []
    assert "two" not in messages[3:4]


def test_the_first_message_said_again_begins_the_conversation_anew(
    agent: Agent, alices: Talker, demo: Demo
) -> None:
    demo.plays({"say": "I heard: {message}"})
    first = alices.begin(agent, "one")
    alices.reply(first, "two")
    again = alices.reply(first, "one, otherwise", from_turn=0)
    assert bubbles(alices.page(again)) == ["one, otherwise", "I heard: one, otherwise"]
    assert "2/2" in alices.page(again) and "1/2" in alices.page(first)
    stranger = alices.begin(agent, "something else")
    assert "1/2" not in alices.page(stranger)


def test_one_goes_on_from_a_turn_in_the_middle(agent: Agent, alices: Talker, demo: Demo) -> None:
    demo.plays(calls(("nothing_such", {})), {"say": "Done."})
    first = alices.begin(agent, "one")
    other = alices.reply(first, "stop there", from_turn=1)
    page = alices.page(other)
    assert "nothing_such" in page and bubbles(page)[-2:] == ["stop there", "Done."]
    assert f'id="{first.public_id}-turn-1"' in page
    assert f'id="{first.public_id}-turn-2"' not in page


def test_who_goes_on_where_somebody_has_gone_on_meanwhile_is_told_and_decides(
    agent: Agent, alices: Talker, demo: Demo
) -> None:
    demo.plays({"say": "I heard: {message}"})
    first = alices.begin(agent, "one")
    second = alices.reply(first, "two")
    address = f"/executions/{first.public_id}/reply"
    late = {"message": "two as well", "key": "f" * 32, "known": ""}
    response = alices.client.post(address, late)
    assert response.status_code == 409 and Execution.objects.count() == 2
    page = response.content.decode()
    assert "gone on from here meanwhile" in page and "two as well" in page
    assert second.public_id in page
    known = re.search(r'name="known" value="([^"]*)"', page)
    assert known is not None
    other = alices.reply(first, "two as well", known=known[1])
    assert "2/2" in alices.page(other)


def test_only_the_owner_says_more_and_others_who_see_it_only_read(
    agent: Agent, alices: Talker, demo: Demo, bob: User, support: User, as_: As
) -> None:
    demo.plays({"say": "Tea."})
    first = alices.begin(agent, "one")
    address = f"/executions/{first.public_id}/"
    assert as_(bob).get(f"{address}conversation").status_code == 404
    read = text_of(as_(support), f"{address}conversation")
    assert "Tea." in read and f'action="{address}reply' not in read
    assert as_(support).post(f"{address}reply", {"message": "x"}).status_code == 404


def test_a_call_is_approved_in_its_place_with_other_arguments(
    alice: User, as_: As, drive: Any, agent: Agent, demo: Demo
) -> None:
    text = TEXT + "tools: [{function: demo.shop.charge, name: charge, approval: always}]\n"
    demo.plays(calls(("charge", {"order": "a\u202eb", "amount": 3})), {"say": "Thank you."})
    talker = Talker(as_(alice), drive)
    run = talker.begin(apply_agent(text, alice).agent, "pay")
    page = talker.page(run)
    # What turns the direction of writing is written out, but in the box where it can be edited.
    assert page.count("a\\u202eb") >= 2 and re.findall(".{7}a\u202e", page) == ['value="a\u202e']
    ask = re.search(r'action="/approvals/(ask-[a-z0-9]+)/respond"', page)
    assert ask is not None and page.index("waits for approval") < ask.start()
    assert 'data-opens="sheet-cancel"' in page


def test_a_text_of_a_model_does_nothing(agent: Agent, alices: Talker, demo: Demo) -> None:
    evil = (
        "<img src=https://evil.example/?q=1 onerror=alert(1)> ![x](https://evil.example/x.png)"
        " [click](javascript:alert(1)) [out](https://evil.example/a) <div hx-get=/x id=page>"
    )
    demo.plays({"say": evil})
    page = alices.page(alices.begin(agent, "<script>alert(1)</script>"))
    (_, said) = re.findall(r'<div class="bubble words"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert "<img" not in said and "<div" not in said and 'href="javascript' not in said
    assert 'rel="noopener noreferrer nofollow"' in said and "(evil.example)" in said
    assert "<script>alert" not in page


def test_what_an_external_runner_tells_is_the_conversation(
    agent: Agent, alice: User, as_: As
) -> None:
    run = start_agent(agent, alice, message="Review this.", runner="external")
    address = f"/executions/{run.public_id}/conversation"
    assert "has told no messages yet" in text_of(as_(alice), address)
    evil = "Looks **good**. <img src=x onerror=alert(1)>"
    update_status(
        run.pk,
        alice,
        kind="agent",
        update={
            "sequence": 1,
            "phase": "IN_PROGRESS",
            "messages": [
                {"type": "HUMAN", "content": "Review this."},
                {"type": "THINKING", "content": "Hm."},
                {"type": "AI", "content": evil, "tool_calls": [{"id": "one", "name": "read"}]},
                {"type": "TOOL", "content": "12 lines"},
            ],
            "tool_calls": [
                {"id": "one", "name": "read", "status": "COMPLETED", "result": {"lines": 12}},
                {"id": "two", "name": "write", "status": "FAILED", "error": "<b>no</b>"},
            ],
            "input_tokens": 812,
            "cost": "0.004",
        },
    )
    page = text_of(as_(alice), address)
    assert bubbles(page) == ["Review this.", "Looks good. &lt;img src=x onerror=alert(1)&gt;"]
    assert page.index("Hm.") < page.index("Looks") < page.index("12 lines")
    assert page.index('id="told-call-0"') < page.index("12 lines") < page.index("told-call-1")
    assert "&quot;lines&quot;: 12" in page and "&lt;b&gt;no&lt;/b&gt;" in page
    assert "812 tokens in" in page and "0.004" in page
    assert "no messages" not in page and f"/executions/{run.public_id}/reply" not in page
