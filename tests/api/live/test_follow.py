"""Following an execution while it goes on: a snapshot first, then every update until it ends."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions import streams, tokens
from executions.api.live.follower import Follower, door
from executions.api.live.frames import Update
from executions.health.metrics import exposition
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.live.closing import say_farewell
from executions.mind.heard import Heard
from executions.models import ApiToken, Execution
from executions.streams import Place
from executions.tokens import Minted
from tests.api.conftest import HEAD
from tests.api.live.clients import PATIENCE_SECONDS, elsewhere, run, socket, stream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def begin(alice):
    def begun() -> Execution:
        text = HEAD % "followed" + "do:\n- first: {set: {n: 1}}\n- last: {set: {n: 2}}\n"
        return start(apply_definition(text, alice).workflow, alice, input={})

    return begun


def bearer(caller) -> str:
    return f"Bearer {caller.secret}"


def path_of(execution: Execution) -> str:
    return f"workflow-executions/{execution.public_id}/events"


def test_a_follower_gets_a_snapshot_then_updates_and_the_stream_ends_with_the_run(
    owner, begin, drive
):
    execution = begin()

    async def scenario() -> None:
        async with stream(path_of(execution), authorization=bearer(owner)) as opened:
            assert opened.status == 200
            events = opened.events()
            event, seq, data = await anext(events)
            assert (event, seq, data["execution"]["status"]["phase"]) == (
                "snapshot",
                execution.head_seq,
                "PENDING",
            )
            done = await elsewhere(drive, execution)
            rest = [each async for each in events]
            assert [event for event, *_ in rest][-1] == "end"
            _, seq, data = rest[-1]
            assert (seq, data["ended"], data["execution"]["status"]["phase"]) == (
                done.head_seq,
                True,
                "COMPLETED",
            )
            assert data["execution"]["status"]["output"] == {"n": 2}
            told = {
                entry["path"]: entry["status"]
                for _, _, data in rest
                for entry in data["entries"]
                if entry["path"]
            }
            assert told == {"/first": "SUCCEEDED", "/last": "SUCCEEDED"}

    run(scenario)


def test_the_metrics_count_streams_and_sockets(owner, begin):
    execution = begin()

    async def counted() -> float:
        text = await elsewhere(exposition)
        name = 'stigmer_sockets{door="api"} '
        (line,) = [line for line in text.splitlines() if line.startswith(name)]
        return float(line.removeprefix(name))

    async def scenario() -> None:
        async with stream(path_of(execution), authorization=bearer(owner)) as opened:
            await anext(opened.events())
            assert await counted() == 1
            followed = socket(path_of(execution), authorization=bearer(owner))
            assert (await followed.connect())[0]
            await followed.receive_from(PATIENCE_SECONDS)
            assert await counted() == 2
            await followed.disconnect()
        assert await counted() == 0

    run(scenario)


def test_one_that_has_ended_gives_a_snapshot_and_closes(owner, begin, drive):
    execution = drive(begin())

    async def scenario() -> None:
        async with stream(path_of(execution), authorization=bearer(owner)) as opened:
            events = [each async for each in opened.events()]
        assert [event for event, *_ in events] == ["snapshot", "end"]
        assert events[0][2]["execution"]["status"]["phase"] == "COMPLETED"

    run(scenario)


def test_last_event_id_goes_on_where_the_connection_broke(owner, begin, drive):
    execution = begin()
    seen = execution.head_seq
    done = drive(execution)

    async def scenario() -> None:
        headers = {"authorization": bearer(owner), "last-event-id": str(seen)}
        async with stream(path_of(execution), **headers) as opened:
            events = [each async for each in opened.events()]
        assert [(event, seq) for event, seq, _ in events] == [("end", done.head_seq)]
        assert all(entry["seq"] > seen for entry in events[0][2]["entries"])
        async with stream(
            path_of(execution), **headers | {"last-event-id": str(done.head_seq)}
        ) as opened:
            assert [event async for event, *_ in opened.events()] == ["end"]

    run(scenario)


@pytest.mark.parametrize(
    "role, status", [("anonymous", 401), ("stranger", 404), ("support", 200), ("admin", 200)]
)
def test_who_may_not_see_it_may_not_follow_it(people, begin, drive, role, status):
    execution = drive(begin())

    async def scenario() -> None:
        headers = {"authorization": bearer(people[role])} if people[role].secret else {}
        async with stream(path_of(execution), **headers) as opened:
            assert opened.status == status

    run(scenario)


def test_a_revoked_token_ends_its_stream(owner, begin, worker):
    execution = begin()

    async def scenario() -> None:
        async with stream(path_of(execution), authorization=bearer(owner)) as opened:
            events = opened.events()
            assert (await anext(events))[0] == "snapshot"
            await elsewhere(lambda: owner.user.api_tokens.update(revoked_at="2020-01-01T00:00Z"))
            await door.hub().check()
            assert [(event, data) async for event, _, data in events] == [
                ("closed", {"reason": "forbidden"})
            ]

    run(scenario)


def test_a_lost_nudge_is_made_good_by_reconciling(owner, begin, drive, monkeypatch):
    execution = begin()

    async def scenario() -> None:
        async with stream(path_of(execution), authorization=bearer(owner)) as opened:
            events = opened.events()
            await anext(events)
            door.hub().hear = lambda nudge: None  # type: ignore[method-assign]
            await elsewhere(drive, execution)
            await door.hub().reconcile()
            assert [event async for event, *_ in events][-1] == "end"

    run(scenario)


class TestASocket:
    def test_with_a_token_gets_the_same_frames_and_is_closed_at_the_end(self, owner, begin, drive):
        execution = begin()

        async def scenario() -> None:
            opened = socket(path_of(execution), authorization=bearer(owner))
            assert (await opened.connect(PATIENCE_SECONDS))[0]
            first = json.loads(await opened.receive_from(PATIENCE_SECONDS))
            assert (first["event"], first["execution"]["status"]["phase"]) == (
                "snapshot",
                "PENDING",
            )
            await opened.send_to(text_data=json.dumps({"ack": first["seq"]}))
            await elsewhere(drive, execution)
            frames = []
            while (message := await opened.receive_output(PATIENCE_SECONDS))[
                "type"
            ] == "websocket.send":
                frames.append(json.loads(message["text"]))
            assert (frames[-1]["event"], message["code"]) == ("end", 1000)
            await opened.disconnect()

        run(scenario)

    def test_whose_sending_breaks_off_is_closed_so_that_the_follower_comes_back(self, owner, begin):
        execution = begin()

        async def scenario() -> None:
            opened = socket(path_of(execution), authorization=bearer(owner))
            assert (await opened.connect(PATIENCE_SECONDS))[0]
            await opened.receive_from(PATIENCE_SECONDS)
            (follower,) = door.hub()._subscribers
            assert isinstance(follower, Follower)
            follower.mailbox.put(Update("update", 10**9, {"no JSON": object()}))
            closed = await opened.receive_output(PATIENCE_SECONDS)
            assert (closed["type"], closed["code"]) == ("websocket.close", 1011)
            assert door.hub().count_of(owner.user.pk) == 0

        run(scenario)

    @pytest.mark.parametrize(
        "headers, code", [({"authorization": "Bearer nope"}, 4401), ({}, None)]
    )
    def test_without_good_credentials_is_closed(self, begin, worker, headers, code):
        execution = begin()

        async def scenario() -> None:
            opened = socket(path_of(execution), **headers)
            accepted, _ = await opened.connect(PATIENCE_SECONDS)
            # No Authorization and no Origin: refused before it is accepted.
            assert accepted == (code is not None)
            if code:
                assert (await opened.receive_output(PATIENCE_SECONDS))["code"] == code
            await opened.disconnect()

        run(scenario)

    def test_of_a_stranger_is_told_that_nothing_is_there(self, people, begin, worker):
        execution = begin()

        async def scenario() -> None:
            opened = socket(path_of(execution), authorization=bearer(people["stranger"]))
            await opened.connect(PATIENCE_SECONDS)
            assert (await opened.receive_output(PATIENCE_SECONDS))["code"] == 4404
            await opened.disconnect()

        run(scenario)

    def test_with_a_session_needs_an_origin_of_ours(self, alice, begin, drive):
        execution = drive(begin())
        browser = Client()
        browser.force_login(alice)
        cookie = (
            f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
        )

        async def scenario() -> None:
            foreign = socket(path_of(execution), cookie=cookie, origin="https://evil.example")
            assert not (await foreign.connect(PATIENCE_SECONDS))[0]
            ours = socket(path_of(execution), cookie=cookie, origin=settings.STIGMER_ORIGINS[0])
            assert (await ours.connect(PATIENCE_SECONDS))[0]
            assert json.loads(await ours.receive_from(PATIENCE_SECONDS))["event"] == "snapshot"
            await ours.disconnect()

        run(scenario)

    @pytest.mark.parametrize("text", ["retry", "[]", '{"sub": 1}', "x" * 5000])
    def test_that_says_anything_but_ack_is_closed(self, owner, begin, worker, text):
        execution = begin()

        async def scenario() -> None:
            opened = socket(path_of(execution), authorization=bearer(owner))
            await opened.connect(PATIENCE_SECONDS)
            await opened.receive_from(PATIENCE_SECONDS)
            await opened.send_to(text_data=text)
            assert (await opened.receive_output(PATIENCE_SECONDS))["code"] == 4400
            await opened.disconnect()

        run(scenario)


def revoke(token: Minted) -> None:
    tokens.revoke(token.token)


def let_it_expire(token: Minted) -> None:
    ApiToken.objects.filter(pk=token.token.pk).update(expires_at=timezone.now())


def delete_it(token: Minted) -> None:
    token.token.delete()


def deactivate_its_owner(token: Minted) -> None:
    User.objects.filter(pk=token.token.owner_id).update(is_active=False)


class TestATokenThatIsTakenAway:
    @pytest.mark.parametrize("take_away", [revoke, let_it_expire, delete_it, deactivate_its_owner])
    def test_ends_its_streams_and_sockets_at_once(self, owner, begin, take_away):
        execution = begin()
        path = path_of(execution)
        other = tokens.mint(User.objects.create_superuser("root"), "other", ["read"])

        async def scenario() -> None:
            async with stream(path, authorization=f"Bearer {minted.secret}") as opened:
                events = opened.events()
                assert (await anext(events))[0] == "snapshot"
                ours, theirs = (
                    socket(path, authorization=f"Bearer {secret}") for secret in secrets_
                )
                for each in (ours, theirs):
                    assert (await each.connect(PATIENCE_SECONDS))[0]
                    await each.receive_from(PATIENCE_SECONDS)
                await elsewhere(take_away, minted)
                assert [(event, data) async for event, _, data in events] == [
                    ("closed", {"reason": "forbidden"})
                ]
                closed = await ours.receive_output(PATIENCE_SECONDS)
                assert (closed["type"], closed["code"]) == ("websocket.close", 4403)
                assert await theirs.receive_nothing(timeout=0.5)
                await ours.disconnect()
                await theirs.disconnect()

        minted = tokens.mint(owner.user, "taken", ["read"])
        secrets_ = (minted.secret, other.secret)
        run(scenario)


def test_a_server_that_stops_in_order_ends_streams_and_sockets_with_their_last_word(owner, begin):
    execution = begin()

    async def scenario() -> None:
        async with stream(path_of(execution), authorization=bearer(owner)) as opened:
            events = opened.events()
            assert (await anext(events))[0] == "snapshot"
            followed = socket(path_of(execution), authorization=bearer(owner))
            assert (await followed.connect())[0]
            await followed.receive_from(PATIENCE_SECONDS)
            say_farewell()
            assert await followed.receive_output(PATIENCE_SECONDS) == {
                "type": "websocket.close",
                "code": 1012,
            }
            rest = [(event, data) async for event, _, data in events]
            assert rest == [("closed", {"reason": "restarting"})]

    run(scenario)


def test_what_a_model_answers_comes_while_it_comes_and_has_no_id(owner, begin, drive, redis_client):
    execution = begin()
    answer = streams.stream(Place(execution.pk, 1, "/turn/1", 1))

    async def scenario() -> None:
        await elsewhere(answer.hear, Heard("Hel"))
        async with stream(path_of(execution), authorization=bearer(owner)) as opened:
            events = opened.events()
            event, seq, _ = await anext(events)
            assert (event, seq) == ("snapshot", execution.head_seq)
            event, seq, data = await anext(events)
            assert (event, seq, data["at"], data["text"]) == ("delta", 0, 0, "Hel")
            await elsewhere(answer.hear, Heard("lo", tool="shop_stock", arguments=2))
            event, seq, data = await anext(events)
            assert (data["at"], data["text"], data["tool"]) == (3, "lo", "shop_stock")
            assert data["path"] == "/turn/1"
            await elsewhere(drive, execution)
            assert [event async for event, *_ in events][-1] == "end"
        await elsewhere(streams.close)

    run(scenario)
