from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import redis

from stigmer_site import home
from tests.services import redis_server


def test_a_secret_is_made_once_even_by_many_at_once(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret-key"
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: home.kept_secret(path), range(64)))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 50
    assert os.listdir(path.parent) == ["secret-key"]


def test_only_its_owner_can_read_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret-key"
    home.kept_secret(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_socket_lies_in_the_data_folder_where_its_path_fits(tmp_path: Path) -> None:
    assert home.redis_socket(Path("/srv/stigmer")) == Path("/srv/stigmer/redis/redis.sock")


def test_a_deep_data_folder_gets_a_short_socket_path_of_its_own() -> None:
    deep, other = Path("/" + "d" * 200), Path("/" + "e" * 200)
    assert len(os.fsencode(home.redis_socket(deep))) <= home.SOCKET_PATH_LIMIT
    assert home.redis_socket(deep) == home.redis_socket(deep)
    assert home.redis_socket(deep) != home.redis_socket(other)


def test_the_address_of_the_embedded_redis_leads_to_its_socket_whatever_the_folder_is_called(
    short_folder: Path,
) -> None:
    folder = short_folder / "dàta #1 ?x=%41 'q' \"r\""
    socket = home.redis_socket(folder)
    socket.parent.mkdir(parents=True)
    with (
        redis_server(short_folder, socket),
        redis.Redis.from_url(home.redis_address(folder)) as client,
    ):
        assert client.ping()
        assert client.connection_pool.connection_kwargs["path"] == str(socket)
