"""A web server that ends, in order or not: what was under way with its clients."""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from executions.cli.remote.session import Session
from tests.live import LiveStigmer, stigmer_up
from tests.waiting import START_SECONDS, until

pytestmark = pytest.mark.processes
WAITS = (
    "document: {dsl: '1.0.0', namespace: t, name: waits, version: '1.0.0'}\ndo: [{a: {wait: {hours:"
    " 1}}}]\n"
)
# Storing a run takes very long while this is there.
SLOW = """
CREATE TRIGGER slow BEFORE INSERT ON executions_execution BEGIN
    SELECT count(*) FROM auth_permission a, auth_permission b, auth_permission c, auth_permission d;
END
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStigmer]:
    with stigmer_up(tmp_path_factory.mktemp("web") / "home") as live:
        yield live


@pytest.fixture(scope="module")
def client(live: LiveStigmer) -> Iterator[httpx.Client]:
    with Session(live.base_url, "demo", live.logins["demo"]) as session:
        secret = session.make_token("tests", ["run", "act"], None)["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(
        base_url=f"{live.base_url}/api/v1", headers=headers, timeout=120, trust_env=False
    ) as client:
        applied = client.post(
            "/workflows", content=WAITS, headers={"Content-Type": "application/yaml"}
        )
        assert applied.status_code == 201, applied.text
        yield client


def database(live: LiveStigmer) -> sqlite3.Connection:
    return sqlite3.connect(live.home / "stigmer.sqlite3", isolation_level=None, timeout=30)


def asked(live: LiveStigmer, query: str) -> list[tuple[Any, ...]]:
    with closing(database(live)) as connection:
        return connection.execute(query).fetchall()


def test_a_stream_ends_with_its_last_line_when_the_server_stops_in_order(
    live: LiveStigmer, client: httpx.Client
) -> None:
    run = client.post("/workflows/waits/run", json={}).json()
    (web,) = live.children("web")
    lines: list[str] = []
    followed = f"/workflow-executions/{run['id']}/events"
    with client.stream("GET", followed, headers={"Accept": "text/event-stream"}) as stream:
        # An answer that is cut off raises: the whole of it has to arrive.
        for line in stream.iter_lines():
            lines.append(line)
            if line.startswith("event: snapshot"):
                web.send_signal(signal.SIGTERM)
    told = [line for line in lines if line]
    assert told[-2:] == ["event: closed", 'data: {"reason": "restarting"}']
    until(
        lambda: live.status("/readyz") == 200, what="the web server is back", seconds=START_SECONDS
    )
    assert "starting it again in 0.2 s" in live.written()


def test_a_start_whose_web_process_died_answers_its_key_again_at_once(
    live: LiveStigmer, client: httpx.Client
) -> None:
    broken: list[Exception] = []

    def start() -> httpx.Response:
        return client.post(
            "/workflows/waits/run", json={"input": {"n": 1}}, headers={"Idempotency-Key": "once"}
        )

    def start_in_vain() -> None:
        try:
            start()
        except httpx.TransportError as problem:
            broken.append(problem)

    with closing(database(live)) as connection:
        connection.execute(SLOW)
    first = threading.Thread(target=start_in_vain)
    first.start()
    reserved = "SELECT status FROM executions_idempotentrequest WHERE key = 'once'"
    until(
        lambda: asked(live, reserved) == [(0,)],
        what="the key is reserved and the run not stored yet",
    )
    (web,) = live.children("web")
    web.kill()
    first.join(60)
    assert broken, "the first one was not answered"
    with closing(database(live)) as connection:
        connection.execute("DROP TRIGGER slow")
    until(
        lambda: live.status("/readyz") == 200, what="the web server is back", seconds=START_SECONDS
    )
    again = start()
    assert again.status_code == 202, again.text
    assert start().json() == again.json()
    assert asked(live, "SELECT count(*) FROM executions_execution WHERE input LIKE '%n%1%'") == [
        (1,)
    ]
    dead = (
        f"SELECT death FROM executions_process WHERE kind = 'web' AND pid = {web.pid} AND dead_at"
        " IS NOT NULL"
    )
    until(lambda: asked(live, dead), what="its death is known")
    # The word of a supervisor that got no processor for a tenth of a second comes too late.
    assert asked(live, dead)[0][0] in ("killed by SIGKILL", "its process is gone")
