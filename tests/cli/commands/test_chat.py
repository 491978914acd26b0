"""Talking to an agent of a live Stigmer from a shell."""

from __future__ import annotations

import pytest

from executions.cli.commands.approvals import filled
from executions.cli.display.talk import Talk
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.processes


def test_a_followed_run_of_an_agent_shows_each_answer_once_and_what_its_tools_gave(
    demo: Terminal,
) -> None:
    said = demo("run", "agent", "shop-assistant", "-m", "What is in stock of tea?", "--follow")
    assert said.code == 0, said
    assert said.out.count("I look it up.") == 1
    assert '✓ shop_stock {"sku": "tea"}' in said.out
    assert said.out.count("There are **") == 1
    assert "tokens in" in said.err


def test_a_chat_asks_in_its_place_and_goes_on_with_the_conversation(demo: Terminal) -> None:
    lines = ["Order 2 cups", "nonsense", "1", "Order 3 cups", "3", "too many", ""]
    said = demo("chat", "shop-assistant", stdin="\n".join(lines))
    assert said.code == 0, said
    assert said.err.count("May shop-assistant call shop_charge with") == 2
    assert "Type one of 1 to 3." in said.err
    assert "✓ shop_charge" in said.out and "rejected this call: too many" in said.out
    assert said.out.count("Let me see what is there") == 2


def test_a_chat_whose_input_ends_at_a_question_ends_and_says_how_to_answer(demo: Terminal) -> None:
    said = demo("chat", "shop-assistant", stdin="Order 2 cups\n")
    assert said.code == 0, said
    assert "It waits: stigmer respond ask-" in said.err


def test_an_answer_takes_over_what_the_form_proposes() -> None:
    form = {"properties": {"order": {"default": "order-1"}, "amount": {"default": 28}, "why": {}}}
    assert filled(form, {"amount": 20}) == {"order": "order-1", "amount": 20}
    assert filled(None, {"amount": 20}) == {"amount": 20}
    assert filled(form, "no object") == "no object"


def test_a_chat_with_nobody_says_so(demo: Terminal) -> None:
    said = demo("chat", "nobody-at-all", stdin="hello\n")
    assert "nobody-at-all" in said.err and said.out == ""


def test_all_of_an_answer_once_more_prints_only_what_is_new(
    capsys: pytest.CaptureFixture[str],
) -> None:
    journal = Journal()
    talk = Talk(journal, "/agent-executions/aex-1", heading=False)  # type: ignore[arg-type]
    for at, text in ((0, "Hel"), (3, "lo"), (0, "Hello"), (0, "Hello wor"), (9, "ld")):
        talk.hear({"path": "/turn/1", "at": at, "text": text})
    assert capsys.readouterr().out == "Hello world"


def test_a_turn_of_which_the_update_comes_late_is_printed_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    journal = Journal()
    talk = Talk(journal, "/agent-executions/aex-1", heading=False)  # type: ignore[arg-type]
    talk.hear({"path": "/turn/1", "at": 0, "text": "First"})
    journal.messages = [{"type": "AI", "content": "First.", "tool_calls": []}]
    talk.hear({"path": "/turn/2", "at": 0, "text": ""})
    talk.hear({"path": "/turn/2", "at": 0, "text": "Second"})
    talk._read()
    assert capsys.readouterr().out == "First.\nSecond"


class Journal:
    """A server that knows one run."""

    def __init__(self) -> None:
        self.messages: list[dict[str, object]] = []

    def get(self, path: str, **query: object) -> dict[str, object]:
        return {"status": {"messages": self.messages, "tool_calls": [], "waiting_for": ""}}


def test_what_comes_late_or_anew_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal()
    talk = Talk(journal, "/agent-executions/aex-1", heading=False)  # type: ignore[arg-type]
    for at, text in ((0, "Hel"), (3, "lo \x1b[2J"), (99, "lost")):
        talk.hear({"path": "/turn/1", "at": at, "text": text})
    talk.hear({"path": "/turn/1", "at": 0, "text": "Hello wor"})
    journal.messages = [{"type": "AI", "content": "Hello world", "tool_calls": []}]
    talk._read()
    talk.hear({"path": "/turn/1", "at": 9, "text": "ld"})
    assert capsys.readouterr().out == "Hello �[2J\nHello world\n"
