"""Everything that people are told about an execution: one member an event, from which every door
derives.

A member says how it is told: its title and tone on pages and in the inbox, its mark and sentence in
the command's history, and who finds it in the inbox. ``str(member)`` is the name that is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from executions.states import Tone


class Told(StrEnum):
    """The people who find the event in the inbox."""

    NOBODY = "nobody"
    OWNER = "the owner"
    OWNER_IF_ANOTHER = "the owner, where another person did it"


@dataclass(frozen=True, slots=True)
class Words:
    """How an event is told.

    ``sentence`` may name parts of the payload in braces; what is missing is left out.

    ``once`` is the title where a step was tried only once. ``is_about_a_step``: the command does
    not tell of the step again.
    """

    title: str
    tone: Tone
    mark: str
    sentence: str
    told: Told = Told.NOBODY
    once: str = ""
    is_about_a_step: bool = False


class EventName(StrEnum):
    """The events of an execution, by the names that are stored and sent."""

    words: Words

    def __new__(cls, name: str, words: Words) -> EventName:
        member = str.__new__(cls, name)
        member._value_ = name
        member.words = words
        return member

    STARTED = "WORKFLOW_STARTED", Words("Started", Tone.BUSY, "▶", "started")
    STEP_RETRYING = (
        "WORKFLOW_STEP_RETRYING",
        Words(
            "Step failed, trying again",
            Tone.WARN,
            "↻",
            "attempt {attempt} failed[ ({rule})], next one in {delay_seconds} s",
        ),
    )
    STEP_FAILED = (
        "WORKFLOW_STEP_FAILED",
        Words(
            "Step failed after multiple attempts",
            Tone.BAD,
            "✗",
            "failed[: {reason}]",
            told=Told.OWNER,
            once="Step failed",
            is_about_a_step=True,
        ),
    )
    RECOVERED = (
        "WORKFLOW_RECOVERED",
        Words(
            "Workflow recovered",
            Tone.GOOD,
            "↺",
            "recovered from the last checkpoint[, goes on with version {version}]",
            told=Told.OWNER,
        ),
    )
    RECOVERY_FAILED = (
        "WORKFLOW_RECOVERY_FAILED",
        Words(
            "Recovery failed, a person is needed",
            Tone.BAD,
            "✗",
            "recovery failed[: {reason}]",
            told=Told.OWNER,
        ),
    )
    RETRIED = "WORKFLOW_RETRIED", Words("Retry asked for", Tone.BUSY, "↺", "retry")
    STEP_AMENDED = (
        "WORKFLOW_STEP_AMENDED",
        Words(
            "A result was changed",
            Tone.WARN,
            "↺",
            "the result of a call was changed",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    RESTORED = (
        "WORKFLOW_RESTORED",
        Words(
            "Restored to a checkpoint",
            Tone.WARN,
            "↺",
            "restored to an earlier checkpoint",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    WORKSPACE_REMADE = (
        "WORKFLOW_WORKSPACE_REMADE",
        Words(
            "Its workspace is made again",
            Tone.WARN,
            "↺",
            "the workspace on {host} is made again elsewhere[: {reason}]",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    FORKED = (
        "WORKFLOW_FORKED",
        Words(
            "Forked from a checkpoint", Tone.BUSY, "↺", "forked from a checkpoint of {forked_from}"
        ),
    )
    RESTORE_UNDONE = (
        "WORKFLOW_RESTORE_UNDONE",
        Words(
            "Restore undone",
            Tone.WARN,
            "↺",
            "the restore was undone",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    TAKEN_BACK = (
        "WORKFLOW_DECISION_TAKEN_BACK",
        Words(
            "Decision taken back",
            Tone.WARN,
            "↺",
            "the decision was taken back before anything came of it",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    OVERRIDDEN = (
        "WORKFLOW_OVERRIDDEN",
        Words(
            "State overridden by an administrator",
            Tone.WARN,
            "!",
            "overridden[: {after}]",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    STEP_SKIPPED = (
        "WORKFLOW_STEP_SKIPPED",
        Words("Step skipped", Tone.IDLE, "»", "skipped", is_about_a_step=True),
    )
    STALLED = (
        "WORKFLOW_STEP_STALLED",
        Words(
            "A step shows no progress",
            Tone.WARN,
            "?",
            "attempt {attempt} has shown no progress for {seconds} s",
            told=Told.OWNER,
        ),
    )
    KEPT_WAITING = (
        "WORKFLOW_KEPT_WAITING",
        Words("Somebody waits on", Tone.IDLE, "…", "somebody waits on"),
    )
    BROKEN_OFF = (
        "WORKFLOW_ATTEMPT_BROKEN_OFF",
        Words(
            "An attempt is broken off",
            Tone.WARN,
            "↺",
            "the attempt that showed no progress is broken off",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    NEEDS_DECISION = (
        "WORKFLOW_NEEDS_DECISION",
        Words(
            "A person has to decide",
            Tone.WARN,
            "?",
            "needs a decision: nobody knows whether it happened",
            told=Told.OWNER,
        ),
    )
    ASKED = (
        "WORKFLOW_ASKED",
        Words("Somebody has to answer", Tone.WARN, "?", "asks[: {prompt}]"),
    )
    ANSWERED = (
        "WORKFLOW_ANSWERED",
        Words(
            "A person answered", Tone.BUSY, "↺", "answered[: {outcome}]", told=Told.OWNER_IF_ANOTHER
        ),
    )
    LATE_ANSWER = (
        "WORKFLOW_ANSWER_CAME_LATE",
        Words(
            "An answer came late and is kept for your decision",
            Tone.WARN,
            "?",
            "attempt {attempt} {outcome}; its answer came late and is kept for the decision",
            told=Told.OWNER,
        ),
    )
    DECIDED = (
        "WORKFLOW_DECIDED",
        Words("A person decided", Tone.BUSY, "↺", "decided[: {choice}]"),
    )
    ACKNOWLEDGED = (
        "WORKFLOW_FAILURE_ACKNOWLEDGED",
        Words(
            "Somebody knows of the failure",
            Tone.IDLE,
            "✓",
            "acknowledged[: {reason}]",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    SECOND_PERSON_ASKED = (
        "WORKFLOW_SECOND_PERSON_ASKED",
        Words(
            "A second person has to agree",
            Tone.WARN,
            "⚖",
            "{verb} waits for a second person[: {reason}]",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    SECOND_PERSON_ANSWERED = (
        "WORKFLOW_SECOND_PERSON_ANSWERED",
        Words(
            "Request for a second person ended",
            Tone.IDLE,
            "⚖",
            "{verb} {outcome}[: {reason}]",
            told=Told.OWNER_IF_ANOTHER,
        ),
    )
    IMPORTED = (
        "WORKFLOW_IMPORTED",
        Words("Imported from a file", Tone.IDLE, "↓", "imported[: it was {from}]"),
    )
    COMPLETED = "WORKFLOW_COMPLETED", Words("Completed", Tone.GOOD, "✓", "completed")
    CANCELLED = "WORKFLOW_CANCELLED", Words("Cancelled", Tone.IDLE, "■", "cancelled")
    PAUSED = "WORKFLOW_PAUSED", Words("Paused", Tone.WARN, "‖", "paused")
    RESUMED = "WORKFLOW_RESUMED", Words("Resumed", Tone.BUSY, "▶", "resumed")
    TERMINATED = "WORKFLOW_TERMINATED", Words("Terminated", Tone.IDLE, "■", "terminated")
    RUNNER_SILENT = (
        "WORKFLOW_RUNNER_SILENT",
        Words(
            "Its external runner is silent",
            Tone.WARN,
            "?",
            "its external runner is silent",
            told=Told.OWNER,
        ),
    )
    SCHEDULE_PAUSED = (
        "WORKFLOW_SCHEDULE_PAUSED",
        Words(
            "Its schedule was paused",
            Tone.WARN,
            "‖",
            "its schedule {schedule} was paused[: {reason}]",
            told=Told.OWNER,
        ),
    )
    FOUND_LOST = (
        "WORKFLOW_FOUND_LOST",
        Words(
            "Found without anyone who drives it; put back to work",
            Tone.WARN,
            "!",
            "found lost and put back to work[: {why}]",
        ),
    )

    def tells_owner(self, actor_id: int | None, owner_id: int) -> bool:
        """Whether the owner finds it in the inbox."""
        audience = self.words.told
        return audience is Told.OWNER or (
            audience is Told.OWNER_IF_ANOTHER and actor_id != owner_id
        )


_BY_NAME = {str(event): event for event in EventName}


def known(name: str) -> EventName | None:
    """The event of this name; None for one that a newer or older version wrote."""
    return _BY_NAME.get(name)


def title_of(name: str, payload: Any = None) -> str:
    """The event as a title: its own words, else the words of its name."""
    event = known(name)
    if event is None:
        return name.replace("_", " ").capitalize()
    tried_once = isinstance(payload, Mapping) and payload.get("attempts") == 1
    return event.words.once if event.words.once and tried_once else event.words.title
