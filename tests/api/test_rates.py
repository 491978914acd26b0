"""One caller's requests are counted over all web processes, and by each for itself while Redis is
away.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from executions import tokens
from executions.api.rates import PREFIX, OwnBuckets, SharedBuckets

ELSEWHERE = """
import django
django.setup()
from executions import tokens
from executions.api.rates import buckets
print(sum(buckets.take("user:1", 6, 3600) == 0 for _ in range(4)))
"""


class Broken:
    """Nobody may ask it."""

    def take(self, caller: str, most: int, seconds: float = 60) -> float:
        raise AssertionError("Redis was there")

    def give_back(self, caller: str, most: int, seconds: float = 60) -> None:
        """It forgets beside Redis."""

    def fill(self, caller: str) -> None:
        """It forgets beside Redis."""


def shared(instead=None) -> SharedBuckets:
    return SharedBuckets(settings.REDIS_URL, instead or Broken())


def test_two_processes_share_what_one_caller_may_ask(redis_client):
    here = shared()
    assert [here.take("user:1", 6, 3600) for _ in range(4)] == [0] * 4
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    said = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert said.stdout.strip() == "2", "of four requests of another process two were left"
    assert 0 < here.take("user:1", 6, 3600) <= 600
    assert here.take("user:2", 6, 3600) == 0, "somebody else's bucket is another"


def test_who_was_refused_does_not_pay_for_it_and_a_bucket_ends_by_itself(redis_client):
    here = shared()
    waits = [here.take("user:1", 2) for _ in range(50)]
    assert waits[:2] == [0, 0] and all(0 < wait <= 30 for wait in waits[2:])
    assert 30_000 < redis_client.pttl(PREFIX + "user:1") <= 60_000


def test_a_process_counts_as_redis_does():
    own = OwnBuckets()
    assert [own.take("user:1", 3) for _ in range(3)] == [0, 0, 0]
    assert all(0 < own.take("user:1", 3) <= 20 for _ in range(50))


def test_while_redis_is_away_each_process_counts_for_itself_and_does_not_ask_each_time(
    tmp_path, caplog
):
    away = SharedBuckets(f"unix://{tmp_path}/nothing.sock", OwnBuckets())
    assert [away.take("user:1", 2) > 0 for _ in range(4)] == [False, False, True, True]
    assert sum("Redis is away" in str(each.msg) for each in caplog.records) == 1


def test_what_is_given_back_can_be_taken_again(redis_client):
    for buckets in (shared(OwnBuckets()), OwnBuckets()):
        assert [buckets.take("user:9", 2, 900) > 0 for _ in range(3)] == [False, False, True]
        buckets.give_back("user:9", 2, 900)
        assert [buckets.take("user:9", 2, 900) > 0 for _ in range(2)] == [False, True]
        buckets.fill("user:9")
        assert [buckets.take("user:9", 2, 900) > 0 for _ in range(3)] == [False, False, True]


@pytest.mark.django_db
def test_who_guesses_tokens_is_told_to_wait_and_a_good_token_still_opens(redis_client, client):
    owner = User.objects.create_user("alice")
    good = tokens.mint(owner, "good", ["read"]).secret
    unknown = tokens.mint(owner, "gone", ["read"])
    tokens.revoke(unknown.token)
    for wrong in (unknown.secret, "nonsense"):
        redis_client.flushdb()
        headers = {"Authorization": f"Bearer {wrong}"}
        answers = [client.get("/api/v1/workflows", headers=headers) for _ in range(32)]
        assert [answer.status_code for answer in answers] == [401] * 30 + [429] * 2
        assert int(answers[-1]["Retry-After"]) > 0
        headers = {"Authorization": f"Bearer {good}"}
        assert client.get("/api/v1/workflows", headers=headers).status_code == 200
