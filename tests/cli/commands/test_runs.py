"""Starting and following runs of a live Stigmer."""

from __future__ import annotations

import json
import re
import signal
from urllib.parse import urlsplit

import pytest

from tests.cli.cable import Cable
from tests.cli.terminal import Terminal
from tests.live import LiveStigmer

pytestmark = pytest.mark.processes
RUN_ID = re.compile(r"wex-[0-9a-z]{26}")


def id_in(text: str) -> str:
    found = RUN_ID.search(text)
    assert found is not None, text
    return found.group()


def test_a_run_is_started_and_it_is_said_how_to_follow_it(demo: Terminal) -> None:
    said = demo("run", "workflow", "greet", "-i", "name=Ann")
    assert said.code == 0, said
    assert f"Follow it: stigmer logs -f {id_in(said.out)}" in said.out


def test_a_followed_run_shows_its_history_and_its_output(demo: Terminal) -> None:
    said = demo("run", "workflow", "greet", "--input", '{"name": "Ann"}', "--follow")
    assert said.code == 0, said
    assert "✓ hello" in said.out and "COMPLETED after" in said.out
    assert said.out.rstrip().endswith('{\n  "text": "Hello, Ann"\n}')


def test_a_followed_run_that_fails_ends_with_seven_and_names_what_can_be_done(
    demo: Terminal,
) -> None:
    said = demo("run", "workflow", "stops", "-f")
    assert said.code == 7, said
    run_id = id_in(said.out)
    assert "✗ breaks: failed: It is broken" in said.out
    assert all(f"stigmer {verb} {run_id}" in said.out for verb in ("retry", "skip", "recover"))


def test_as_json_every_update_is_a_line_and_the_last_one_has_ended(demo: Terminal) -> None:
    said = demo("run", "workflow", "greet", "-i", "name=Ann", "-f", "-o", "json")
    updates = [json.loads(line) for line in said.out.splitlines()]
    assert said.code == 0
    assert [update["ended"] for update in updates] == [False] * (len(updates) - 1) + [True]
    assert updates[-1]["execution"]["status"]["output"] == {"text": "Hello, Ann"}


def test_the_same_key_starts_one_run(demo: Terminal) -> None:
    started = [
        demo("run", "workflow", "greet", "-i", "name=A", "--idempotency-key", "k-1", "-o", "json")
        for _ in "ab"
    ]
    assert len({json.loads(said.out)["id"] for said in started}) == 1


def test_an_input_that_does_not_fit_is_a_wrong_use_with_every_finding(demo: Terminal) -> None:
    said = demo("run", "workflow", "order-fulfilment", "-i", "sku=mug")
    assert said.code == 2, said
    first, *findings = said.err.splitlines()
    assert first.endswith("The input does not fit the workflow's schema.")
    assert sorted(findings) == [
        "  --input /address: This is required.",
        "  --input /quantity: This is required.",
        '  --input /sku: "mug" is not one of "tea", "cup", "kettle" or "whisk"',
    ]


def test_an_unknown_workflow_is_not_found(demo: Terminal) -> None:
    said = demo("run", "workflow", "nobody/../knows")
    assert said.code == 4, said
    assert said.out == ""


def test_ctrl_c_leaves_the_run_running_and_says_how_to_follow_it_again(demo: Terminal) -> None:
    with demo.start("run", "workflow", "waits", "--follow") as following:
        run_id = id_in(following.out.readline())
        following.process.send_signal(signal.SIGINT)
        assert following.process.wait(30) == 130
        printed = following.err.read()
    assert f"the run goes on. Follow it again: stigmer logs -f {run_id}" in printed
    assert json.loads(demo("get", run_id, "-o", "json").out)["status"]["phase"] in (
        "PENDING",
        "IN_PROGRESS",
        "WAITING",
    )
    assert demo("cancel", run_id).code == 0


def test_following_goes_on_after_the_connection_was_lost(
    demo: Terminal, live_stigmer: LiveStigmer
) -> None:
    token = json.loads((demo.home / "stigmer" / "config.json").read_text())["token"]
    with Cable(urlsplit(live_stigmer.base_url).port or 0) as cable:
        through = {"STIGMER_SERVER": f"http://localhost:{cable.port}", "STIGMER_TOKEN": token}
        with demo.start("run", "workflow", "ticks", "--follow", **through) as following:
            shown = [following.out.readline() for _ in range(3)]
            cable.pull()
            assert "connection lost, trying again" in following.err.readline()
            cable.plug()
            shown += following.out.readlines()
            assert following.process.wait(30) == 0
            assert "connected again" in following.err.read()
    ticks = [line.split()[-1] for line in shown if "✓ count/@" in line]
    assert ticks == [f"count/@{number}/tick" for number in range(8)]


def test_the_history_of_a_run_is_shown_without_following_it(demo: Terminal) -> None:
    run_id = id_in(demo("run", "workflow", "greet", "-i", "name=Ann", "-f").out)
    said = demo("logs", run_id)
    assert [line.split("  ")[1] for line in said.out.splitlines()] == [
        "▶ started",
        "✓ hello",
        "✓ completed",
    ]
    entries = [json.loads(line) for line in demo("logs", run_id, "-o", "json").out.splitlines()]
    assert [entry["seq"] for entry in entries] == sorted(entry["seq"] for entry in entries)
    assert demo("logs", run_id, "--after", str(entries[-1]["seq"])).out == ""
