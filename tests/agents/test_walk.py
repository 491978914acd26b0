"""The whole way of an agent on a real instance, by API and command: tools beside each other, an
approval with an edit, a worker killed in mid-stream, another model, an amended result, a branch,
and Stigmer itself as an MCP server under Daphne.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.live import ROOT, LiveStigmer, command, environment
from tests.processes import below, kill
from tests.waiting import until

pytestmark = pytest.mark.processes
# A worker that was killed is noticed, and its run taken over, within this on a busy machine.
TAKEN_OVER_SECONDS = 240.0
SLOW = {"say": "word " * 400, "rate": 20}
SCRIPT = {
    "when": "walk (?P<quantity>\\d+) (?P<sku>[a-z]+)",
    "answers": [
        {
            "calls": [
                {"name": "shop_stock", "arguments": {"sku": "{sku}"}},
                {
                    "name": "shop_reserve",
                    "arguments": {"sku": "{sku}", "quantity": "{quantity}"},
                },
            ]
        },
        {
            "calls": [
                {
                    "name": "shop_charge",
                    "arguments": {"order": "{result.order}", "amount": "{result.total}"},
                }
            ]
        },
        {"tries": [SLOW, {"error": 400, "message": "no"}, {"say": "All done: {result}"}]},
    ],
}
DECLARED = """
from executions.models import LanguageModel
demo = LanguageModel.objects.get(name="demo")
LanguageModel.objects.get_or_create(
    name="other", defaults={"address": demo.address, "remote_name": demo.remote_name}
)
"""


@dataclass
class Walker:
    """The API and the command, as the person `demo`."""

    live: LiveStigmer
    config: Path
    token: str = ""

    def command(self, *words: str, given: str = "") -> str:
        surroundings = environment(self.live.home) | {"XDG_CONFIG_HOME": str(self.config)}
        done = subprocess.run(
            command(*words), cwd=ROOT, env=surroundings, input=given, capture_output=True, text=True
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def api(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.live.base_url}/api/v1{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            pytest.fail(f"{method} {path}: {error.code} {error.read()[:2_000]!r}")

    def run(self, run: str) -> Any:
        return self.api("GET", f"/agent-executions/{run}")

    def phase(self, run: str) -> str:
        return str(self.run(run)["status"]["phase"])

    def steps(self, run: str) -> dict[str, Any]:
        found = self.api("GET", f"/agent-executions/{run}/steps?limit=100")["items"]
        return {each["path"]: each for each in found}

    def approval(self, run: str) -> Any:
        """The question that the run waits with."""

        def asked() -> Any:
            items = self.api("GET", "/approvals")["items"]
            return next((each for each in items if run in json.dumps(each)), None)

        return until(asked, what=f"{run} asks", seconds=TAKEN_OVER_SECONDS)

    def ledger(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.live.demo_url}/v1/ledger", timeout=60) as answer:
            found = json.load(answer)
        return list(found["entries"] if isinstance(found, dict) else found)


@pytest.fixture
def walker(live_stigmer: LiveStigmer, tmp_path: Path) -> Iterator[Walker]:
    scripts = live_stigmer.home / "demo" / "scripts"
    scripts.mkdir(parents=True, exist_ok=True)
    script = scripts / "walk.yaml"
    script.write_text(yaml.safe_dump(SCRIPT))
    surroundings = environment(live_stigmer.home)
    declare = [sys.executable, "manage.py", "shell", "-c", DECLARED]
    subprocess.run(declare, cwd=ROOT, env=surroundings, check=True, capture_output=True)
    found = Walker(live_stigmer, tmp_path / "config")
    password = live_stigmer.logins["demo"]
    scopes = [word for scope in ("run", "act", "decide") for word in ("--scope", scope)]
    found.command(
        "login",
        live_stigmer.base_url,
        "--user",
        "demo",
        "--password-stdin",
        *scopes,
        given=password,
    )
    kept = json.loads((found.config / "stigmer" / "config.json").read_text())
    found.token = next(str(value) for value in kept.values() if str(value).startswith("stg"))
    yield found
    script.unlink()


def test_the_shop_assistant_goes_the_whole_way(walker: Walker, live_stigmer: LiveStigmer) -> None:
    before = len(walker.ledger())
    begun = walker.api("POST", "/agents/shop-assistant/run", {"message": "walk 2 cup"})
    run = str(begun["id"])
    # It asks before it takes money, and is approved with another amount.
    asked = walker.approval(run)
    given = {"outcome": "approve", "form": {"order": "order-by-hand", "amount": 1}}
    walker.api("POST", f"/approvals/{asked['id']}/respond", given)
    made = walker.steps(run)
    assert {"/turn/1/call/1", "/turn/1/call/2", "/turn/2/ask/1"} <= made.keys()
    # Its worker is killed while the third answer comes.
    until(
        lambda: len(walker.ledger()) - before >= 3,
        what="the third turn is asked",
        seconds=TAKEN_OVER_SECONDS,
    )
    for worker in live_stigmer.children("worker"):
        kill([worker, *below(worker.pid)])
    # It goes on: the same turn is asked again, which is refused this time.
    until(
        lambda: walker.phase(run) == "FAILED",
        what="the turn is asked again and refused",
        seconds=TAKEN_OVER_SECONDS,
    )
    charged = walker.steps(run)["/turn/2/call/1"]
    assert charged["status"] == "SUCCEEDED"
    # Another model answers it.
    walker.command("retry", run, "-i", "model=other")
    until(lambda: walker.phase(run) == "COMPLETED", what="the run is completed", seconds=120)
    assert "All done" in json.dumps(walker.run(run))
    billed = walker.ledger()[before:]
    by_request: dict[str, list[bool]] = {}
    for entry in billed:
        by_request.setdefault(entry["digest"], []).append(bool(entry["in_full"]))
    counts = sorted(len(each) for each in by_request.values())
    # Three requests; the third was broken off, refused, and answered once.
    assert counts[:2] == [1, 1] and counts[-1] == 3, by_request
    assert sum(sum(each) for each in by_request.values()) <= 4
    # Nothing differs when it is walked again.
    assert "no differences" in walker.command("replay", run)
    # In another run a result is amended while it asks: what came after it is asked for again.
    other = str(walker.api("POST", "/agents/shop-assistant/run", {"message": "walk 3 tea"})["id"])
    first = walker.approval(other)["id"]
    seq = walker.steps(other)["/turn/1/call/1"]["seq"]
    walker.command("amend", other, "--step", str(seq), "--output-value", '{"available": 1}')
    until(
        lambda: walker.approval(other)["id"] != first,
        what="it is asked about the call anew",
        seconds=TAKEN_OVER_SECONDS,
    )
    again = walker.approval(other)
    walker.api("POST", f"/approvals/{again['id']}/respond", {"outcome": "deny"})
    until(
        lambda: walker.phase(other) == "COMPLETED",
        what="the amended run is completed",
        seconds=TAKEN_OVER_SECONDS,
    )
    found = walker.api("GET", f"/agent-executions/{other}/steps?limit=100")["items"]
    results = [each["output"] for each in found if each["path"] == "/turn/1/call/1"]
    # What the tool gave stays in the history beside what stands now.
    assert {"available": 1} in results and len(results) == 2, results
    # The message is said again with another text, in a branch of its own.
    body = {"message": "What is in stock of tea?", "from_run": run, "from_turn": 0}
    branch = str(walker.api("POST", "/agents/shop-assistant/run", body)["id"])
    until(lambda: walker.phase(branch) == "COMPLETED", what="the branch is completed", seconds=120)


def test_the_official_client_speaks_to_daphne(walker: Walker, live_stigmer: LiveStigmer) -> None:
    async def talk() -> tuple[list[str], Any]:
        given = {"Authorization": f"Bearer {walker.token}"}
        async with httpx2.AsyncClient(headers=given, timeout=60) as http:
            link = streamable_http_client(f"{live_stigmer.base_url}/mcp", http_client=http)
            async with Client(link) as client:
                names = [tool.name for tool in (await client.list_tools()).tools]
                return names, await client.call_tool("list_runs", {})

    names, listed = asyncio.run(talk())
    assert "run_agent" in names and "list_runs" in names
    assert not listed.is_error
