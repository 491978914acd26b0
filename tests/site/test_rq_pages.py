"""RQ's own pages: superusers look at them, nobody else does, nobody changes anything by them, and a
job holds nothing that would be secret.
"""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import reverse

from executions import dispatch
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution
from executions.policy import SUPPORT_GROUP, VIEWERS_GROUP
from stigmer_site.rq_pages import NO_QUEUE, NO_SCHEDULER, NO_WORKER
from stigmer_site.urls import rq_pages

pytestmark = pytest.mark.django_db
SECRET = "correct-horse-battery-9"
TEXT = """
document: {dsl: '1.0.0', namespace: tests, name: waits, version: '1.0.0'}
do: [{pause: {wait: {hours: 1}}}]
"""
# What stands for the parts of an address; the job is named by the test.
PARTS: dict[str, Any] = {
    "queue_index": list(settings.RQ_QUEUES).index("default"),
    "result_id": "1-0",
    "key": "rq:worker:no-such-worker",
    "scheduler_index": 0,
    "connection_index": 0,
    "scheduler_name": "no-such-scheduler",
    "cron_job_name": "no-such-job",
    "token": "guessed",
}
LOOKED_AT = {
    *("home", "home_json", "jobs", "queue_details", "job_detail", "workers"),
    *("finished_jobs", "failed_jobs", "scheduled_jobs", "started_jobs", "deferred_jobs"),
}
# Pages about what is not there: what they say.
NOT_THERE = {"worker_details": NO_WORKER, "scheduler_jobs": NO_SCHEDULER}


@pytest.fixture
def run(redis_client: redis.Redis) -> Execution:
    """A run with a secret in its input, for which the bell has been rung once."""
    owner = User.objects.create_user("olga")
    workflow = apply_definition(TEXT, owner).workflow
    found = start(workflow, owner, input={"password": SECRET})
    redis_client.flushdb()
    assert dispatch.ring(found.pk, "default")
    return found


@pytest.fixture
def job(run: Execution, redis_client: redis.Redis) -> str:
    (key,) = redis_client.lrange("rq:queue:default", 0, -1)
    return key.decode() if isinstance(key, bytes) else str(key)


def addresses(job: str) -> dict[str, str]:
    """Each address of RQ's pages, by its name and the parts of it."""
    found = {}
    for page in rq_pages:
        names = tuple(page.pattern.converters) or tuple(page.pattern.regex.groupindex)
        parts = {name: job if name == "job_id" else PARTS[name] for name in names}
        found[f"{page.name} {names}"] = reverse(f"django_rq:{page.name}", kwargs=parts)
    return found


def is_refused(answer: Any) -> bool:
    """Sent to the log-in; or what a viewer posts, which is refused everywhere."""
    places = (resolve_url(settings.LOGIN_URL), "/admin/login/")
    is_sent_on = answer.status_code == 302 and answer["Location"].startswith(places)
    return bool(is_sent_on or answer.status_code == 403)


def people() -> dict[str, User | None]:
    """Everybody who may not look, by what they are."""
    found = {name: User.objects.create_user(name) for name in ("user", "viewer", "support")}
    found["viewer"].groups.add(Group.objects.get_or_create(name=VIEWERS_GROUP)[0])
    found["support"].groups.add(Group.objects.get_or_create(name=SUPPORT_GROUP)[0])
    staff = User.objects.create_user("staff", is_staff=True)
    User.objects.filter(username="support").update(is_staff=True)
    ended = User.objects.create_superuser("ended")
    User.objects.filter(pk=ended.pk).update(is_active=False)
    return {**found, "staff": staff, "ended": ended, "nobody": None}


def test_nobody_but_a_superuser_is_let_in(job: str) -> None:
    let_in = []
    for name, person in people().items():
        client = Client()
        if person is not None:
            client.force_login(User.objects.get(pk=person.pk))
        for what, address in addresses(job).items():
            for answer in (client.get(address), client.post(address, {"job_ids": [job]})):
                if not is_refused(answer):
                    let_in.append((name, what, answer.status_code))
    assert not let_in


def test_a_superuser_looks_and_changes_nothing(
    run: Execution, job: str, redis_client: redis.Redis
) -> None:
    client, shown = Client(), {}
    client.force_login(User.objects.create_superuser("root"))
    for what, address in addresses(job).items():
        assert client.post(address, {"action": "delete", "job_ids": [job]}).status_code == 405, what
        answer, name = client.get(address), what.split()[0]
        if name in LOOKED_AT:
            assert answer.status_code == 200, what
            shown[name] = answer.content.decode()
        elif name in NOT_THERE:
            assert answer.status_code == 404 and NOT_THERE[name] in answer.content.decode(), what
    assert set(shown) == LOOKED_AT
    assert str(run.pk) in shown["job_detail"]
    assert not [what for what, text in shown.items() if SECRET in text]
    assert redis_client.llen("rq:queue:default") == 1


def test_what_is_not_there_is_said_and_nothing_breaks(job: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    for what, address in addresses(job).items():
        assert client.get(address).status_code < 500, what
    for address in ("queues/99/", "workers/99/", "schedulers/99/", "queues/99/failed/"):
        answer = client.get(f"/django-rq/{address}")
        assert answer.status_code == 404 and NO_QUEUE in answer.content.decode(), address
    answer = client.get("/django-rq/workers/0/no-worker-at-all/")
    assert answer.status_code == 404 and NO_WORKER in answer.content.decode()
