from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Execution, SavedView

As = Callable[[User], Client]
Begin = Callable[..., Execution]


def text(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_a_filter_is_saved_under_a_name_chosen_again_and_forgotten(
    failed: Execution, begin: Begin, alice: User, as_: As
) -> None:
    client, works = as_(alice), begin()
    page = text(client, "/executions/?phase=FAILED")
    assert (
        "Save this view" in page
        and '<input type="hidden" name="query" value="phase=FAILED">' in page
    )
    saved = client.post("/executions/views", {"name": "<b>broken</b>", "query": "phase=FAILED"})
    assert (saved.status_code, saved["Location"]) == (302, "/executions/?phase=FAILED")
    page = text(client, "/executions/")
    assert 'href="/executions/?phase=FAILED"' in page and "&lt;b&gt;broken&lt;/b&gt;" in page
    assert "Save this view" not in page, "nothing is filtered here"
    chosen = text(client, "/executions/?phase=FAILED")
    assert failed.public_id in chosen and works.public_id not in chosen
    assert "Forget this view" in chosen and "Save this view" not in chosen
    view = SavedView.objects.get()
    assert client.post(f"/executions/views/{view.public_id}/forget").status_code == 302
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("q=status%3Afailed&phase=&colour=red", "q=status%3Afailed"),
        ("workflow=a%26b&owner=me&before=wex-1", "workflow=a%26b&owner=me"),
    ],
)
def test_only_what_the_list_understands_is_kept(sent: str, kept: str, alice: User, as_: As) -> None:
    as_(alice).post("/executions/views", {"name": "one", "query": sent})
    assert SavedView.objects.get().query == kept


def test_a_refusal_is_said_on_the_list_as_it_was(failed: Execution, alice: User, as_: As) -> None:
    response = as_(alice).post("/executions/views", {"name": " ", "query": "phase=FAILED"})
    page = response.content.decode()
    assert response.status_code == 400 and "A view needs a name" in page
    assert failed.public_id in page and 'value="phase=FAILED"' in page
    assert not SavedView.objects.exists()


def test_nobody_sees_or_forgets_the_views_of_others(
    failed: Execution, alice: User, bob: User, as_: As
) -> None:
    view = SavedView.objects.keep(alice, "only mine", "phase=FAILED")
    assert "only mine" not in text(as_(bob), "/executions/?phase=FAILED")
    assert as_(bob).post(f"/executions/views/{view.public_id}/forget").status_code == 404
    assert SavedView.objects.filter(pk=view.pk).exists()
