"""The state of an execution and its reason, in one or two sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard import awaiting, words
from dashboard.listed import leaves, names, one_after_the_other
from dashboard.templatetags.words import ago, lasted, until
from executions.journal.decided import Call
from executions.models import Execution, Stall, Step, in_line
from executions.models.away import Away
from executions.states import Phase, Runner, StepStatus, WaitingFor

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
        return format_html("{} {}.", said, words.translated(unheard)) if is_told else said
    nobody = format_html(
        _("No worker is alive: nothing goes on before one is started (<code>{command}</code>)."),
        command="stigmer worker",
    )
    return one_after_the_other(said, nobody)


def _is_finished_by_a_drained_worker(execution: Execution) -> bool:
    """Whether the process that drives it takes nothing new, and goes on with this."""
    process = execution.process
    return process is not None and process.dead_at is None and process.drained_at is not None


def _stalled(stall: Stall) -> str:
    said = format_html(
        _(
            "Attempt {attempt} of <strong>{step}</strong> has shown no progress for {span}; its"
            " limit ends it {when}."
        ),
        attempt=stall.number,
        step=stall.step.name,
        span=lasted(stall.began_at, None),
        when=until(stall.ends_at),
    )
    if stall.quiet_until is None or not stall.is_quiet:
        return said
    again = until(stall.quiet_until)
    waits_on = format_html(_("Its owner waits on, and is told again {when}."), when=again)
    return one_after_the_other(said, waits_on)


def _for_host(away: Away) -> str:
    heard = (
        format_html(_("It was heard of {when}."), when=ago(away.heard_at)) if away.heard_at else ""
    )
    goes_on = _("It goes on as soon as one starts there.")
    return one_after_the_other(words.translated(away.told()), heard, goes_on)


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
    first = next((step for step in steps if step.status in statuses), None)
    return first, first.name if first else words.last_name(execution.current_step)


def _pending(execution: Execution, steps: Sequence[Step]) -> str:
    if execution.runner == Runner.EXTERNAL:
        return _silence(execution) or _("Accepted. It begins when its external runner says so.")
    return _("Ready to go on. It starts as soon as a worker has a free slot.")


def _silence(execution: Execution) -> str:
    """That its external runner says nothing; empty where it speaks, or where we drive."""
    if not execution.is_runner_silent():
        return ""
    if execution.runner_heard_at is None:
        return _(
            "Its external runner has said nothing yet, for longer than it may. Nobody else drives"
            " this."
        )
    return format_html(
        _("Its external runner fell silent, last heard {when}. Nobody else drives this."),
        when=ago(execution.runner_heard_at),
    )


def _running(execution: Execution, steps: Sequence[Step]) -> str:
    if silence := _silence(execution):
        return silence
    if execution.process is not None and execution.process.dead_at is not None:
        who = _worker(execution).capitalize()
        return format_html(
            _("{worker} ended while it drove this. Another worker takes it over."), worker=who
        )
    step, name = _step(execution, steps, StepStatus.RUNNING, StepStatus.RETRYING)
    if place := in_line.place(steps):
        return awaiting.stands_in_line(place)
    asked = (
        _("It will stop at the next boundary: cancelling was asked for.")
        if execution.cancel_asked_at
        else ""
    )
    return one_after_the_other(_runs(execution, steps, step, name), asked)


def _runs(execution: Execution, steps: Sequence[Step], step: Step | None, name: str) -> str:
    """The steps of it that run, and their worker."""
    worker = _worker(execution)
    if not name:
        return format_html(_("Running on {worker}."), worker=worker)
    if len(several := leaves(steps, StepStatus.RUNNING)) > 1:
        return format_html(
            _("Running steps {steps} at the same time on {worker}."),
            steps=names(several),
            worker=worker,
        )
    if step and step.attempt > 1:
        return format_html(
            _("Running step <strong>{step}</strong>, attempt {attempt} on {worker}."),
            step=name,
            attempt=step.attempt,
            worker=worker,
        )
    return format_html(
        _("Running step <strong>{step}</strong> on {worker}."), step=name, worker=worker
    )


def _waiting(execution: Execution, steps: Sequence[Step]) -> str:
    if silence := _silence(execution):
        return silence
    step, name = _step(execution, steps, *_AGAIN)
    if len(several := leaves(steps, *_AGAIN)) > 1:
        return awaiting.in_branches(several)
    if place := in_line.place(steps):
        return awaiting.stands_in_line(place)
    if execution.waits_for(WaitingFor.CHILD):
        return awaiting.for_child(steps, name)
    listening = [each for each in steps if each.waiting_for == WaitingFor.EVENT]
    if execution.waits_for(WaitingFor.EVENT) and listening:
        return awaiting.listening(listening[0])
    asking = next((each for each in steps if each.waiting_for == WaitingFor.ANSWER), None)
    if asking and (said := awaiting.asking(asking)):
        return said
    when = step.wake_at if step and step.wake_at else execution.wake_at
    if step and step.status == StepStatus.RETRYING and when:
        failures = _failures(step)
        return format_html(
            ngettext(
                "Step <strong>{step}</strong> failed {number} time. Next attempt {when}.",
                "Step <strong>{step}</strong> failed {number} times. Next attempt {when}.",
                failures,
            ),
            step=name,
            number=failures,
            when=until(when),
        )
    if when:
        return format_html(
            _("Waiting at step <strong>{step}</strong>. It goes on {when}."),
            step=name or "–",
            when=until(when),
        )
    kinds = [_(kind) for kind in WaitingFor.apart(execution.waiting_for)]
    return format_html(
        _("Waiting at step <strong>{step}</strong> for {what}."),
        step=name or "–",
        what=WaitingFor.joined(kinds) or _("something"),
    )


def _paused(execution: Execution, steps: Sequence[Step]) -> str:
    return _("Paused by a person. Nothing runs until someone resumes it.")


def _completed(execution: Execution, steps: Sequence[Step]) -> str:
    took = lasted(execution.started_at or execution.created_at, execution.ended_at)
    if any(step.status == StepStatus.SKIPPED for step in steps):
        said = _("Completed in {span}. Every step is finished or was skipped.")
    else:
        said = _("Completed in {span}. Every step is finished.")
    return format_html(said, span=took)


def _failed(execution: Execution, steps: Sequence[Step]) -> str:
    step, name = _step(execution, steps, StepStatus.FAILED)
    person = _("A person has to look at it.") if execution.requires_manual_intervention else ""
    if not name:
        return one_after_the_other(_("Failed before any step could run."), person)
    can_skip = any(each.optional for each in steps)
    if len(several := leaves(steps, StepStatus.FAILED)) > 1:
        failed = format_html(
            _("Failed at steps {steps}, in branches beside each other."), steps=names(several)
        )
        stays = _("The work of their siblings stays.")
        return one_after_the_other(failed, person, _next_of_branches(can_skip), stays)
    return one_after_the_other(_failed_at(step, name), person, _next(can_skip))


def _failed_at(step: Step | None, name: str) -> str:
    if step is None:
        return format_html(_("Failed at step <strong>{step}</strong>."), step=name)
    return format_html(
        ngettext(
            "Failed at step <strong>{step}</strong> after {number} attempt.",
            "Failed at step <strong>{step}</strong> after {number} attempts.",
            step.attempt,
        ),
        step=name,
        number=step.attempt,
    )


def _next(can_skip: bool) -> str:
    if can_skip:
        return _("Next: retry the step, or skip it, or recover from the last checkpoint.")
    return _("Next: retry the step, or recover from the last checkpoint.")


def _next_of_branches(can_skip: bool) -> str:
    if can_skip:
        return _("Next: retry them, or skip it, or recover from the last checkpoint.")
    return _("Next: retry them, or recover from the last checkpoint.")


def _stopped(execution: Execution, steps: Sequence[Step]) -> str:
    word = words.phase_look(execution.phase).word
    return format_html(
        _("{phase}. Steps that were finished stay finished; nothing more runs."), phase=word
    )


def _worker(execution: Execution) -> str:
    process = execution.process
    if execution.runner == Runner.EXTERNAL:
        return _("an external runner")
    if process is None:
        return _("a worker")
    said = _("{kind} {pid} at {host}")
    return said.format(kind=process.kind, pid=process.pid, host=process.host)


def _failures(step: Step) -> int:
    """How often a step that waits for its next attempt has failed since its counters began."""
    failures = Call.of(step).failures
    return max(1, step.attempt - 1) if failures is None else failures
