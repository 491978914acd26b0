"""``sources``, ``sinks`` and ``channels`` against a live Stigmer: its own worker sends what happens."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.live import LiveStigmer
from tests.outbound.receiver import Receiver
from tests.waiting import until

pytestmark = pytest.mark.processes
ENDS = "io.serverlessworkflow.workflow.completed.v1"
SETS = """document: {dsl: '1.0.0', namespace: cli, name: sets, version: '1.0.0'}
do: [{one: {set: {n: 1}}}]
"""


def test_a_source_is_made_given_another_secret_looked_at_and_deleted(demo: Terminal) -> None:
    made = demo("sources", "create", uuid.uuid4().hex, "--type", "cli.news")
    assert made.code == 0 and made.out.startswith("whs_")
    (source,) = [
        item["id"]
        for item in json.loads(demo("sources", "list", "-o", "json").out)["items"]
        if item["event_type"] == "cli.news"
    ]
    again = demo("sources", "rotate", source)
    assert again.out.startswith("whs_") and again.out != made.out
    assert demo("sources", "visits", source).code == 0
    assert demo("sources", "delete", source).code == 0
    assert demo("sources", "visits", source).code == 4


@pytest.fixture
def admin(live_stigmer: LiveStigmer, tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path)
    said = terminal(
        *("login", live_stigmer.base_url, "--user", "admin", "--password-stdin"),
        *("--scope", "admin", "--scope", "read", "--scope", "run", "--scope", "act"),
        stdin=live_stigmer.logins["admin"] + "\n",
    )
    assert said.code == 0, said
    return terminal


def test_a_sink_is_declared_hears_and_is_turned_off(admin: Terminal, tmp_path: Path) -> None:
    receiver = Receiver()
    try:
        name = f"s{uuid.uuid4().hex[:8]}"
        made = admin("sinks", "create", name, receiver.url, "--type", ENDS)
        assert made.code == 0, made
        (tmp_path / "sets.yaml").write_text(SETS)
        assert admin("apply", "-f", str(tmp_path / "sets.yaml")).code == 0
        assert admin("run", "workflow", "sets").code == 0
        until(
            lambda: "ALLOWED_HOSTS" in admin("sinks", "list").out or receiver.came,
            what="the sink was tried",
            seconds=60,
        )
        shown = admin("sinks", "messages", name, "-o", "json")
        assert json.loads(shown.out)["items"][0]["type"] == ENDS
        changed = admin("sinks", "change", name, "--secret", "HOOK", "--type", "")
        assert changed.out == f"{name} is changed.\n", changed
        assert admin("sinks", "change", name).code == 2
        assert admin("sinks", "off", name).code == 0
        assert admin("sinks", "on", name).code == 0
        assert admin("sinks", "again", name).out == "To be sent again: 0.\n"
        assert admin("sinks", "delete", name).code == 0
        assert admin("sinks", "off", name).code == 4
    finally:
        receiver.close()


def test_a_channel_is_declared_tried_and_deleted(demo: Terminal) -> None:
    receiver = Receiver()
    try:
        name = f"c{uuid.uuid4().hex[:8]}"
        made = demo("channels", "create", "webhook", name, receiver.url, "--rhythm", "hourly")
        assert made.code == 0, made
        shown = demo("channels", "list", "-o", "json").out
        assert name in shown and '"rhythm": "hourly"' in shown
        tried = demo("channels", "test", name)
        assert demo("channels", "change", name, "--rhythm", "daily").code == 0
        # The server of the tests lists this address only where it lets workflows call it.
        assert tried.code == 0 or "ALLOWED_HOSTS" in tried.err, tried
        assert demo("channels", "messages", name).code == 0
        assert demo("channels", "delete", name).code == 0
        assert demo("channels", "test", name).code == 4
        refused = demo("channels", "create", "pigeon", name, receiver.url)
        assert refused.code == 2 and "Known: events, mail, webhook" in refused.err, refused
    finally:
        receiver.close()
