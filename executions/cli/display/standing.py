"""The state of a run and what can be done about it, in the words of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executions.cli.display.words import clock, count, plain, step_of
from executions.states import ENDED_PHASES, Runner, WaitingFor

Run = Mapping[str, Any]


def sentence(run: Run) -> str:
    """One line about a run as the API shows it."""
    status = run["status"]
    phase = status["phase"]
    at = f" at {step_of(status['current_step'])}" if status["current_step"] else ""
    if standing := status.get("function_line"):
        return f"{phase} at {step_of(standing['step'])}. {plain(standing['told'])}"
    if host := status.get("waits_for_host"):
        return f"{phase}{at}: waits for the host {plain(host)}, which holds its workspace"
    match phase:
        case "FAILED":
            tries = status["retry_count"]
            after = f" after {count(tries, 'retry').replace('retrys', 'retries')}" if tries else ""
            return f"FAILED{at}{after}: {plain(status['failure_reason'])}"
        case "IN_PROGRESS" if status["cancel_asked"]:
            return f"IN_PROGRESS{at}; it stops at the next boundary"
        case "IN_PROGRESS":
            return f"IN_PROGRESS{at}"
        case "WAITING" if status["waiting_for"] == WaitingFor.FUNCTION_PROCESS:
            return f"WAITING{at} for a free function process"
        case "WAITING" if status["waiting_for"] == WaitingFor.CHILD:
            return f"WAITING{at} for another run"
        case "WAITING" if status["waiting_for"] == WaitingFor.EVENT:
            return f"WAITING{at} for an event"
        case "WAITING" if status["wake_at"]:
            return f"WAITING{at} until {clock(status['wake_at'])}"
        case "WAITING" if late := status.get("late_answer"):
            return f"WAITING{at} for a decision. {plain(late['told'])}"
        case "WAITING":
            return f"WAITING{at} for {plain(status['waiting_for'] or 'something')}"
        case _ if status.get("runner_silent"):
            last_report = (
                f", last heard {clock(status['runner_heard_at'])}"
                if status.get("runner_heard_at")
                else ""
            )
            return f"{phase}: its external runner is silent{last_report}"
        case "PENDING" if run.get("spec", {}).get("runner") == Runner.EXTERNAL:
            return "PENDING until its external runner begins"
        case "PENDING":
            return "PENDING until a worker takes it"
    return str(phase)


def _with_late_answer(status: Mapping[str, Any]) -> str:
    late = status.get("late_answer")
    if late is None or not late["succeeded"]:
        return "it happened: go on"
    return "it happened: go on with the answer that came late"


def next_commands(run: Run, *, may_skip: bool = False) -> list[tuple[str, str]]:
    """The verbs that can be used now: the command and what it does."""
    run_id, status = run["metadata"]["id"], run["status"]
    phase = status["phase"]
    waits_for = WaitingFor.apart(status["waiting_for"])
    if WaitingFor.DECISION in waits_for and phase == "WAITING":
        return [
            (f"stigmer decide {run_id} run-again", "run the step again"),
            (f"stigmer decide {run_id} mark-done", _with_late_answer(status)),
            (f"stigmer decide {run_id} fail", "let it fail"),
        ]
    if phase == "FAILED":
        skip = (
            [(f"stigmer skip {run_id}", "go on without it: the step is optional")]
            if may_skip
            else []
        )
        mended = (
            f"stigmer recover {run_id} --onto VERSION",
            "go on with a mended version; --dry-run shows how",
        )
        return [
            (f"stigmer retry {run_id}", "try the failed step again"),
            *skip,
            (
                f"stigmer recover {run_id}",
                "verify the checkpoints first, then go on from the last one",
            ),
            *([mended] if run_id.startswith("wex-") else []),
        ]
    if status.get("waits_for_host"):
        return [
            (f"stigmer remake-workspace {run_id}", "make its workspace again on another host"),
            (f"stigmer cancel {run_id}", "stop it"),
        ]
    if phase == "PAUSED":
        return [(f"stigmer resume {run_id}", "go on")]
    if phase not in ENDED_PHASES:
        return [(f"stigmer logs -f {run_id}", "follow it"), (f"stigmer cancel {run_id}", "stop it")]
    return []
