"""Text of others is text: wherever it is shown, it stays what was written and becomes nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.live.page import poll
from executions.live.topics import execution_topic
from executions.models import Execution
from tests.topics import inbox_topic, row_topic

VECTORS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</pre></li><button hx-post=/x hx-trigger=load>",
    "<a href=javascript:alert(1)>x</a>",
    "{{ 7|add:7 }} {% csrf_token %}",
    "<template hx type=partial hx-target=#page>x</template>",
]
ALLOWED = {"page", "rendered"}


class Tags(HTMLParser):
    """The tags and attribute names of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_is_harmless(html: str) -> None:
    for tag, attributes in Tags(html).found:
        assert tag not in ("img", "iframe", "object", "embed"), tag
        assert not any(name.startswith("on") or name == "style" for name in attributes), (
            tag,
            attributes,
        )
        assert tag != "script" or (attributes.get("src") or "").startswith("/static/")
        assert "javascript:" not in (attributes.get("href") or "")
        assert attributes.get("hx-trigger") is None
        assert tag != "template" or attributes.get("id") == "toast-shape"


@pytest.mark.parametrize("vector", VECTORS)
def test_a_hostile_failure_stays_text_on_every_page_and_in_every_fragment(
    vector: str,
    begin: Callable[..., Execution],
    drive: Callable[[Execution], Execution],
    alice: User,
    as_: Callable[[User], Client],
) -> None:
    failed = drive(begin(fails=vector.replace("'", ""), input={"note": vector}))
    Execution.objects.filter(pk=failed.pk).update(name=vector[:300], failure_reason=vector)
    client = as_(alice)
    for address in (
        f"/executions/{failed.public_id}/",
        "/executions/",
        "/",
        "/inbox/",
        f"/executions/?q={vector}",
    ):
        response = client.get(address)
        assert response.status_code == 200
        assert_is_harmless(response.content.decode())
    topics = {execution_topic(failed.pk): 0, row_topic(failed.pk): 0, inbox_topic(alice.pk): 0}
    for frame in poll(alice, topics):
        for part in frame["parts"]:
            assert_is_harmless(part["html"])


def test_values_are_served_as_plain_text(
    begin: Callable[..., Execution], alice: User, as_: Callable[[User], Client]
) -> None:
    execution = begin(input={"note": VECTORS[0]})
    response = as_(alice).get(f"/executions/{execution.public_id}/value/input")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_definition_is_shown_as_text(alice: User, as_: Callable[[User], Client]) -> None:
    text = (
        "document: {dsl: '1.0.0', namespace: n, name: evil, version: '1.0.0', title: '<img src=x"
        " onerror=a()>'}\ndo: [{a: {set: {x: '</pre><script>alert(1)</script>'}}}]\n"
    )
    response = as_(alice).post("/workflows/apply", {"text": text}, follow=True)
    assert response.status_code == 200
    assert_is_harmless(response.content.decode())
