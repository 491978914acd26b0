"""Which topics each rank may follow, in one table: a kind of topic without a row fails."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from executions import policy
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.live import topics
from executions.live.rights import permitted
from tests.people import in_group, viewer

pytestmark = pytest.mark.django_db
TEXT = "document: {dsl: '1.0.0', namespace: tests, name: one, version: '1.0.0'}\ndo: [{a: {set: {n: 1}}}]\n"
EVERYBODY = ("stranger", "owner", "viewer", "support", "admin")
LOOKERS = ("owner", "viewer", "support", "admin")
# The kind of a topic: who may follow one that is alice's.
TABLE = {
    topics.EXECUTION: LOOKERS,
    topics.ROW: LOOKERS,
    topics.EXECUTIONS: EVERYBODY,
    topics.OVERVIEW: EVERYBODY,
    topics.INBOX: ("owner",),
    topics.ASKS: ("owner",),
    topics.CLOUD_EVENTS: ("owner",),
}


@pytest.fixture
def people() -> dict[str, User]:
    return {
        "owner": User.objects.create_user("alice"),
        "stranger": User.objects.create_user("bob"),
        "viewer": viewer(),
        "support": in_group(User.objects.create_user("sue"), policy.SUPPORT_GROUP),
        "admin": User.objects.create_superuser("ada"),
    }


def test_each_kind_of_topic_has_a_row():
    kinds = {topics.EXECUTION, topics.ROW} | topics.HINTS | topics.OWN
    assert TABLE.keys() == kinds


@pytest.mark.parametrize("kind", TABLE)
def test_each_rank_follows_what_the_table_says(kind, people):
    alice = people["owner"]
    run = start(apply_definition(TEXT, alice).workflow, alice)
    rest = f":{run.public_id}" if kind in (topics.EXECUTION, topics.ROW) else ""
    rest = f":{alice.pk}" if kind in topics.OWN else rest
    topic = topics.parse(kind + rest)
    assert topic is not None
    follows = {name for name, user in people.items() if permitted(user, [topic])}
    assert follows == set(TABLE[kind])
    if rest:
        assert not permitted(AnonymousUser(), [topic])
