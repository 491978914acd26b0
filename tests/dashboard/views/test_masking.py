"""Support and viewers read the runs of others with sensitive values masked, at every door."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Group, User
from django.test import Client

from dashboard.live import changes
from dashboard.live import frames as page_frames
from dashboard.live.page import Page, door
from executions import policy, showing, sight, tokens
from executions.api.live import frames
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.live.hub import follow
from executions.live.news import ExecutionNews, Want
from executions.live.topics import EXECUTION, Topic, execution_topic
from executions.models import Execution, Workflow
from executions.retention.exporting import export
from executions.toolbox.serving import called
from executions.toolbox.tools import tools_for
from tests.api.test_policy_matrix import TABLE
from tests.dashboard.views.test_policy import PAGES
from tests.people import confirmed

As = Callable[[User], Client]
PASSWORD, ILLNESS, ACCOUNT = "correct-horse-7", "Morbus-Example-9", "DE89370400440532013000"
# These come into being in a step: one has a sensitive name, one is declared by the result's schema,
# and of one the whole result is.
MADE, ROOM, NUMBER = "made-here-4711", "room-4712-north", "door-4713-code"
GIVEN_ONES = (PASSWORD, ILLNESS, ACCOUNT)
VALUES = (*GIVEN_ONES, MADE, ROOM, NUMBER)
GIVEN = {"password": PASSWORD, "diagnosis": ILLNESS, "iban": ACCOUNT, "city": "Ghent-by-the-sea"}
TEXT = """
document: {dsl: '1.0.0', namespace: tests, name: patients, version: '1.0.0'}
input:
  schema:
    document:
      type: object
      properties:
        password: {type: string}
        diagnosis: {type: string, x-sensitive: true}
        city: {type: string}
do:
- opens:
    set: {door: '${ "door-" + (4713 | tostring) + "-code" }'}
    output: {schema: {document: {type: object, writeOnly: true}}}
- makes:
    set:
      credential: '${ "made-here-" + (4711 | tostring) }'
      room: '${ "room-" + (4712 | tostring) + "-north" }'
      door: '${ .door }'
      given: '${ $workflow.input }'
    output: {schema: {document: {type: object, properties: {room: {x-sensitive: true}}}}}
- moves:
    set:
      moved: '${ .given.diagnosis }'
      patient: '${ .given }'
      city: '${ .given.city }'
      bed: '${ "bed of " + .room }'
      copied: '${ .credential }'
      how: '${ "by " + .door }'
- tells:
    set: {line: '${ "password=" + .patient.password + " for " + .moved }', keeps: '${ . }'}
    export: {as: '${ {held: .line} }'}
- breaks:
    raise:
      error:
        type: https://example.org/bad
        status: 400
        title: Bad
        detail: >-
          ${ "no bed for " + .keeps.moved + " with iban " + .keeps.patient.iban + ", "
          + .keeps.bed + ", " + .keeps.copied + ", " + .keeps.how }
"""


@pytest.fixture
def run(alice: User, drive: Callable[[Execution], Execution]) -> Execution:
    workflow = apply_definition(TEXT, alice).workflow
    Workflow.objects.filter(pk=workflow.pk).update(visibility="shared")
    failed = drive(start(workflow, alice, input=GIVEN, name="a stay"))
    assert failed.phase == "FAILED"
    assert ILLNESS in failed.failure_reason
    return failed


def addresses(run: Execution) -> list[str]:
    """Each page and each operation that shows something of a run or lists runs."""
    steps = list(run.steps.all())
    known = {"wex": run.public_id, "wfl": run.workflow.public_id if run.workflow else ""}
    pages = [address for address, *_ in PAGES.values()]
    paths = [f"/api/v1/{path}" for path, body, _ in TABLE.values() if body is None]
    named = ["/executions/{wex}/value/output", "/executions/?q=bed", "/api/v1/admin/failed"]
    named += [f"/executions/{{wex}}/moments?a={s.seq}&b=0" for s in steps if s.seq]
    named += ["/workflows/{wfl}/?like={wex}"]
    for name in ("input", "output", "arguments", "error"):
        named += [f"/executions/{{wex}}/steps/{{stp}}/{name}"]
    found = []
    for path in dict.fromkeys([*pages, *paths, *named]):
        for step in steps if "{stp}" in path else steps[:1]:
            try:
                found.append(path.format(**known, stp=step.public_id))
            except KeyError:
                continue
    return found


def readable(client: Client, path: str) -> str:
    response = client.get(path)
    body = b"".join(response) if response.streaming else response.content
    if "gzip" in response.headers.get("Content-Type", ""):
        body = gzip.decompress(body)
    return body.decode("utf-8", "replace")


def leaks(text: str) -> list[str]:
    return [value for value in VALUES if value in text]


def test_no_page_and_no_operation_tells_a_masked_value(
    run: Execution, support: User, viewer: User, alice: User, as_: As
) -> None:
    told, whole = [], set()
    clients = {user.get_username(): as_(user) for user in (support, viewer)}
    for path in addresses(run):
        told += [(path, name) for name, each in clients.items() if leaks(readable(each, path))]
        whole.update(leaks(readable(as_(alice), path)))
    assert not told
    assert whole == set(VALUES)


def test_what_is_not_sensitive_is_shown(run: Execution, support: User, as_: As) -> None:
    text = readable(as_(support), f"/executions/{run.public_id}/value/input")
    assert json.loads(text) == {
        **dict.fromkeys(GIVEN, showing.LABEL),
        "city": GIVEN["city"],
    }


def test_an_administrator_reads_all(run: Execution, admin: User, as_: As) -> None:
    client = as_(admin)
    assert leaks(readable(client, f"/executions/{run.public_id}/value/input")) == list(GIVEN_ONES)
    assert leaks(readable(client, f"/executions/{run.public_id}/")) == list(VALUES)


def test_support_of_the_owning_group_reads_all(run: Execution, support: User, as_: As) -> None:
    group = Group.objects.create(name="Ward")
    Workflow.objects.filter(slug="patients").update(group=group)
    assert not leaks(readable(as_(support), f"/executions/{run.public_id}/value/input"))
    support.groups.add(group)
    support = User.objects.get(pk=support.pk)
    assert leaks(readable(as_(support), f"/executions/{run.public_id}/value/input"))


def test_the_own_run_is_read_whole(run: Execution, support: User, as_: As) -> None:
    own = start(run.workflow, support, input=GIVEN, name="mine")
    assert leaks(readable(as_(support), f"/executions/{own.public_id}/value/input"))


def test_no_page_of_the_admin_tells_a_masked_value(
    run: Execution, support: User, admin: User, as_: As
) -> None:
    User.objects.filter(pk=support.pk).update(is_staff=True)
    support.refresh_from_db()
    told = set()
    places = [f"/admin/executions/execution/{run.pk}/change/", "/admin/executions/execution/"]
    places += [f"/admin/executions/step/{step.pk}/change/" for step in run.steps.all()]
    places += [f"/admin/executions/event/{event.pk}/change/" for event in run.events.all()]
    for path in places:
        assert as_(support).get(path).status_code == 200
        assert not leaks(readable(as_(support), path)), path
        told.update(leaks(readable(as_(admin), path)))
    assert told == set(VALUES)


def test_an_export_is_masked(run: Execution, support: User, alice: User) -> None:
    assert leaks(gzip.decompress(export(run, alice)).decode()) == list(VALUES)
    assert not leaks(gzip.decompress(export(run, confirmed(support))).decode())


def test_no_tool_tells_a_masked_value(run: Execution, support: User) -> None:
    token = tokens.mint(support, "an assistant", ["read"]).token
    for each in tools_for(token).values():
        given = {"id": run.public_id, "name": "patients"}
        given = {key: text for key, text in given.items() if key in each.parameters["properties"]}
        result = called(token, each.name, given)
        assert not leaks(str(result)), each.name


def test_what_is_pushed_to_pages_is_masked_for_whoever_reads_so(run: Execution) -> None:
    want = Want(0, {policy.Standing(policy.Role.OWNER), MASKED}, {True, False})
    found = changes.changed({run.pk: want})[run.pk]
    whole = str(found.pages[policy.Standing(policy.Role.OWNER)]) + str(found.rows[False])
    masked = str(found.pages[MASKED]) + str(found.rows[True])
    assert leaks(whole)
    assert not leaks(masked)


MASKED = policy.Standing(policy.Role.SUPPORT, reads_masked=True)


def test_what_is_pushed_by_the_api_is_masked_for_whoever_reads_so(run: Execution) -> None:
    update = frames.since({run.pk: Want(0, {MASKED})})[run.pk]
    assert leaks(json.dumps(update.for_reader(reads_masked=False).as_json()))
    assert not leaks(json.dumps(update.for_reader(reads_masked=True).as_json()))
    first = frames.first(run.pk, None, reads_masked=True)
    assert not leaks(json.dumps([each.as_json() for each in first]))
    assert leaks(json.dumps([each.as_json() for each in frames.first(run.pk, None)]))


def test_a_page_of_support_follows_masked(run: Execution, support: User) -> None:
    topic = Topic(execution_topic(run.pk), EXECUTION, run.pk)
    page = Page(support, "")

    async def ask(work: Callable[[], Any]) -> Any:
        return await sync_to_async(work)()

    async_to_sync(door.catch_up)(page, {topic: 0}, ask)
    (subscription,) = page.subscriptions.values()
    assert subscription.standing == MASKED
    told = json.dumps(page.mailbox.drain())
    assert run.public_id in told
    assert not leaks(told)


def test_pages_that_stand_alike_share_a_frame_and_no_other_page_gets_it(
    run: Execution, alice: User, bob: User, support: User
) -> None:
    topic = Topic(execution_topic(run.pk), EXECUTION, run.pk)
    pages = [Page(alice, ""), Page(alice, ""), Page(support, ""), Page(bob, "")]

    async def ask(work: Callable[[], Any]) -> Any:
        return await sync_to_async(work)()

    async def told() -> None:
        news = ExecutionNews(changes.changed)
        for page in pages:
            await follow(page, {topic: 0}, ask)
        news.mark(topic)
        await news.send(pages, ask)

    async_to_sync(told)()
    texts = [
        [page_frames.text(frame) for frame in page.mailbox.drain() if "parts" in frame]
        for page in pages
    ]
    (whole,), (same,), (masked,), nothing = texts
    assert whole is same, "they stand alike: it is written once"
    assert leaks(whole.text)
    assert not leaks(masked.text)
    assert not nothing, "a stranger follows nothing of it"


def test_a_masked_value_is_not_sent_back(run: Execution, support: User, alice: User) -> None:
    shown = {**GIVEN, "password": showing.LABEL}
    with pytest.raises(Refused, match="cannot be sent back"):
        start(run.workflow, support, input=shown, name="again")
    # Somebody who reads everything means what they write.
    assert start(run.workflow, alice, input=shown, name="again").input == shown


def test_an_operator_declares_further_fields(run: Execution, support: User, settings: Any) -> None:
    settings.STIGMER_SENSITIVE_FIELDS = ["city"]
    mask = sight.mask_for(support, run)
    assert mask is not None
    assert mask.value({"homeCity": "Ghent"}) == {"homeCity": showing.LABEL}


def test_support_does_not_start_the_same_again(run: Execution, support: User, as_: As) -> None:
    address = f"/executions/{run.public_id}/again"
    assert as_(support).post(address, {"key": "a" * 32}).status_code == 403
    workflow = Workflow.objects.get(slug="patients").public_id
    page = f"/workflows/{workflow}/?like={run.public_id}"
    assert GIVEN["city"] not in readable(as_(support), page)
