"""Starting the same once more."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from executions.models import Execution

As = Callable[[User], Client]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
KEY = "0" * 32


def test_the_same_runs_once_more_with_its_input_on_the_newest_version(
    begin: Begin, drive: Drive, alice: User, as_: As
) -> None:
    first = drive(begin(input={"order": 17}))
    client = as_(alice)
    page = client.get(f"/executions/{first.public_id}/").content.decode()
    assert f'action="/executions/{first.public_id}/again"' in page
    answers = [client.post(f"/executions/{first.public_id}/again", {"key": KEY}) for _ in range(2)]
    second = Execution.objects.exclude(pk=first.pk).get()
    assert {each.headers["Location"] for each in answers} == {f"/executions/{second.public_id}/"}
    assert (second.input, second.workflow) == ({"order": 17}, first.workflow)


def test_another_input_is_edited_in_the_form_of_the_workflow(
    begin: Begin, drive: Drive, alice: User, bob: User, as_: As
) -> None:
    first = drive(begin(input={"order": "seventeen"}))
    assert first.workflow is not None
    address = f"/workflows/{first.workflow.public_id}/?like={first.public_id}"
    assert "seventeen" in as_(alice).get(address).content.decode()
    assert "seventeen" not in as_(bob).get(address).content.decode()


def test_what_runs_still_is_not_offered_again(begin: Begin, alice: User, as_: As) -> None:
    page = as_(alice).get(f"/executions/{begin().public_id}/").content.decode()
    assert "Run again" not in page
