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
from executions.intake.standing import add_instance
from executions.intake.start import start_agent
from executions.models import Ask, Channel, Execution, Step
from executions.verbs.rows import VERBS
from tests.api.conftest import GOOD, HEAD

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
    token = tokens.mint(owner, "to be shown", ["read"]).token
    return {
        "wex": execution.public_id,
        "aex": run.public_id,
        "wfl": workflow.public_id,
        "agt": agent.public_id,
        "win": instance.public_id,
        "ain": agent_instance.public_id,
        "ses": session.public_id,
        "stp": public_id("stp", step.pk),
        "ask": ask.public_id,
        "src": create(owner, "carrier", "webhook")[0].public_id,
        "evt": public_id("evt", event.key),
        "snk": Channel.objects.create(name="ops", address="https://example.org/in").public_id,
        "key": token.public_id,
        "blk": bulk.public_id,
        "cause": execution.cause,
    }
