"""``hand-over`` against a live Stigmer: to a group that one is in, to none, and to no other."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.live import LiveStigmer, command, environment

pytestmark = pytest.mark.processes
AGENT = "kind: Agent\nname: %s\ninstructions: Answer in one sentence.\nmodel: demo\n"
WORKFLOW = """document: {dsl: "1.0.0", namespace: cli, name: %s, version: "1.0.0"}
do: [{one: {set: {n: 1}}}]
"""


@pytest.fixture
def crew(live_stigmer: LiveStigmer) -> str:
    """A group that the demo person is in."""
    name = f"crew-{uuid.uuid4().hex[:8]}"
    subprocess.run(
        command("user", "join", "demo", name), env=environment(live_stigmer.home), check=True
    )
    return name


def group_of(demo: Terminal, kind: str, name: str) -> str | None:
    shown = json.loads(demo("get", kind, name, "-o", "json").out)
    found: str | None = shown["metadata"]["group"]
    return found


@pytest.mark.parametrize(("kind", "text"), [("workflow", WORKFLOW), ("agent", AGENT)])
def test_a_group_owns_it_and_gives_it_back(
    demo: Terminal, crew: str, tmp_path: Path, kind: str, text: str
) -> None:
    name = f"mine-{uuid.uuid4().hex[:8]}"
    (tmp_path / "mine.yaml").write_text(text % name)
    assert demo("apply", "-f", str(tmp_path / "mine.yaml")).code == 0
    said = demo("hand-over", kind, name, crew)
    assert (said.code, said.out) == (0, f"{kind} {name} belongs to the group {crew}\n"), said
    assert group_of(demo, kind, name) == crew
    said = demo("hand-over", kind, name, "--back")
    assert (said.code, said.out) == (0, f"{kind} {name} belongs to its owner alone\n"), said
    assert group_of(demo, kind, name) is None


def test_what_cannot_be_handed_over_says_why(demo: Terminal, crew: str) -> None:
    for arguments, code, says in (
        (("workflow", "waits", "nobody's"), 2, 'There is no group "nobody\'s" of yours'),
        (("workflow", "waits", "Support"), 2, "Groups that give a rank own nothing"),
        (("workflow", "no-such-one", crew), 4, "no-such-one"),
        (("execution", "wex-1", crew), 2, "It owns one of workflow, agent, skill"),
        (("workflow", "waits"), 2, "`stigmer list groups` names them"),
        (("workflow", "waits", crew, "--back"), 2, "one of the two"),
    ):
        said = demo("hand-over", *arguments)
        assert said.code == code and says in said.err, (arguments, said)
