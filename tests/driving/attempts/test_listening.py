"""``listen`` and ``emit``: events are heard once, early ones too, and none is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.driving.chain import verify
from executions.inbound import keeping, offers
from executions.models import CloudEvent, Delivery, Execution, Step, Subscription
from executions.states import Phase
from executions.verbs.deciding import control, decisions, restore
from tests.driving.crashing import drive_and_die, drive_on
from tests.driving.texts import tasks
from tests.inbound.matching import match_events
from tests.people import confirmed

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def listen(to: str, more: str = "") -> str:
    return f"{{listen: {{to: {to}}}{more}}}"


ORDER = "{one: {with: {type: order}}}"


def event(type_: str = "order", id_: str = "1", data: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": type_,
        "source": "/shop",
        "id": id_,
        "data": {} if data is None else data,
        **more,
    }


def post(execution: Execution, *envelopes: dict[str, Any]) -> None:
    keeping.keep(envelopes, execution.owner_id)
    match_events()


def test_a_run_waits_until_the_event_comes(begin):
    execution = drive_on(begin(tasks(a=listen(ORDER), b="{set: {got: '${ .[0].n }'}}")))
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "an event")
    assert execution.wake_at is None
    post(execution, event(data={"n": 7}))
    execution = drive_on(execution)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"got": 7})
    assert verify(execution) is None
    assert not Subscription.objects.exists()
    assert Delivery.objects.get().consumed_at is not None


def test_an_event_that_came_early_is_not_lost(begin):
    execution = begin(tasks(a=listen(ORDER)))
    post(execution, event(data={"n": 1}), event(id_="2", data={"n": 2}))
    execution = drive_on(execution)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, [{"n": 1}])


def test_the_same_source_and_id_is_the_same_event(begin):
    execution = drive_on(begin(tasks(a=listen(ORDER), b=listen(ORDER))))
    first = keeping.keep([event(data={"n": 1})], execution.owner_id)
    again = keeping.keep([event(data={"n": 2}), event(id_="3"), event(id_="3")], execution.owner_id)
    assert [kept.is_duplicate for kept in first + again] == [False, True, False, True]
    assert again[0].key == first[0].key
    assert CloudEvent.objects.get(event_id="1").body["data"] == {"n": 1}


def test_a_run_hears_an_event_once(begin):
    """The second listener of the run waits for the next event; that of another run hears it too."""
    execution = begin(tasks(a=listen(ORDER), b=listen(ORDER)))
    other = begin(tasks(a=listen(ORDER)), name="other")
    post(execution, event(data={"n": 1}))
    execution = drive_on(execution)
    assert (execution.phase, execution.current_step) == (Phase.WAITING, "/b")
    assert drive_on(other).output == [{"n": 1}]
    post(execution, event(id_="2", data={"n": 2}))
    assert drive_on(execution).output == [{"n": 2}]


def test_the_events_of_others_are_never_heard(begin, bob):
    execution = drive_on(begin(tasks(a=listen("{any: []}"))))
    keeping.keep([event()], bob.pk)
    match_events()
    assert drive_on(execution).phase == Phase.WAITING
    assert drive_on(begin(tasks(a=listen("{any: []}")), name="later")).phase == Phase.WAITING
    assert not Delivery.objects.exists()


def test_an_event_that_comes_while_the_run_parks_is_heard(begin, monkeypatch):
    execution = begin(tasks(a=listen(ORDER)))
    seen: list[bool] = []
    looked = offers.is_offered

    def come(step_id: Any) -> bool:
        if not seen:
            seen.append(True)
            post(execution, event())
        return looked(step_id)

    monkeypatch.setattr(offers, "is_offered", come)
    assert drive_on(execution).phase == Phase.COMPLETED


def test_an_event_that_comes_while_it_looks_back_is_heard(begin, monkeypatch):
    execution = begin(tasks(a=listen(ORDER)))
    look_back = offers.look_back

    def come(*args: Any, **how: Any) -> None:
        look_back(*args, **how)
        post(execution, event())

    monkeypatch.setattr(offers, "look_back", come)
    assert drive_on(execution).phase == Phase.COMPLETED


def test_the_same_event_found_by_both_sides_is_offered_once(begin, monkeypatch):
    execution = begin(tasks(a=listen("{any: [{with: {type: order}}], until: '(. | length) > 1'}")))
    register = offers.register

    def come(*args: Any) -> None:
        register(*args)
        keeping.keep([event()], execution.owner_id)

    monkeypatch.setattr(offers, "register", come)
    execution = drive_on(execution)
    match_events()
    assert drive_on(execution).phase == Phase.WAITING
    assert Delivery.objects.count() == 1


ALL = "{all: [{with: {type: order}}, {with: {type: paid}}]}"
UNTIL = "{any: [{with: {type: order}}], until: '${ (. | length) > 1 }'}"
STOPPED = "{any: [{with: {type: order}}], until: {one: {with: {type: stop}}}}"


@pytest.mark.parametrize(
    ("to", "more", "sent", "output"),
    [
        (ORDER, "", ["order"], [1]),
        ("{any: [{with: {type: paid}}, {with: {type: order}}]}", "", ["x", "order"], [2]),
        ("{any: []}", "", ["whatever"], [1]),
        (ALL, "", ["paid", "paid", "order"], [1, 3]),
        (UNTIL, "", ["order", "x", "order"], [1, 3]),
        (STOPPED, "", ["order", "order", "stop"], [1, 2]),
        ("{one: {with: {type: order, data: '${ . > 1 }'}}}", "", ["order", "order"], [2]),
        ("{one: {with: {subject: '${ startswith(\"s\") }'}}}", "", ["order"], [1]),
        ("{one: {with: {source: /other}}}", "", ["order"], None),
        ("{one: {with: {nosuch: x}}}", "", ["order"], None),
        ("{one: {with: {data: '${ .a.b }'}}}", "", ["order"], None),
        (ORDER, ", read: raw", ["order"], ["1"]),
    ],
)
def test_what_is_waited_for(begin, to, more, sent, output):
    execution = drive_on(begin(tasks(a=f"{{listen: {{to: {to}{more}}}}}")))
    for number, kind in enumerate(sent, 1):
        post(execution, event(kind, str(number), number, subject="s1"))
    execution = drive_on(execution)
    ended = Phase.WAITING if output is None else Phase.COMPLETED
    assert (execution.phase, execution.output) == (ended, output)


def test_a_listener_gets_the_envelope(begin):
    execution = begin(tasks(a=f"{{listen: {{to: {ORDER}, read: envelope}}}}"))
    post(execution, event(subject="x", shop="north"))
    assert drive_on(execution).output == [event(subject="x", shop="north")]


def test_each_event_has_its_tasks(begin):
    each = "{item: o, at: n, do: [{x: {set: {got: '${ $o.v * 10 }', n: '${ $n }'}}}], "
    each += "output: {as: '${ .got + $n }'}, export: {as: '${ {sum: (($context.sum // 0) + .)} }'}}"
    text = f"{{listen: {{to: {STOPPED}}}, foreach: {each}}}"
    execution = drive_on(begin(tasks(a=text, b="{set: {l: '${ . }', s: '${ $context.sum }'}}")))
    for number in (1, 2, 3):
        post(execution, event(id_=str(number), data={"v": number}))
        execution = drive_on(execution)
    post(execution, event("stop", "9"))
    execution = drive_on(execution)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"l": [10, 21, 32], "s": 63})
    assert verify(execution) is None
    assert not Subscription.objects.exists()


CORRELATED = "{one: {with: {type: order}, correlate: {id: {from: .data.id, expect: '${ .id }'}}}}"


@pytest.mark.parametrize(
    "to",
    [
        CORRELATED,
        "{one: {with: {type: order, data: {id: '${ .id }'}}}}",
        "{one: {with: {type: order, subject: '${ .id }'}}}",
        "{one: {with: {type: order, data: '${ .id == $workflow.input.id }'}}}",
    ],
)
def test_each_run_hears_what_is_meant_for_it(begin, to):
    runs = {id_: drive_on(begin(tasks(a=listen(to)), {"id": id_}, name=id_)) for id_ in "xyz"}
    for number, id_ in enumerate("yqx"):
        post(runs["x"], event(id_=str(number), data={"id": id_}, subject=id_))
    runs["w"] = begin(tasks(a=listen(to)), {"id": "q"}, name="w")
    ended = {id_: drive_on(run).output for id_, run in runs.items()}
    assert ended == {"x": [{"id": "x"}], "y": [{"id": "y"}], "z": None, "w": [{"id": "q"}]}


def test_the_first_event_binds_those_that_follow(begin):
    rule = "correlate: {room: {from: .room}}"
    to = f"{{all: [{{with: {{type: t}}, {rule}}}, {{with: {{type: h}}, {rule}}}]}}"
    execution = drive_on(begin(tasks(a=listen(to))))
    for number, (kind, room) in enumerate([("t", "1"), ("h", "2"), ("t", "2"), ("h", "1")]):
        post(execution, event(kind, str(number), number, room=room))
        execution = drive_on(execution)
    assert execution.output == [0, 3]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("to", [ORDER, STOPPED])
def test_whenever_its_process_dies_an_event_is_taken_once(begin, to, after):
    """Killed before or after each of its transactions: the events were there before, or come."""
    for at in range(1, 40):
        execution = begin(tasks(a=listen(to), b="{set: {got: '${ . }'}}"), name=f"n{at}")
        died = drive_and_die(execution, at, after=after)
        post(execution, event(id_=f"{at}", data=at))
        died |= drive_and_die(execution, at, after=after)
        post(execution, event("stop", f"s{at}"))
        execution = drive_on(execution)
        assert (execution.phase, execution.output) == (Phase.COMPLETED, {"got": [at]}), at
        assert verify(execution) is None
        taken = Delivery.objects.filter(step__execution=execution, consumed_at__isnull=False)
        assert taken.count() == (1 if to == ORDER else 2)
        assert not Subscription.objects.filter(execution=execution).exists()
        CloudEvent.objects.all().delete()
        if not died:
            return
    raise AssertionError("it never came to its end unharmed")


def test_a_pause_while_it_listens_loses_nothing(begin, alice):
    execution = drive_on(begin(tasks(a=listen(ORDER))))
    control.pause(execution.pk, alice)
    post(execution, event())
    assert Execution.objects.get().phase == Phase.PAUSED
    control.resume(execution.pk, alice)
    assert drive_on(execution).phase == Phase.COMPLETED


def test_a_time_limit_ends_it(begin, later):
    execution = drive_on(begin(tasks(a=listen(ORDER, ", timeout: {after: {minutes: 1}}"))))
    assert execution.wake_at is not None
    later(61)
    execution = drive_on(execution)
    assert execution.phase == Phase.FAILED
    assert execution.error["status"] == 408
    post(execution, event())
    assert not Delivery.objects.exists()


def test_a_restore_frees_what_it_takes_back(begin):
    text = tasks(a="{set: {x: 1}}", b=listen(ORDER), c="{wait: {hours: 1}}")
    execution = begin(text)
    post(execution, event(data=5))
    execution = drive_on(execution)
    assert execution.current_step == "/c"
    seq = Step.objects.get(path="/a").seq
    assert seq is not None
    root = confirmed(User.objects.create_superuser("root"))
    restore.restore(execution.pk, root, seq, reason="it was wrong")
    execution = drive_on(execution)
    assert execution.current_step == "/c"
    assert [step.output for step in Step.objects.standing().filter(path="/b")] == [[5]]
    # Another run keeps what it has heard, and hears it no second time.
    assert Delivery.objects.filter(consumed_at__isnull=False).count() == 2


EMIT = "{emit: {event: {with: {type: order, data: {n: '${ .n }'}}}}}"


def test_what_a_run_emits_others_of_its_owner_hear(begin, bob):
    listener = drive_on(begin(tasks(a=listen(ORDER)), name="listener"))
    foreign = drive_on(begin(tasks(a=listen(ORDER)), name="foreign", owner=bob))
    emitter = drive_on(begin(tasks(a=EMIT, b="{set: {n: '${ .n }'}}"), {"n": 4}, name="emitter"))
    assert emitter.output == {"n": 4}
    match_events()
    assert drive_on(listener).output == [{"n": 4}]
    assert drive_on(foreign).phase == Phase.WAITING
    envelope = CloudEvent.objects.get().envelope
    assert envelope["source"] == "/workflows/tests/emitter"
    assert envelope["id"] == f"{emitter.public_id}/a~1"


@pytest.mark.parametrize("after", [False, True])
def test_whenever_its_process_dies_an_event_is_emitted_once(begin, after):
    for at in range(1, 30):
        execution = begin(tasks(a=EMIT, b="{set: {n: 1}}"), {"n": at}, name=f"n{at}")
        died = drive_and_die(execution, at, after=after)
        finished = Step.objects.filter(execution=execution, path="/a", seq__isnull=False)
        # With its step, or not at all.
        assert CloudEvent.objects.count() == finished.count()
        execution = drive_on(execution)
        assert CloudEvent.objects.get().envelope["data"] == {"n": at}
        CloudEvent.objects.all().delete()
        if not died:
            return
    raise AssertionError("it never came to its end unharmed")


@pytest.mark.parametrize(
    "attributes", ["{type: '${ 5 }'}", "{type: '${ \"io.stigmer.signal\" }'}", "{type: t, time: x}"]
)
def test_what_is_no_event_is_not_emitted(begin, attributes):
    execution = drive_on(begin(tasks(a=f"{{emit: {{event: {{with: {attributes}}}}}}}")))
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 400)
    assert not CloudEvent.objects.exists()


def test_branches_listen_beside_each_other(begin):
    stop = listen("{one: {with: {type: stop}}}")
    branches = f"[{{a: {listen(ORDER)}}}, {{b: {stop}}}, {{c: {EMIT}}}]"
    execution = drive_on(begin(tasks(f=f"{{fork: {{branches: {branches}}}}}"), {"n": 8}))
    # What one branch emits another one hears.
    match_events()
    execution = drive_on(execution)
    assert execution.phase == Phase.WAITING
    assert Step.objects.get(path="/f/a", superseded_by=None).status == "SUCCEEDED"
    post(execution, event("stop", "s", "over"))
    execution = drive_on(execution)
    assert execution.phase == Phase.COMPLETED
    assert execution.output[:2] == [[{"n": 8}], ["over"]]
    assert verify(execution) is None
    assert not Subscription.objects.exists()


def test_of_branches_that_compete_the_first_to_hear_wins(begin):
    branches = f"[{{a: {listen(ORDER)}}}, {{b: {listen('{one: {with: {type: stop}}}')}}}]"
    execution = drive_on(
        begin(tasks(f=f"{{fork: {{compete: true, branches: {branches}}}}}", g="{set: {x: 1}}"))
    )
    post(execution, event("stop", "s"))
    assert drive_on(execution).output == {"x": 1}
    assert not Subscription.objects.open().exists()


@pytest.mark.parametrize("after", [False, True])
def test_whenever_its_process_dies_each_event_has_its_tasks_once(begin, after):
    each = "{item: o, at: n, do: [{x: {set: {v: '${ $o }'}}}, {y: {wait: {milliseconds: 1}}}]}"
    text = f"{{listen: {{to: {STOPPED}}}, foreach: {each}}}"
    for at in range(1, 60):
        execution = begin(tasks(a=text), name=f"n{at}")
        for number in (1, 2):
            post(execution, event(id_=f"{at}-{number}", data=number))
        post(execution, event("stop", f"s{at}"))
        died = False
        while Execution.objects.get(pk=execution.pk).phase != Phase.COMPLETED:
            died |= drive_and_die(execution, None if died else at, after=after)
        execution = Execution.objects.get(pk=execution.pk)
        assert execution.output == [{"v": 1}, {"v": 2}]
        assert verify(execution) is None
        CloudEvent.objects.all().delete()
        if not died:
            return
    raise AssertionError("it never came to its end unharmed")


def test_a_retry_of_what_is_done_with_an_event_hears_none_of_them_again(begin, alice):
    broken = (
        "{item: o, do: [{x: {switch: [{bad: {when: '${ $o == 2 and ($context.fixed | not) }', then:"
        " y}}, {good: {then: z}}]}}, {y: {raise: {error: {type: 'https://x.example/e', status:"
        " 400, title: Bad}}}}, {z: {set: {v: '${ $o }'}}}]}"
    )
    execution = drive_on(begin(tasks(a=f"{{listen: {{to: {STOPPED}}}, foreach: {broken}}}")))
    post(execution, *(event(id_=str(number), data=number) for number in (1, 2, 3)))
    execution = drive_on(execution)
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/a/@1/y")
    post(execution, event(id_="4", data=4))
    for _ in range(2):
        decisions.retry(execution.pk, alice)
        execution = drive_on(execution)
        assert (execution.phase, execution.current_step) == (Phase.FAILED, "/a/@1/y")
    taken = Delivery.objects.filter(consumed_at__isnull=False, step__superseded_by=None)
    assert taken.count() == 2
    (step,) = Step.objects.standing().filter(path="/a")
    assert [number for _, number in step.control["heard"]] == [0, 0]
    assert verify(execution) is None
