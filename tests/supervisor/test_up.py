"""The whole of it, as a newcomer meets it: real processes, a data folder of its own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import ROOT, LiveStigmer, command, environment, free_ports, stigmer_up
from tests.processes import lives
from tests.waiting import until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStigmer]:
    """One server for the tests of this file that leave it running."""
    with stigmer_up(tmp_path_factory.mktemp("up") / "home") as live:
        yield live


def _run(*arguments: str, home: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_it_says_where_it_is_and_how_to_log_in(live: LiveStigmer) -> None:
    until(lambda: "Stigmer is ready" in live.written(), what="the welcome is written")
    assert f"{live.base_url}/" in live.written()
    assert all(password in live.written() for password in live.logins.values())


def test_the_log_ins_are_shown_again_on_request(live: LiveStigmer) -> None:
    shown = _run("logins", home=live.home).stdout
    assert all(name in shown and password in shown for name, password in live.logins.items())


def test_a_second_server_on_the_same_data_is_refused_in_one_line(live: LiveStigmer) -> None:
    port, demo_port = free_ports(2)
    second = _run("up", home=live.home, STIGMER_PORT=port, STIGMER_DEMO=demo_port)
    assert second.returncode == 1
    assert second.stderr.startswith("stigmer: Another Stigmer is running on the data folder")
    assert second.stderr.count("\n") == 1


def test_a_port_in_use_is_refused_in_one_line(live: LiveStigmer, tmp_path: Path) -> None:
    second = _run("up", home=tmp_path, STIGMER_PORT=live.base_url.rpartition(":")[2])
    assert second.returncode == 1
    assert "is in use" in second.stderr
    assert second.stderr.count("\n") == 1


def test_a_child_that_was_killed_comes_back(live: LiveStigmer) -> None:
    (web,) = live.children("web")
    web.kill()
    until(lambda: live.status("/healthz") is None, what="the web server is gone")
    until(lambda: live.status("/readyz") == 200, what="the web server is back")
    assert "web       ended" in live.written() or '"web", "event": "ended' in live.written()


def test_a_setting_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    refused = _run("up", home=tmp_path, STIGMER_PORT="eighty")
    assert refused.returncode == 1
    assert "STIGMER_PORT" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_data_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = _run("up", home=tmp_path / "file" / "home")
    assert refused.returncode == 1
    assert "STIGMER_HOME" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name
)
def test_it_stops_in_order_and_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    with stigmer_up(tmp_path / "home") as live:
        processes = live.everything()
        assert len(processes) > 3
        assert live.stop(number) == 0
        until(lambda: not any(map(lives, processes)), what="no process is left")


def test_after_a_kill_no_process_is_left_and_the_next_start_finds_its_data(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with stigmer_up(home) as killed:
        logins, processes = killed.logins, killed.everything()
        killed.process.kill()
        killed.process.wait()
        until(lambda: not any(map(lives, processes)), what="all children are gone")
    with stigmer_up(home) as again:
        assert again.logins == logins
