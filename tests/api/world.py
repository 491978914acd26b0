"""One of everything, owned by alice: what the addresses of the matrix and of the fuzzer name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User

from executions import clock, tokens
from executions.bulk.beginning import Chosen, Order, begin
from executions.ids import public_id
from executions.inbound import keeping
from executions.inbound.sources import create
from executions.intake.agents import apply_agent, create_session
from executions.intake.apply import apply_definition
from executions.intake.skills import apply_skill
from executions.intake.standing import add_instance
from executions.intake.start import start_agent
from executions.models import Artifact, Ask, Channel, Execution, Process, Step, Workspace
from executions.schedules.changing import Wanted
from executions.schedules.changing import create as create_schedule
from executions.verbs.rows import VERBS
from tests.api.conftest import GOOD, HEAD
from tests.people import wants_a_restore

SKILL = "---\nname: tea\ndescription: How tea is made.\n---\nWith hot water.\n"
AGENT = "name: helper\ninstructions: Help whoever asks, briefly and kindly.\n"


def made(owner: User, failed: Callable[..., Execution]) -> dict[str, str]:
    """The values of the places in addresses, by their names here."""
    execution = failed(optional=True)
    workflow = apply_definition(HEAD % "orders" + GOOD, owner).workflow
    agent = apply_agent(AGENT, owner).agent
    instance = add_instance(workflow, owner, name="nightly", description="", default_input={})
    agent_instance = add_instance(agent, owner, name="polite", description="", default_input={})
    session = create_session(agent, owner, subject="A question")
    run = start_agent(agent, owner, message="Hello", runner="external")
    step = Step.objects.get(execution=execution, path="/first")
    ask = Ask.objects.create(
        execution=execution,
        step=step,
        prompt="Sure?",
        outcomes=[{"name": "deny", "label": "No"}],
        expires_at=clock.now() + timedelta(hours=1),
    )
    ask.users.add(owner)
    (event,) = keeping.keep(
        [{"specversion": "1.0", "type": "t", "source": "/s", "id": "0"}], owner.pk
    )
    order = Order(VERBS["retry"], "one", execution.cause)
    bulk = begin(owner, order, [Chosen(execution.pk, execution.head_seq)])
    Workspace.objects.create(execution=execution, name=execution.pk.hex, host="north")
    left = Artifact.objects.create(execution=execution, name="a.txt", digest="0" * 64, size=1)
    # A workflow that has a schedule is not deleted, so that it has one of its own.
    scheduled = apply_definition(HEAD % "report" + GOOD, owner).workflow
    weekly = Wanted(name="weekly", workflow=scheduled.slug, cron="0 9 * * 1")
    schedule = create_schedule(owner, weekly)
    token = tokens.mint(owner, "to be shown", ["read"]).token
    return {
        "wex": execution.public_id,
        "aex": run.public_id,
        "wfl": workflow.public_id,
        "agt": agent.public_id,
        "skl": apply_skill(SKILL, owner).skill.public_id,
        "win": instance.public_id,
        "ain": agent_instance.public_id,
        "ses": session.public_id,
        "stp": public_id("stp", step.pk),
        "ask": ask.public_id,
        "src": create(owner, "carrier", "webhook")[0].public_id,
        "evt": public_id("evt", event.key),
        "snk": Channel.objects.create(name="ops", address="https://example.org/in").public_id,
        "chn": Channel.objects.create(
            name="mine", kind="webhook", address="https://example.org/in", owner=owner
        ).public_id,
        "key": token.public_id,
        "blk": bulk.public_id,
        "cause": execution.cause,
        "art": left.public_id,
        "sch": schedule.public_id,
        "prp": wants_a_restore(execution).public_id,
        "wrk": Process.objects.create(kind="worker", host="north", pid=1).public_id,
    }
