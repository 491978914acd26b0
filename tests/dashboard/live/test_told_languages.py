"""What is pushed is in the language of the page that is open, however many pages follow one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.utils import translation

from dashboard.live import changes
from dashboard.live.page import Page, poll
from executions.live.hub import follow
from executions.live.news import ExecutionNews
from executions.live.topics import parse
from executions.models import Execution
from tests.topics import inbox_topic, row_topic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


async def _ask(work: Callable[[], Any]) -> Any:
    return await sync_to_async(work)()


def test_pages_that_follow_one_run_are_each_told_in_their_own_language(
    failed: Execution, alice: User
) -> None:
    topic = parse(row_topic(failed.pk))
    assert topic is not None
    english, german = Page(alice, ""), Page(alice, "", "de")

    async def told() -> None:
        news = ExecutionNews(changes.changed)
        for page in (english, german):
            await follow(page, {topic: 0}, _ask)
        news.mark(topic)
        await news.send({english, german}, _ask)

    async_to_sync(told)()
    assert "Failed" in str(english.mailbox.drain())
    shown = str(german.mailbox.drain())
    assert "Fehlgeschlagen" in shown and "Failed" not in shown


def test_a_page_that_asks_by_plain_requests_is_told_in_its_language(
    failed: Execution, alice: User
) -> None:
    inbox = inbox_topic(alice.pk)
    with translation.override("de"):
        frames = poll(alice, {inbox: 0})
    titles = [toast["title"] for toast in frames[0]["toasts"]]
    assert titles and all("Schritt" in title for title in titles)
