"""Where an execution stands and why, in one or two sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from dashboard import values, words
from dashboard.templatetags.words import ago, at, lasted, until
from executions.ids import public_id
from executions.journal.decided import Call, Child, Listening, prefix_of_child
from executions.journal.paths import ancestors
from executions.models import Execution, Stall, Step, in_line
from executions.models.away import Away
from executions.states import Phase, Runner, StepStatus, WaitingFor

_MOST_NAMED = 4
_LONGEST_PROMPT = 200
_FOR: dict[str, str] = {
    WaitingFor.DECISION: "your decision",
    WaitingFor.FUNCTION_PROCESS: "a free function process",
    WaitingFor.BUDGET: "the budget of its owner for this day",
}
_LONGEST_KEY = 60
_AGAIN = {StepStatus.RETRYING, StepStatus.WAITING}


def stands(
    execution: Execution,
    steps: Sequence[Step],
    *,
    has_workers: bool = True,
    unheard: str = "",
    away: Away | None = None,
    stall: Stall | None = None,
) -> str:
    """Safe to show: only this module writes markup.

    ``steps``: those that are open or stopped it, innermost first; of a run that completed, those
    that were skipped. ``has_workers``: whether a worker of ours is alive; ``unheard`` says why none
    is heard of though one may be. ``away``: the host for which it waits. ``stall``: an attempt that
    shows no progress.
    """
    if away is not None:
        return _for_host(away)
    said = _stands(execution, steps)
    if stall is not None:
        said = format_html("{} {}", said, _stalled(stall))
    timed = execution.phase == Phase.WAITING and execution.wake_at is not None
    wants_a_worker = timed or execution.phase in (Phase.PENDING, Phase.IN_PROGRESS)
    if not wants_a_worker or execution.runner == Runner.EXTERNAL:
        return said
    if has_workers:
        is_told = unheard and not _is_finished_by_a_drained_worker(execution)
        return format_html("{} {}.", said, unheard) if is_told else said
    return format_html(
        "{} No worker is alive: nothing goes on before one is started (<code>{}</code>).",
        said,
        "stigmer worker",
    )


def _is_finished_by_a_drained_worker(execution: Execution) -> bool:
    """Whether the process that drives it takes nothing new, and goes on with this."""
    process = execution.process
    return process is not None and process.dead_at is None and process.drained_at is not None


def _stalled(stall: Stall) -> str:
    said = format_html(
        "Attempt {} of <strong>{}</strong> has shown no progress for {}; its limit ends it {}.",
        stall.number,
        stall.step.name,
        lasted(stall.began_at, None),
        until(stall.ends_at),
    )
    if stall.quiet_until is None or not stall.is_quiet:
        return said
    again = until(stall.quiet_until)
    return format_html("{} Its owner waits on, and is told again {}.", said, again)


def _for_host(away: Away) -> str:
    heard = format_html(" It was heard of {}.", ago(away.heard_at)) if away.heard_at else ""
    return format_html("{}{} It goes on as soon as one starts there.", away.told(), heard)


def _stands(execution: Execution, steps: Sequence[Step]) -> str:
    say = {
        Phase.PENDING: _pending,
        Phase.IN_PROGRESS: _running,
        Phase.WAITING: _waiting,
        Phase.PAUSED: _paused,
        Phase.COMPLETED: _completed,
        Phase.FAILED: _failed,
    }.get(Phase(execution.phase), _stopped)
    return say(execution, steps)


def _step(execution: Execution, steps: Sequence[Step], *statuses: str) -> tuple[Step | None, str]:
    found = next((step for step in steps if step.status in statuses), None)
    return found, found.name if found else words.last_name(execution.current_step)


def _pending(execution: Execution, steps: Sequence[Step]) -> str:
    if execution.runner == Runner.EXTERNAL:
        return _silence(execution) or "Accepted. It begins when its external runner says so."
    return "Ready to go on. It starts as soon as a worker has a free slot."


def _silence(execution: Execution) -> str:
    """That its external runner says nothing; empty where it speaks, or where we drive."""
    if not execution.is_runner_silent():
        return ""
    if execution.runner_heard_at is None:
        return (
            "Its external runner has said nothing yet, for longer than it may. Nobody else drives"
            " this."
        )
    heard = ago(execution.runner_heard_at)
    return format_html(
        "Its external runner fell silent, last heard {}. Nobody else drives this.", heard
    )


def _leaves(steps: Sequence[Step], *statuses: str) -> list[Step]:
    """Those of these statuses that have none of them below: more than one where branches have."""
    wanted = [step for step in steps if step.status in statuses]
    around = {above for step in wanted for above in ancestors(step.path)}
    return [step for step in wanted if step.path not in around]


def _listed(parts: Sequence[str], rest: int = 0) -> str:
    """Safe parts as a list in words, the last after "and"; ``rest`` more are only counted."""
    shown = [*parts, *([format_html("{} more", rest)] if rest else [])]
    *firsts, last = shown
    if not firsts:
        return last
    return format_html("{} and {}", format_html_join(", ", "{}", ((e,) for e in firsts)), last)


def _names(steps: Sequence[Step]) -> str:
    """The names of these steps, the first few of them."""
    shown = [format_html("<strong>{}</strong>", step.name) for step in steps[:_MOST_NAMED]]
    return _listed(shown, max(0, len(steps) - _MOST_NAMED))


def _running(execution: Execution, steps: Sequence[Step]) -> str:
    if silence := _silence(execution):
        return silence
    if execution.process is not None and execution.process.dead_at is not None:
        who = _worker(execution).capitalize()
        return format_html("{} ended while it drove this. Another worker takes it over.", who)
    step, name = _step(execution, steps, StepStatus.RUNNING, StepStatus.RETRYING)
    if place := in_line.place(steps):
        return _in_line(place)
    asked = (
        " It will stop at the next boundary: cancelling was asked for."
        if execution.cancel_asked_at
        else ""
    )
    if not name:
        return format_html("Running on {}.{}", _worker(execution), asked)
    if len(several := _leaves(steps, StepStatus.RUNNING)) > 1:
        return format_html(
            "Running steps {} at the same time on {}.{}", _names(several), _worker(execution), asked
        )
    attempt = format_html(", attempt {}", step.attempt) if step and step.attempt > 1 else ""
    return format_html(
        "Running step <strong>{}</strong>{} on {}.{}", name, attempt, _worker(execution), asked
    )


def _in_line(place: in_line.Place) -> str:
    """Nothing of it runs; the line is that of the whole installation."""
    line = place.line
    others = format_html(
        " {} runs wait for one, the longest for {}.", line.words(), lasted(line.since, None)
    )
    return format_html(
        "Step <strong>{}</strong> has waited {} for a free function process. It has not begun, "
        "and no time limit runs meanwhile.{}",
        place.step.name,
        lasted(place.since, None),
        others if line.length > 1 else "",
    )


def _for_child(steps: Sequence[Step], name: str) -> str:
    child = next(
        (
            public_id(prefix_of_child(step.arguments), key)
            for step in steps
            if step.waiting_for == WaitingFor.CHILD and (key := Child.of(step).child)
        ),
        None,
    )
    if child is None:
        return format_html("Step <strong>{}</strong> waits for another run.", name)
    href = reverse("execution", args=[child])
    return format_html(
        'Step <strong>{}</strong> waits for the run <a href="{}">{}</a>.', name, href, child
    )


def _waiting(execution: Execution, steps: Sequence[Step]) -> str:
    if silence := _silence(execution):
        return silence
    step, name = _step(execution, steps, *_AGAIN)
    if len(several := _leaves(steps, *_AGAIN)) > 1:
        return _waiting_in_branches(several)
    if place := in_line.place(steps):
        return _in_line(place)
    if execution.waits_for(WaitingFor.CHILD):
        return _for_child(steps, name)
    listening = [each for each in steps if each.waiting_for == WaitingFor.EVENT]
    if execution.waits_for(WaitingFor.EVENT) and listening:
        return _listening(listening[0])
    asking = next((each for each in steps if each.waiting_for == WaitingFor.ANSWER), None)
    if asking and (said := _asking(asking)):
        return said
    when = step.wake_at if step and step.wake_at else execution.wake_at
    if step and step.status == StepStatus.RETRYING and when:
        failed = words.count(_failures(step), "time")
        return format_html(
            "Step <strong>{}</strong> failed {}. Next attempt {}.", name, failed, until(when)
        )
    if when:
        return format_html(
            "Waiting at step <strong>{}</strong>. It goes on {}.", name or "–", until(when)
        )
    return format_html(
        "Waiting at step <strong>{}</strong> for {}.",
        name or "–",
        execution.waiting_for or "something",
    )


def _waiting_in_branches(steps: Sequence[Step]) -> str:
    """What each branch waits for, the first few of them."""
    said = [_waits(step) for step in steps[:_MOST_NAMED]]
    rest = max(0, len(steps) - _MOST_NAMED)
    return format_html("Waits in {} branches: {}.", len(steps), _listed(said, rest))


def _waits(step: Step) -> str:
    name = format_html("<strong>{}</strong>", step.name)
    if step.status == StepStatus.RETRYING and step.wake_at:
        return format_html("{} is tried again {}", name, until(step.wake_at))
    if step.waiting_for == WaitingFor.EVENT:
        return format_html("{} listens {}", name, _filters(step))
    if step.waiting_for in (WaitingFor.TIMER, WaitingFor.BACK_OFF) and step.wake_at:
        return format_html("{} goes on {}", name, until(step.wake_at))
    return format_html("{} waits for {}", name, _FOR.get(step.waiting_for) or step.waiting_for)


def _listening(step: Step) -> str:
    """What it listens to, and how many events it has taken."""
    heard = len(Listening.of(step).heard or ())
    taken = f" It has taken {words.count(heard, 'event')}." if heard else ""
    when = format_html(" It stops listening {}.", until(step.wake_at)) if step.wake_at else ""
    return format_html(
        "Step <strong>{}</strong> listens {}.{}{}", step.name, _filters(step), taken, when
    )


def _filters(step: Step) -> str:
    """Which events, with the values that they have to have."""
    arguments = step.arguments if isinstance(step.arguments, dict) else {}
    filters = [each for each in arguments.get("filters", ()) if isinstance(each, dict)]
    shown = [_filter(each) for each in filters[:_MOST_NAMED]]
    if len(filters) > _MOST_NAMED:
        shown.append(format_html("{}", words.count(len(filters) - _MOST_NAMED, "other")))
    return format_html_join("; ", "{}", ((each,) for each in shown)) or "for any event"


def _filter(wanted: dict[str, Any]) -> str:
    kind = values.plain(str(wanted.get("type") or ""))[:_LONGEST_PROMPT]
    known = [(key[1:].replace("/", "."), value) for key, value in wanted["equal"].items()]
    known += [(n, r["expect"]) for n, r in wanted["correlate"].items() if "expect" in r]
    pairs = [
        (key[:_LONGEST_KEY], values.plain(str(value))[:_LONGEST_KEY])
        for key, value in known[:_MOST_NAMED]
    ]
    where = format_html_join(", ", "<bdi>{}</bdi> = <bdi>{}</bdi>", pairs)
    what = format_html("for <bdi>{}</bdi>", kind) if kind else format_html("for any event")
    return format_html("{} with {}", what, where) if pairs else what


def _asking(step: Step) -> str:
    """Whom it asks what, and until when; empty where its question is not at hand."""
    ask = next(iter(step.asks.all()), None)
    if ask is None:
        return ""
    users = sorted(user.get_username() for user in ask.users.all())
    names = users + sorted(group.name for group in ask.groups.all())
    shown = [format_html("<bdi>{}</bdi>", name) for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        shown.append(format_html("{}", words.count(len(names) - _MOST_NAMED, "other")))
    *firsts, last = shown or [format_html("an administrator")]
    before = format_html_join(", ", "{}", ((each,) for each in firsts))
    who = format_html("{} or {}", before, last) if firsts else last
    not_owner = " (not of who started it)" if ask.is_four_eyes else ""
    prompt = values.said(ask, ask.prompt)
    return format_html(
        "Waits for an answer of {}{} until {} ({}). Step <strong>{}</strong> asks:"
        " <q><bdi>{}</bdi></q>",
        who,
        not_owner,
        at(ask.expires_at),
        until(ask.expires_at),
        step.name,
        prompt if len(prompt) <= _LONGEST_PROMPT else f"{prompt[: _LONGEST_PROMPT - 1]}…",
    )


def _paused(execution: Execution, steps: Sequence[Step]) -> str:
    return "Paused by a person. Nothing runs until someone resumes it."


def _completed(execution: Execution, steps: Sequence[Step]) -> str:
    took = lasted(execution.started_at or execution.created_at, execution.ended_at)
    done = (
        "is finished or was skipped"
        if any(step.status == StepStatus.SKIPPED for step in steps)
        else "is finished"
    )
    return format_html("Completed in {}. Every step {}.", took, done)


def _failed(execution: Execution, steps: Sequence[Step]) -> str:
    step, name = _step(execution, steps, StepStatus.FAILED)
    tries = format_html(" after {}", words.count(step.attempt, "attempt")) if step else ""
    person = " A person has to look at it." if execution.requires_manual_intervention else ""
    skip = ", or skip it" if any(each.optional for each in steps) else ""
    if not name:
        return format_html("Failed before any step could run.{}", person)
    if len(several := _leaves(steps, StepStatus.FAILED)) > 1:
        return format_html(
            "Failed at steps {}, in branches beside each other.{} Next: retry them{}, or recover"
            " from the last checkpoint. What their siblings did stays.",
            _names(several),
            person,
            skip,
        )
    return format_html(
        "Failed at step <strong>{}</strong>{}.{} Next: retry the step{}, or recover from the last"
        " checkpoint.",
        name,
        tries,
        person,
        skip,
    )


def _stopped(execution: Execution, steps: Sequence[Step]) -> str:
    word = words.phase_look(execution.phase).word
    return format_html("{}. Steps that were finished stay finished; nothing more runs.", word)


def _failures(step: Step) -> int:
    """How often a step that waits for its next attempt has failed since its counters began."""
    failures = Call.of(step).failures
    return max(1, step.attempt - 1) if failures is None else failures


def _worker(execution: Execution) -> str:
    process = execution.process
    if execution.runner == Runner.EXTERNAL:
        return "an external runner"
    return f"{process.kind} {process.pid} at {process.host}" if process else "a worker"
