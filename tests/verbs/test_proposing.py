"""Restoring and overriding with two persons: one asks, another one agrees."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from dashboard.queries import inbox
from executions import clock, policy
from executions.driving.lease import claim
from executions.errors import Refused
from executions.live.asks import waiting
from executions.models import AuditEntry, Event, Execution, Notification, Proposal
from executions.models.proposal import Outcome
from executions.states import Phase
from executions.verbs import proposing
from executions.verbs.calls import carry_out, press
from executions.verbs.proposing import Proposed
from executions.verbs.rows import VERBS
from tests.people import confirmed, in_group

pytestmark = [pytest.mark.database, pytest.mark.django_db]
RESTORE, OVERRIDE = VERBS["restore"], VERBS["override"]
TO_THE_START = {"checkpoint_seq": 0}
FAILS = """do:
- first: {set: {n: 1}}
- bad: {raise: {error: {type: 'https://example.org/bad', status: 400, title: Bad}}}
"""


@pytest.fixture(autouse=True)
def two_persons(settings: Any) -> None:
    settings.STIGMER_TWO_PERSONS = True


@pytest.fixture
def failed(begin: Any, drive: Any) -> Any:
    return lambda: drive(begin(FAILS))


@pytest.fixture
def ada(db: None) -> User:
    return confirmed(User.objects.create_superuser("ada"))


@pytest.fixture
def sam(db: None) -> User:
    return in_group(User.objects.create_user("sam"), policy.SUPPORT_GROUP)


def asked(run: Execution, actor: User, verb: Any = RESTORE, given: Any = None) -> Proposal:
    given = TO_THE_START if given is None else given
    with pytest.raises(Proposed) as kept:
        carry_out(verb, run.pk, actor, given, expected_seq=_seq(run), reason="it is wrong")
    return policy.visible_proposals(actor).get(pk=kept.value.proposal.pk)


def _seq(run: Execution) -> int:
    return Execution.objects.values_list("head_seq", flat=True).get(pk=run.pk)


def _phase(run: Execution) -> str:
    return Execution.objects.values_list("phase", flat=True).get(pk=run.pk)


def test_the_first_person_changes_nothing_but_the_history(failed, ada, sam):
    run = failed()
    row = asked(run, sam)
    assert _phase(run) == "FAILED"
    assert row.preview["runs_again"]
    assert Event.objects.filter(execution=run, name="WORKFLOW_SECOND_PERSON_ASKED").count() == 1
    assert AuditEntry.objects.filter(verb="ask for restore", execution=run).count() == 1


def test_the_second_person_does_it_in_their_own_name(failed, ada, sam):
    run = failed()
    proposing.agree(asked(run, sam), ada)
    assert _phase(run) == "PENDING"
    restored = Event.objects.get(execution=run, name="WORKFLOW_RESTORED")
    assert restored.actor == ada
    assert "asked for by sam, agreed to by ada" in restored.payload["reason"]
    assert Proposal.objects.get().outcome == Outcome.DONE


def test_an_override_asks_for_two_as_well(failed, ada):
    run, other = failed(), confirmed(User.objects.create_superuser("bea"))
    row = asked(run, ada, OVERRIDE, {"phase": "CANCELLED"})
    means = Phase.CANCELLED.row.override
    assert row.preview == {"before": "FAILED", "after": "CANCELLED", "means": means}
    proposing.agree(row, other)
    assert _phase(run) == "CANCELLED"


def test_nobody_agrees_to_the_own_proposal(failed, ada, sam):
    row = asked(failed(), ada)
    with pytest.raises(Refused, match="somebody else") as refused:
        proposing.agree(row, ada)
    assert refused.value.code == "forbidden"


def test_the_second_person_has_to_be_one_who_may(failed, ada, sam):
    run = failed()
    row = asked(run, ada)
    with pytest.raises(Refused) as refused:
        proposing.agree(row, run.owner)
    assert refused.value.code == "forbidden"
    late = User.objects.get(pk=sam.pk)
    policy.confirm(late, time.time() - 3600)
    with pytest.raises(Refused) as refused:
        proposing.agree(row, late)
    assert refused.value.code == "unconfirmed"
    assert _phase(run) == "FAILED"


def test_an_asker_who_may_not_any_more_counts_no_more(failed, ada, sam):
    run = failed()
    row = asked(run, sam)
    sam.groups.clear()
    with pytest.raises(Refused, match="over"):
        proposing.agree(policy.visible_proposals(ada).get(pk=row.pk), ada)
    assert _phase(run) == "FAILED"


def test_a_run_that_moved_on_is_asked_about_anew(failed, ada, sam):
    run = failed()
    row = asked(run, sam)
    carry_out(VERBS["acknowledge"], run.pk, ada, {}, reason="seen")
    with pytest.raises(Refused) as refused:
        proposing.agree(policy.visible_proposals(ada).get(pk=row.pk), ada)
    assert refused.value.code == "stale"
    assert _phase(run) == "FAILED"
    proposing.agree(asked(run, sam), ada)
    assert _phase(run) == "PENDING"


def test_it_runs_out_and_that_is_audited(failed, ada, sam):
    row = asked(failed(), sam)
    Proposal.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(Refused, match="in time"):
        proposing.agree(policy.visible_proposals(ada).get(pk=row.pk), ada)
    assert proposing.expire() == 1
    assert proposing.expire() == 0
    assert Proposal.objects.get().outcome == Outcome.EXPIRED
    assert AuditEntry.objects.filter(verb="let restore expire", actor=None).count() == 1


@pytest.mark.parametrize(("by", "outcome"), [("sam", "withdrawn"), ("ada", "turned down")])
def test_it_is_withdrawn_or_turned_down(failed, ada, sam, by, outcome):
    run = failed()
    row = asked(run, sam)
    proposing.turn_down(row, {"sam": sam, "ada": ada}[by], reason="not needed")
    now = Proposal.objects.get()
    assert (now.outcome, now.said) == (outcome, "not needed")
    with pytest.raises(Refused, match=outcome):
        proposing.agree(policy.visible_proposals(ada).get(pk=row.pk), ada)
    assert _phase(run) == "FAILED"


def test_the_same_again_is_the_same_and_another_one_waits(failed, ada, sam):
    run = failed()
    row = asked(run, sam)
    assert asked(run, sam).pk == row.pk
    with pytest.raises(Proposed):
        press(RESTORE, run.pk, sam, TO_THE_START, shown_seq=0, expected_seq=0, reason="again")
    with pytest.raises(Refused, match="sam asked for this already"):
        carry_out(RESTORE, run.pk, ada, TO_THE_START, reason="me too")


def test_where_nobody_else_may_it_is_said(failed, ada):
    with pytest.raises(Refused, match="nobody else may"):
        carry_out(RESTORE, failed().pk, ada, TO_THE_START, reason="alone")
    assert not Proposal.objects.exists()


def test_what_is_not_possible_is_not_kept(failed, ada, sam):
    run = failed()
    with pytest.raises(Refused) as refused:
        carry_out(OVERRIDE, run.pk, ada, {"phase": "COMPLETED"}, reason="x")
    assert refused.value.code in ("conflict", "wrong_phase")
    with pytest.raises(Refused) as refused:
        carry_out(RESTORE, run.pk, ada, {"checkpoint_seq": 999_999}, reason="x")
    assert not isinstance(refused.value, Proposed)
    assert not Proposal.objects.exists()


def test_switched_off_one_person_is_enough(failed, ada, settings):
    settings.STIGMER_TWO_PERSONS = False
    run = failed()
    carry_out(RESTORE, run.pk, ada, TO_THE_START, reason="alone")
    assert _phase(run) == "PENDING"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_agree_at_once_one_does_it(failed, ada, sam):
    run = failed()
    row = asked(run, sam)
    people = [ada, confirmed(User.objects.create_superuser("bea"))]
    told: list[str] = []
    start = threading.Barrier(2)

    def agrees(user: User) -> None:
        mine = policy.visible_proposals(user).get(pk=row.pk)
        start.wait()
        try:
            proposing.agree(mine, user)
            told.append("done")
        except Refused as refused:
            told.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=agrees, args=(user,)) for user in people]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(told) in (["conflict", "done"], ["done", "stale"])
    assert Event.objects.filter(execution=run, name="WORKFLOW_RESTORED").count() == 1


def test_those_who_may_agree_find_it_in_the_inbox_until_it_is_over(failed, ada, sam):
    run, bea = failed(), confirmed(User.objects.create_superuser("bea"))
    row = asked(run, sam)
    told = {each.user for each in Notification.objects.filter(event__execution=run)}
    # The owner may not agree, and is told what somebody asked for.
    assert told == {ada, bea, run.owner}
    assert [inbox.unread_count(each.pk) for each in (ada, bea, sam)] == [1, 1, 0]
    assert waiting(ada).many == 1
    assert waiting(sam).many == 0
    proposing.turn_down(row, ada)
    assert [inbox.unread_count(each.pk) for each in (ada, bea)] == [0, 0]
    assert waiting(bea).many == 0


def test_a_run_that_moved_on_waits_for_nobody_and_is_turned_down_yet(failed, ada, sam):
    run = failed()
    row = asked(run, sam)
    carry_out(VERBS["acknowledge"], run.pk, ada, {}, reason="seen")
    assert policy.proposals_for(ada) == []
    assert inbox.unread_count(ada.pk) == 0
    [shown] = proposing.of_run(Execution.objects.get(pk=run.pk))
    assert shown.is_behind()
    proposing.turn_down(policy.visible_proposals(sam).get(pk=row.pk), sam)
    assert Proposal.objects.get().outcome == Outcome.WITHDRAWN


def test_support_is_not_asked_about_its_own_run_nor_about_an_override(failed, ada, sam):
    run, bea = failed(), confirmed(User.objects.create_superuser("bea"))
    asked(run, ada, OVERRIDE, {"phase": "CANCELLED"})
    assert policy.proposals_for(sam) == []
    assert [row.verb for row in policy.proposals_for(bea)] == ["override"]
    Execution.objects.filter(pk=run.pk).update(owner=sam)
    asked(run, ada)
    assert policy.proposals_for(sam) == []


def test_of_a_run_that_is_driven_it_is_in_the_inbox_too(begin, process, ada):
    run, bea = begin(FAILS), confirmed(User.objects.create_superuser("bea"))
    assert claim(run.pk, process.pk) is not None
    row = asked(run, ada, OVERRIDE, {"phase": "CANCELLED"})
    assert row.seq is None and not row.is_behind()
    assert [inbox.unread_count(each.pk) for each in (ada, bea)] == [0, 1]
    # The run moves on meanwhile, and it still waits.
    carry_out(VERBS["pause"], run.pk, ada, {})
    assert inbox.unread_count(bea.pk) == 1
    proposing.agree(policy.visible_proposals(bea).get(pk=row.pk), bea)
    assert _phase(run) == "CANCELLED"
    assert inbox.unread_count(bea.pk) == 0
