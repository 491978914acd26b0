"""Every door knows every kind of channel; docs/how-to-add.md is proved with this."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions import tokens
from executions.models import Channel, Sending
from executions.outbound.kinds.table import OF_NOTICES
from tests.live import ROOT
from tests.outbound.postbox import Postbox
from tests.outbound.receiver import Receiver
from tests.outbound.samples import ADDRESSES
from tests.outbound.test_sending import send_all

pytestmark = pytest.mark.django_db
each_kind = pytest.mark.parametrize("kind", sorted(OF_NOTICES))


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    made = Postbox()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
    yield made
    made.close()


@pytest.fixture
def root(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def asked(admin: User, address: str, body: dict[str, Any]) -> Any:
    secret = tokens.mint(admin, "tests", ["act"]).secret
    return Client().post(
        f"/api/v1/channels{address}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


@each_kind
def test_a_test_reaches_the_other_side(
    kind: str, admin: User, receiver: Receiver, postbox: Postbox
) -> None:
    address = ADDRESSES[kind].replace("{receiver}", receiver.url)
    given = {"kind": kind, "name": "ops", "address": address, "of_server": True}
    made = asked(admin, "", given)
    assert made.status_code == 201, made.content
    assert asked(admin, f"/{made.json()['id']}/test", {}).status_code == 202
    send_all(Channel.objects.get())
    assert len(receiver.came) + len(postbox.came) == 1
    assert Sending.objects.get().state == "sent"


@each_kind
def test_an_address_that_is_none_is_refused(kind: str, admin: User, postbox: Postbox) -> None:
    given = {"kind": kind, "name": "ops", "address": "nowhere at all", "of_server": True}
    refused = asked(admin, "", given)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "#/address"


@each_kind
def test_the_page_offers_it(kind: str, root: Client) -> None:
    assert f'<option value="{kind}"' in root.get(reverse("channels")).content.decode()


@each_kind
def test_the_admin_offers_it(kind: str, root: Client) -> None:
    page = root.get(reverse("admin:executions_channel_add")).content.decode()
    assert f'<option value="{kind}"' in page


@each_kind
def test_people_are_told_of_it(kind: str) -> None:
    assert f"\n| `{kind}` |" in (ROOT / "docs" / "notices.md").read_text()
