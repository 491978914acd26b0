from __future__ import annotations

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from dashboard.live import socket
from dashboard.live.page import Page as OpenPage
from dashboard.live.page import door
from executions.health.metrics import exposition
from tests.dashboard.pages import Page, elsewhere, page, run

pytestmark = pytest.mark.django_db(transaction=True)
As = Callable[[User], Client]


def test_an_anonymous_socket_is_closed_with_4401() -> None:
    async def scenario() -> None:
        async with page(None) as opened:
            assert await opened.hear_close() == 4401

    run(scenario)


def test_a_socket_whose_sending_breaks_off_is_closed_so_that_the_page_comes_back(
    alice: User, as_: As
) -> None:
    client = as_(alice)

    async def scenario() -> None:
        async with page(client) as opened:
            (opened_page,) = door.hub()._subscribers
            assert isinstance(opened_page, OpenPage)
            opened_page.mailbox.say("no JSON", {"v": object()})
            assert await opened.hear_close() == 1011
            assert not door.hub()._subscribers

    run(scenario)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_a_socket_of_another_origin_is_refused(origin: str, alice: User, as_: As) -> None:
    client = as_(alice)

    async def scenario() -> None:
        opened = Page(client, origin)
        assert not await opened.open()

    run(scenario)


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "[]",
        "{}",
        '{"retry": "wex-1"}',
        '{"sub": []}',
        '{"sub": {"overview": "x"}}',
        '{"sub": {"overview": true}}',
        '{"unsub": [1]}',
        '{"sub": {}, "act": 1}',
        "x" * 70_000,
    ],
)
def test_whatever_is_no_subscription_closes_the_socket(message: str, alice: User, as_: As) -> None:
    client = as_(alice)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.say(message)
            assert await opened.hear_close() == 4400

    run(scenario)


def test_following_too_many_topics_closes_the_socket(alice: User, as_: As) -> None:
    client = as_(alice)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{f"topic-{number}": 0 for number in range(200)})
            assert await opened.hear_close() == 4400

    run(scenario)


def test_the_metrics_count_the_open_pages(alice: User, as_: As) -> None:
    client = as_(alice)

    async def counted() -> float:
        text = await elsewhere(exposition)
        name = 'stigmer_sockets{door="dashboard"} '
        (line,) = [line for line in text.splitlines() if line.startswith(name)]
        return float(line.removeprefix(name))

    async def scenario() -> None:
        async with page(client), page(client):
            assert await counted() == 2
        assert await counted() == 0

    run(scenario)


def test_one_user_cannot_open_sockets_without_end(alice: User, as_: As) -> None:
    client = as_(alice)

    async def scenario() -> None:
        opened = [Page(client) for _ in range(socket.SOCKETS_OF_ONE_PERSON + 1)]
        for each in opened:
            await each.open()
        assert await opened[-1].hear_close() == 1013
        for each in opened:
            await each.leave()

    run(scenario)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/live", "/ws/api/v1/nowhere", "/ws/api/v1/workflow-executions/x"]
)
def test_the_socket_of_an_unknown_address_is_refused_without_a_traceback(
    path: str, alice: User, as_: As, caplog: pytest.LogCaptureFixture
) -> None:
    client = as_(alice)

    async def scenario() -> None:
        opened = Page(client, path=path)
        assert not await opened.open()
        assert opened.closed == 4404

    run(scenario)
    assert not caplog.records


DEEP = '{"sub": ' + "[" * 20_000 + "]" * 20_000 + "}"


@pytest.mark.parametrize(
    "message",
    [DEEP, '{"sub": {"overview": 1' + "0" * 30 + "}}", '{"ack": {"overview": ' + "9" * 5000 + "}}"],
)
def test_a_message_that_is_too_deep_or_counts_too_far_closes_the_socket(
    message: str, alice: User, as_: As
) -> None:
    client = as_(alice)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.say(message)
            assert await opened.hear_close() == 4400

    run(scenario)


def test_a_session_that_ended_closes_its_socket(alice: User, as_: As) -> None:
    client = as_(alice)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(overview=0)
            await opened.hear(lambda frame: frame.get("ok") == "overview", "the subscription")
            await sync_to_async(Session.objects.filter(session_key=key).delete)()
            (opened_page,) = door.hub()._subscribers
            await door.hub().ask_again(opened_page)
            assert await opened.hear_close() == 4401

    run(scenario)
