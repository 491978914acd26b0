from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.test import Client, override_settings

from executions.models import Process
from tests.services import redis_server

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def _ready(client: Client) -> tuple[int, dict[str, str]]:
    """The status of /readyz and the details of what does not hold."""
    response = client.get("/readyz")
    return response.status_code, {
        check["name"]: check["detail"] for check in response.json()["checks"] if not check["ok"]
    }


@pytest.fixture
def worker() -> Process:
    return Process.objects.create(kind="worker", host="here", pid=1)


def test_it_is_ready_when_database_redis_and_a_worker_are_there(
    client: Client, worker: Process
) -> None:
    assert _ready(client) == (200, {})


def test_without_a_worker_it_is_not_ready(client: Client) -> None:
    status, failed = _ready(client)
    assert (status, set(failed)) == (503, {"workers"})
    assert failed["workers"].startswith("No worker is alive. Start one with `stigmer worker`")


def test_a_worker_that_is_dead_is_no_worker(client: Client, worker: Process) -> None:
    worker.declare_dead("silent")
    assert _ready(client)[0] == 503


@override_settings(REDIS_URL="unix:///nowhere/redis.sock")
def test_without_redis_it_is_not_ready(client: Client, worker: Process) -> None:
    status, failed = _ready(client)
    assert status == 503
    assert failed["redis"].startswith("Redis does not answer")


def test_a_redis_that_evicts_is_not_ready(
    client: Client, worker: Process, redis_client: redis.Redis
) -> None:
    redis_client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert _ready(client)[1]["redis"].startswith(
            "Redis may evict keys (maxmemory-policy allkeys-lru)"
        )
    finally:
        redis_client.config_set("maxmemory-policy", "noeviction")


def test_a_redis_without_memory_is_not_ready(
    client: Client, worker: Process, short_folder: Path
) -> None:
    with redis_server(short_folder, short_folder / "r.sock") as own:
        own.config_set("maxmemory", 1)
        with override_settings(REDIS_URL=f"unix://{short_folder / 'r.sock'}"):
            status, failed = _ready(client)
    assert status == 503
    assert failed["redis"].startswith(
        "Redis takes no writes: command not allowed when used memory > 'maxmemory'"
    )


def test_a_disk_without_room_is_not_ready_and_one_with_little_is_a_warning(
    client: Client, worker: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(tmp_path).free
    monkeypatch.setattr("executions.health.checks.FREE_BYTES", free * 2)
    with override_settings(STIGMER_HOME=tmp_path):
        assert "Make room" in _ready(client)[1]["disk"]
    monkeypatch.setattr("executions.health.checks.FREE_BYTES", free // 2)
    with override_settings(STIGMER_HOME=tmp_path):
        checks = {check["name"]: check for check in client.get("/readyz").json()["checks"]}
    assert (checks["disk"]["ok"], checks["disk"]["state"]) == (True, "warning")


def test_workers_that_live_and_cannot_write_are_told_from_none(
    client: Client, worker: Process
) -> None:
    Process.objects.update(host="elsewhere", heartbeat_at=Now() - timedelta(minutes=1))
    assert _ready(client)[1]["workers"].startswith(
        "No heartbeat of a worker was written lately, though 1 may live."
    )


def test_threads_that_hang_are_a_warning_that_names_their_process(
    client: Client, worker: Process
) -> None:
    worker.beat(stuck_threads=2)
    checks = {check["name"]: check for check in client.get("/readyz").json()["checks"]}
    assert (checks["workers"]["ok"], checks["workers"]["state"]) == (True, "warning")
    assert f"in {worker} (2)" in checks["workers"]["detail"]
    worker.beat()
    assert _ready(client) == (200, {})


def test_a_database_older_than_the_code_is_not_ready(client: Client, worker: Process) -> None:
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("executions")
    MigrationRecorder(connection).record_unapplied(*newest)
    assert "Run `stigmer migrate`" in _ready(client)[1]["database"]


def test_not_being_ready_is_an_answer_and_no_error_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    _ready(client)
    assert not caplog.records


def test_being_alive_asks_nothing_of_others(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}


def test_each_check_has_a_state_a_figure_and_a_remedy(client: Client) -> None:
    checks = {check["name"]: check for check in client.get("/readyz").json()["checks"]}
    assert set(checks) == {
        "database",
        "disk",
        "redis",
        "queue",
        "workers",
        "sweep",
        "oldest_due",
        "hosts",
        "audit_trail",
        "events",
        "sinks",
        "commands",
        "growth",
    }
    assert (checks["workers"]["state"], checks["workers"]["figure"]) == ("failed", 0)
    assert "stigmer worker" in checks["workers"]["remedy"]


@override_settings(STIGMER_QUEUE=False)
def test_a_queue_that_is_off_is_not_ready(client: Client, worker: Process) -> None:
    assert "STIGMER_QUEUE" in _ready(client)[1]["queue"]


def test_a_browser_gets_a_page_that_names_the_command(client: Client) -> None:
    response = client.get(
        "/readyz", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    )
    assert response.status_code == 503
    assert "stigmer worker" in response.content.decode()
    assert client.get("/readyz", headers={"Accept": "*/*"}).json()["status"] == "not ready"


@pytest.mark.django_db(transaction=True)
def test_where_the_database_is_away_one_check_says_why_and_the_others_do_not_ask_it(
    client: Client,
) -> None:
    named = connection.settings_dict
    name, host = named["NAME"], named["HOST"]
    connection.close()
    named["NAME"], named["HOST"] = "/nowhere/stigmer", "/nowhere"
    try:
        response = client.get("/readyz")
    finally:
        connection.close()
        named["NAME"], named["HOST"] = name, host
    checks = {check["name"]: check for check in response.json()["checks"]}
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert checks["database"]["detail"].startswith("The database does not answer: ")
    assert "Start the database" in checks["database"]["remedy"]
    assert {checks[name]["detail"] for name in ("workers", "sweep", "oldest_due")} == {
        "Not known: the database comes first (see its remedy)."
    }
    assert checks["queue"]["ok"]


def test_an_empty_database_is_told_apart_from_one_that_is_away(client: Client) -> None:
    MigrationRecorder(connection).Migration.objects.all().delete()
    checks = {check["name"]: check for check in client.get("/readyz").json()["checks"]}
    assert checks["database"]["remedy"] == "Run `stigmer migrate`."
    assert checks["workers"]["remedy"] == ""
