"""Replays of finished runs of agents: read from the database, nothing is called or written."""

from __future__ import annotations

import dataclasses
from typing import Any

from executions.agents.paths import START
from executions.agents.program import AgentProgram, program
from executions.agents.replaying import Difference, Replayed, Replaying
from executions.agents.tools import ToolUnusable, wanted_servers
from executions.calls.python.functions import FunctionNotUsable
from executions.driving import surroundings
from executions.driving.agents import starts_with, surroundings_of
from executions.driving.lease import load_records
from executions.driving.store import Here
from executions.driving.stored_values import digest_of
from executions.driving.tools_of_servers import known_tools
from executions.driving.versions import parsed_for, with_own_workspace
from executions.errors import Refused
from executions.intake.agents import parse
from executions.models import AgentVersion, Execution
from executions.states import ENDED_PHASES, Phase, Runner


def replay(execution: Execution, *, number: int | None = None, text: str = "") -> Replayed:
    """Walk a run that has ended again, as its own version of the agent, as the version of this
    ``number``, or as a ``text`` that is not applied yet.

    Raises Refused, DefinitionError.
    """
    if execution.kind != "agent" or execution.runner != Runner.OURS:
        raise Refused("conflict", "Only a run of an agent that Stigmer drives can be replayed.")
    if execution.phase not in ENDED_PHASES:
        raise Refused(
            "conflict",
            f"It is {execution.phase}; only a run that has ended can be replayed.",
            state=execution.phase,
        )
    records = load_records(execution.pk)
    recorded = next((each for each in records if each.path == START and each.is_finished()), None)
    if recorded is None or recorded.output is None:
        raise Refused("conflict", "The run never began, so there is nothing to replay.")
    own, new = _programs(execution, number, text)
    start = recorded.output
    if new is not own:
        try:
            servers = known_tools(wanted_servers(new.agent))
            start = starts_with(execution, new.agent, servers)
        except (ToolUnusable, FunctionNotUsable, Refused) as problem:
            said = problem.text if isinstance(problem, Refused) else str(problem)
            return Replayed(differences=[Difference(START, f"It would not start: {said}")])
        start |= {"goes_on_from": recorded.output.get("goes_on_from")}
    secrets = surroundings.secrets_for(execution.pk, new, None)
    facts = surroundings.facts_for(execution, new, {}, secrets)

    def given(begin: Any) -> Any:
        read = surroundings_of(Here(), execution, secrets.redact, begin)
        # The values that are kept beside the steps are there already.
        return dataclasses.replace(read, keep=digest_of)

    is_complete = execution.phase == Phase.COMPLETED
    replaying = Replaying(records, new, facts, start, given, is_complete=is_complete)
    return replaying.run(execution.output)


def _programs(
    execution: Execution, number: int | None, text: str
) -> tuple[AgentProgram, AgentProgram]:
    """The agent as the run had it, and as it is asked about. Raises Refused, DefinitionError."""
    own = parsed_for(execution).workflow
    assert isinstance(own, AgentProgram)
    if text:
        return own, _asked(program(parse(text).document), execution)
    if number is None:
        return own, own
    version = AgentVersion.objects.filter(agent=execution.agent_id, number=number).first()
    if version is None:
        raise Refused("not_found", f"The agent has no version {number}.")
    if version.pk == execution.agent_version_id:
        return own, own
    return own, _asked(program(version.document), execution)


def _asked(other: AgentProgram, execution: Execution) -> AgentProgram:
    program = with_own_workspace(other, execution)
    assert isinstance(program, AgentProgram)
    return program
