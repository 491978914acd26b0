"""What Prometheus reads, and who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from prometheus_client import Metric

from executions import audit, clock
from executions.health.metrics import FROM_THE_DATABASE
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Step

pytestmark = [pytest.mark.django_db, pytest.mark.database]
LINE = re.compile(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.e+-]+')


@pytest.fixture
def execution() -> Execution:
    alice = User.objects.create_user("alice")
    text = (
        "document: {dsl: '1.0.0', namespace: t, name: one, version: '1.0.0'}\ndo: [{a: {set: {n:"
        " 1}}}]\n"
    )
    return start(apply_definition(text, alice).workflow, alice, input={})


@override_settings(STIGMER_METRICS_TOKEN="open sesame")
def test_every_line_is_prometheus_text_and_counts_what_is_there(
    client: Client, execution: Execution
) -> None:
    audit.record("recover", execution, None)
    text = client.get("/metrics", headers={"Authorization": "Bearer open sesame"}).content.decode()
    lines = text.splitlines()
    assert all(line.startswith("# ") or LINE.fullmatch(line) for line in lines), text
    assert 'stigmer_executions{phase="PENDING"} 1.0' in lines
    assert 'stigmer_recoveries_total{kind="recover",result="done"} 1.0' in lines
    assert 'stigmer_ready{check="workers"} 0.0' in lines
    assert 'stigmer_queue_depth{queue="default"} ' in text


@override_settings(STIGMER_METRICS_TOKEN="open sesame")
def test_the_line_for_processes_of_functions_is_told(client: Client, execution: Execution) -> None:
    held = {"in_line": {"since": (clock.now() - timedelta(minutes=2)).isoformat()}}
    Step.objects.create(
        execution=execution, path="/a", name="a", kind="call", status="WAITING", control=held
    )
    Execution.objects.filter(pk=execution.pk).update(
        phase="WAITING", waiting_for="function process"
    )
    text = client.get("/metrics", headers={"Authorization": "Bearer open sesame"}).content.decode()
    assert "stigmer_function_line 1.0" in text.splitlines()
    oldest = float(text.split("\nstigmer_function_line_oldest_seconds ")[1].split()[0])
    assert 120 <= oldest < 240


@pytest.mark.parametrize(
    "read", FROM_THE_DATABASE, ids=[read.__name__.strip("_") for read in FROM_THE_DATABASE]
)
def test_each_metric_reads_the_database_and_says_what_it_is(read: Callable[[], Metric]) -> None:
    metric = read()
    assert re.fullmatch(r"stigmer_[a-z_]+", metric.name)
    assert metric.documentation.endswith(".")
    assert {sample.name.removesuffix("_total") for sample in metric.samples} <= {metric.name}
    assert [other().name for other in FROM_THE_DATABASE].count(metric.name) == 1


@pytest.mark.parametrize("token", ["", "open sesame"])
def test_strangers_may_not_read_them(client: Client, token: str) -> None:
    with override_settings(STIGMER_METRICS_TOKEN=token):
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403


def test_administrators_may(admin_client: Client) -> None:
    assert admin_client.get("/metrics").status_code == 200


def test_who_guesses_the_token_is_told_to_wait_and_the_token_still_opens(
    settings, client, redis_client
):
    settings.STIGMER_METRICS_TOKEN = "secret-of-the-metrics"
    wrong, right = (
        {"Authorization": "Bearer guess"},
        {"Authorization": "Bearer secret-of-the-metrics"},
    )
    answers = [client.get("/metrics", headers=wrong) for _ in range(32)]
    assert [answer.status_code for answer in answers] == [403] * 30 + [429] * 2
    assert int(answers[-1]["Retry-After"]) > 0
    assert client.get("/metrics", headers=right).status_code == 200
