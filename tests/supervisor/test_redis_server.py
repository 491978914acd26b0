from __future__ import annotations

import subprocess
from pathlib import Path

import redis

from executions.supervisor import redis_server
from tests.waiting import until


def test_the_embedded_redis_keeps_what_it_was_given_and_never_evicts(tmp_path: Path) -> None:
    socket = tmp_path / "r.sock"
    for expected in (None, b"rang"):
        process = subprocess.Popen(redis_server.command(tmp_path / "redis", socket), stdout=subprocess.DEVNULL)
        until(lambda: redis_server.is_listening(socket), what="Redis listens")
        with redis.Redis(unix_socket_path=str(socket)) as client:
            assert client.get("bell") == expected
            client.set("bell", "rang")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("port") == {"port": "0"}
        # Ended by the next run, as after a supervisor that was killed.
        redis_server.end_left_behind(socket)
        assert process.wait(30) == 0


def test_nothing_is_ended_where_nobody_listens(tmp_path: Path) -> None:
    redis_server.end_left_behind(tmp_path / "r.sock")


def test_its_chatter_is_left_out_of_the_log_and_its_news_are_not() -> None:
    assert redis_server.tidy("1:C 21 Nov 2026 00:00:00.000 # Configuration loaded") == ""
    assert redis_server.tidy("1:M 21 Nov 2026 00:00:00.000 # Error writing: No space left") == (
        "Error writing: No space left"
    )
    assert redis_server.tidy("something else") == "something else"
