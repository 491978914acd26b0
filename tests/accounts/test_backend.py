"""Guessing passwords: at the log-in, at the admin's, from one address and from many."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.contrib.auth import get_user
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from executions import audit
from executions.accounts import hasher, refused, throttle
from executions.clients.rates import OwnBuckets, SharedBuckets
from executions.models import AuditEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
DOORS = ["/log-in", "/admin/login/"]
HOME, STRANGE, OTHER = "192.0.2.1", "198.51.100.1", "203.0.113.1"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def no_slowness(redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a name's tries were slowed by, instead of waiting for it."""
    slowed: list[float] = []
    monkeypatch.setattr(throttle, "sleep", slowed.append)
    return slowed


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("admin", password=PASSWORD)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names whose password was looked at."""
    seen: list[str] = []
    check = ModelBackend.authenticate

    def counted(self, request, username=None, password=None, **more):
        seen.append(username)
        return check(self, request, username=username, password=password, **more)

    monkeypatch.setattr(ModelBackend, "authenticate", counted)
    return seen


def enter(door: str, name: str, password: str, address: str) -> tuple[int, str]:
    """The status of the answer, and what the form says."""
    sent = {"username": name, "password": password}
    response = Client().post(door, sent, REMOTE_ADDR=address)
    return response.status_code, response.content.decode()


def enter_elsewhere(number: int) -> int:
    """A wrong password, from a thread of its own, which leaves no connection behind."""
    try:
        return enter("/log-in", "admin", "wrong", STRANGE)[0]
    finally:
        connections.close_all()


@pytest.mark.parametrize("door", DOORS)
def test_after_five_failures_the_right_password_is_not_looked_at(door, admin, hashes):
    assert [enter(door, "admin", "wrong", STRANGE)[0] for _ in range(5)] == [200] * 5
    status, said = enter(door, "admin", PASSWORD, STRANGE)
    assert status == 429 and "Too many failed log-ins for this name from your address" in said
    assert "Try again in 3 min." in said
    assert hashes == ["admin"] * 5


@pytest.mark.parametrize("door", DOORS)
def test_a_stranger_cannot_lock_out_the_administrator(door, admin, no_slowness):
    for number in range(60):
        enter(door, "admin", "wrong", f"198.51.100.{number // 5}")
    assert enter(door, "admin", PASSWORD, HOME)[0] == 302
    assert no_slowness and set(no_slowness) == {throttle.SLOW_SECONDS}, (
        "it is slowed, and that is all"
    )


def test_one_address_may_not_try_many_names(admin, hashes):
    answers = [enter("/log-in", f"name{number}", "wrong", STRANGE)[0] for number in range(30)]
    assert answers == [200] * 20 + [429] * 10
    assert enter("/log-in", "admin", PASSWORD, STRANGE)[0] == 429
    assert enter("/log-in", "admin", PASSWORD, OTHER)[0] == 302
    assert len(hashes) == 21


def test_addresses_of_one_ipv6_network_are_one_caller(admin):
    for number in range(5):
        enter("/log-in", "admin", "wrong", f"2001:db8:1:2::{number}")
    assert enter("/log-in", "admin", PASSWORD, "2001:db8:1:2:9::9")[0] == 429
    assert enter("/log-in", "admin", PASSWORD, "2001:db8:1:3::1")[0] == 302


def test_both_doors_and_all_spellings_of_a_name_count_together(admin, hashes):
    for number in range(5):
        enter(DOORS[number % 2], ("admin", "ADMIN", "Admin")[number % 3], "wrong", STRANGE)
    assert enter("/log-in", "admin", PASSWORD, STRANGE)[0] == 429
    assert len(hashes) == 5


def test_a_hundred_tries_at_once_are_not_all_let_in(admin, hashes):
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(enter_elsewhere, range(100)))
    assert answers.count(200) == 5 and answers.count(429) == 95
    assert len(hashes) == 5


def test_who_gets_in_may_err_again(admin):
    for _ in range(4):
        assert [enter("/log-in", "admin", "wrong", HOME)[0] for _ in range(4)] == [200] * 4
        assert enter("/log-in", "admin", PASSWORD, HOME)[0] == 302


def test_a_name_that_nobody_has_is_told_the_same_as_one_that_somebody_has(admin, hashes):
    known, unknown = (enter("/log-in", name, "wrong", HOME) for name in ("admin", "nobody"))
    assert known[0] == unknown[0] == 200
    assert (
        "correct username and password" in known[1]
        and "correct username and password" in unknown[1]
    )
    for name in ("admin", "nobody"):
        for _ in range(6):
            answer = enter("/log-in", name, "wrong", OTHER)
        assert answer[0] == 429


def test_each_try_that_was_looked_at_is_audited_without_the_text_of_unknown_names(admin):
    enter("/log-in", "admin", PASSWORD, HOME)
    enter("/admin/login/", "admin", "wrong", STRANGE)
    enter("/log-in", "hunter2-typed-in-the-wrong-field", "x", STRANGE)
    entries = AuditEntry.objects.filter(verb="log in").order_by("id")
    assert [(entry.subject, entry.outcome, entry.actor) for entry in entries] == [
        ("admin", "done", admin),
        ("admin", "failed", None),
        (audit.NOBODY, "failed", None),
    ]
    assert [entry.after for entry in entries] == [
        {"address": HOME, "door": "/log-in"},
        {"address": STRANGE, "door": "/admin/login/"},
        {"address": STRANGE, "door": "/log-in"},
    ]
    assert not list(audit.problems())


def test_every_try_is_logged_and_a_locked_door_does_not_fill_the_trail(admin, caplog):
    with caplog.at_level("INFO"):
        for _ in range(12):
            enter("/log-in", "admin", "wrong", STRANGE)
    tries = [str(each.msg) for each in caplog.records if "'log-in'" in str(each.msg)]
    assert len(tries) == 12 and sum("'locked'" in text for text in tries) == 7
    entries = AuditEntry.objects.filter(verb="log in").order_by("id")
    assert [(entry.subject, entry.outcome) for entry in entries] == [("admin", "failed")] * 5 + [
        ("admin", "refused")
    ]
    assert entries[5].after == {"address": STRANGE, "door": "/log-in", "locked": "name", "tries": 1}


def test_how_many_a_lock_refused_is_audited_when_its_period_is_over(admin, settings):
    for _ in range(12):
        enter("/log-in", "admin", "wrong", STRANGE)
    assert refused.tell_how_many() == 0
    over = time.time() + throttle.LOCK_SECONDS + 1
    assert (refused.tell_how_many(over), refused.tell_how_many(over)) == (1, 0)
    entries = AuditEntry.objects.filter(outcome="refused").order_by("id")
    assert [entry.after["tries"] for entry in entries] == [1, 7]
    assert not list(audit.problems())


def test_a_locked_address_that_tries_ever_new_names_adds_one_entry(admin):
    for number in range(60):
        enter("/log-in", f"name{number}", "wrong", STRANGE)
    (entry,) = AuditEntry.objects.filter(outcome="refused")
    assert (entry.subject, entry.after["locked"]) == (audit.NOBODY, "address")
    assert AuditEntry.objects.count() == 21


def test_locks_of_several_names_are_told_apart(admin):
    User.objects.create_user("alice")
    for name in ("admin", "alice"):
        for _ in range(8):
            enter("/log-in", name, "wrong", STRANGE)
    assert sorted(
        AuditEntry.objects.filter(outcome="refused").values_list("subject", flat=True)
    ) == ["admin", "alice"]
    refused.tell_how_many(time.time() + 10_000)
    assert [
        entry.after["tries"]
        for entry in AuditEntry.objects.filter(outcome="refused").order_by("id")
    ] == [
        1,
        1,
        3,
        3,
    ]


def test_without_redis_a_refused_try_is_audited_once(admin, settings, monkeypatch, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path / 'nowhere'}"
    own = SharedBuckets(settings.REDIS_URL, OwnBuckets())
    monkeypatch.setattr(throttle, "buckets", own)
    monkeypatch.setattr(refused, "buckets", own)
    answers = [enter("/log-in", "admin", "wrong", STRANGE)[0] for _ in range(9)]
    assert answers == [200] * 5 + [429] * 4
    assert AuditEntry.objects.filter(outcome="refused").count() == 1
    assert refused.tell_how_many() == 0


def test_a_locked_try_asks_the_database_nothing_beyond_the_first(admin, django_assert_num_queries):
    for _ in range(6):
        enter("/log-in", "admin", "wrong", STRANGE)
    with django_assert_num_queries(0):
        assert enter("/log-in", "admin", "wrong", STRANGE)[0] == 429


def test_a_session_that_was_begun_before_the_backend_goes_on(admin, rf):
    client = Client()
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    request = rf.get("/")
    request.session = client.session
    assert get_user(request) == admin


def test_only_a_few_passwords_are_hashed_at_once(monkeypatch):
    now, most, all_of_them = 0, 0, threading.Lock()
    enough = threading.Event()

    def slow(self, password, salt):
        nonlocal now, most
        with all_of_them:
            now, most = now + 1, max(most, now + 1)
        enough.wait(0.05)
        with all_of_them:
            now -= 1
        return "hash"

    monkeypatch.setattr(Argon2PasswordHasher, "encode", slow)
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda _: hasher.PasswordHasher().encode("x", "salt"), range(10)))
    assert most == hasher.AT_ONCE


def test_a_hash_with_other_costs_is_known_and_renewed(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    user = User.objects.create_user("old", password=PASSWORD)
    settings.PASSWORD_HASHERS = ["executions.accounts.hasher.PasswordHasher"]
    assert "m=102400" in user.password
    assert user.check_password(PASSWORD)
    user.refresh_from_db()
    assert "m=65536,t=3,p=4" in user.password and user.check_password(PASSWORD)
