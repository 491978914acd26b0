"""The verbs for a run: one command for each row of ``executions.verbs``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from executions.cli.asking import confirm
from executions.cli.commands.deciding import Audited, Reason, Seq, follow_on, said, seen_at
from executions.cli.commands.proposals import is_proposal, show_proposal
from executions.cli.commands.remote import AsText, talks
from executions.cli.commands.runs import ExecutionId, Follow
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client
from executions.states import Phase
from executions.verbs import row
from executions.verbs.row import Answer, Argument, Kind, Verb
from executions.verbs.rows import VERBS, with_commands

# By the names of the parameters that do not belong to one verb alone.
_DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")]
_YES = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def commands() -> dict[str, Callable[..., None]]:
    """By name; a verb that takes another one back is that one's ``--undo``."""
    return {verb.slug: command_of(verb) for verb in with_commands()}


def command_of(verb: Verb) -> Callable[..., None]:
    """The command of a verb, with the options that its row asks for."""

    def command(client: Client, execution: str, **options: Any) -> None:
        _run(client, verb, execution, options)

    parameters = [
        inspect.Parameter(
            name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation
        )
        for name, default, annotation in _parameters(verb)
    ]
    described: Any = command
    described.__signature__ = inspect.Signature(parameters)
    described.__doc__ = verb.command
    described.__name__ = verb.module
    return talks(command)


def _parameters(verb: Verb) -> list[tuple[str, Any, Any]]:
    """Name, default and annotation of each, in the order of the help."""
    empty = inspect.Parameter.empty
    parameters: list[tuple[str, Any, Any]] = [
        ("client", empty, Client),
        ("execution", empty, ExecutionId),
    ]
    for argument in verb.arguments:
        is_open = argument.options or verb.has_preview
        default = False if argument.kind is Kind.FLAG else None if is_open else empty
        parameters.append((_own(argument), default, _annotation(argument)))
    if verb.undo:
        taken_back = typer.Option("--undo", help=VERBS[verb.undo].command)
        parameters.append(("undo", False, Annotated[bool, taken_back]))
    if verb.reason != row.Reason.NONE:
        parameters.append(("reason", "", Audited if verb.reason == row.Reason.REQUIRED else Reason))
    if _can_be_tried(verb):
        parameters.append(("dry_run", False, _DRY_RUN))
    if verb.is_confirmed:
        parameters.append(("yes", False, _YES))
    if verb.is_about_what_was_seen:
        parameters.append(("seq", None, Seq))
    if verb.goes_on:
        parameters.append(("follow", False, Follow))
    parameters.append(("output", Sentence.TEXT, AsText))
    return parameters


def _own(argument: Argument) -> str:
    """The parameter of an argument: no option that many verbs have is called so."""
    return f"{argument.name}_" if argument.options else argument.name


def _annotation(argument: Argument) -> Any:
    help_text = argument.note or argument.help
    if argument.kind is Kind.CHOICE:
        values: Any = Phase if argument.shape == "phase" else _choices(argument)
        return Annotated[values, typer.Argument(help=help_text, show_default=False)]
    if argument.kind is Kind.FLAG:
        return Annotated[bool, typer.Option(*argument.options, help=help_text)]
    if argument.kind is Kind.NUMBER:
        bounds: dict[str, Any] = {"min": argument.least, "max": argument.most}
        return Annotated[int | None, typer.Option(*argument.options, help=help_text, **bounds)]
    if "-i" in argument.options:
        # As `run` takes it: NAME=VALUE, or @FILE.
        metavar = "NAME=VALUE|@FILE"
        help_text = "The input; may be given more than once."
        return Annotated[
            list[str] | None, typer.Option(*argument.options, metavar=metavar, help=help_text)
        ]
    return Annotated[
        str | None, typer.Option(*argument.options, metavar="JSON|@FILE", help=help_text)
    ]


def _choices(argument: Argument) -> Any:
    words = {choice.value.upper(): choice.value.replace("_", "-") for choice in argument.choices}
    return StrEnum(argument.name.capitalize(), words)


def _can_be_tried(verb: Verb) -> bool:
    """Whether its preview is of what its arguments ask for, so that ``--dry-run`` shows it."""
    return verb.has_preview and all(argument.options for argument in verb.arguments)


def _run(client: Client, verb: Verb, execution: str, options: dict[str, Any]) -> None:
    """Show what it would do where that is asked for, ask where it has to be, do it, and say what
    came of it.
    """
    from executions.cli.kinds import execution_path

    output, path = options["output"], execution_path(execution)
    if options.pop("undo", False):
        _refuse_both(verb, options)
        verb = VERBS[verb.undo]
    body = _body(verb, options)
    is_dry = bool(options.get("dry_run"))
    if verb.has_preview and not _can_be_tried(verb) and not body:
        _show_choices(client, path, verb, execution, output)
        return
    _check_complete(verb, body, is_dry)
    if not is_dry:
        _check_reason(verb, options)
    seen_seq = options.get("seq")
    if is_dry or verb.is_confirmed:
        preview = _previewed(
            client,
            path,
            verb,
            execution,
            body,
            output,
            quiet=bool(options.get("yes")) and not is_dry,
        )
        if is_dry:
            return
        confirm(
            f"{verb.word} {execution}?", bool(options.get("yes")), otherwise="Nothing was changed."
        )
        # The verb does what was shown: not where the run has changed meanwhile.
        seen_seq = preview["seq"] if seen_seq is None else seen_seq
    if options.get("reason"):
        body["reason"] = options["reason"]
    is_bare = not verb.arguments and verb.reason == row.Reason.NONE
    answer = client.post(
        f"{path}/{verb.slug}", None if is_bare else body, headers=seen_at(seen_seq)
    )
    if is_proposal(answer):
        show_proposal(answer, output)
        return
    follow = bool(options.get("follow"))
    # A fork is answered by the run that it began.
    new_id = str(answer.get("execution_id", ""))
    if verb.name == "fork":
        path = path.replace(path.rsplit("/", 1)[1], new_id)
    words = f"{new_id} is {_sentence(verb, answer)}" if verb.name == "fork" else None
    said(answer, words or _sentence(verb, answer), output, follow)
    if follow:
        follow_on(client, path, answer, output)


def _body(verb: Verb, options: dict[str, Any]) -> dict[str, Any]:
    """The arguments that were given, as the API takes them."""
    from executions.cli.inputs import read_input, read_value

    body: dict[str, Any] = {}
    for argument in verb.arguments:
        value = options.get(_own(argument))
        if argument.kind is Kind.JSON:
            if "-i" in argument.options:
                value = read_input(value or ())
            elif value is not None:
                body[argument.name] = read_value(value)
                continue
        if argument.kind is Kind.CHOICE and value is not None and argument.shape != "phase":
            value = value.value.replace("-", "_")
        # 0 is a checkpoint: only a flag that was not given is False.
        if value is not None and value is not False:
            body[argument.name] = value
    return body


def _refuse_both(verb: Verb, options: dict[str, Any]) -> None:
    if any(options.get(_own(argument)) is not None for argument in verb.arguments):
        flags = ", ".join(argument.options[0] for argument in verb.arguments if argument.options)
        raise CommandError(
            f"{verb.word} to what?", remedy=f"Give {flags}, or --undo.", code=ExitCode.USAGE
        )


def _check_complete(verb: Verb, body: dict[str, Any], is_dry: bool) -> None:
    for argument in verb.arguments:
        # A preview is of numbers: what a call gave is in no address, as those are logged.
        is_needed = argument.kind is Kind.NUMBER if is_dry else argument.is_required
        if is_needed and argument.name not in body:
            undo = ", or --undo" if verb.undo else ""
            remedy = f"Give {argument.options[0] if argument.options else argument.name}{undo}."
            raise CommandError(
                f"{verb.word}: {argument.label} is needed.", remedy=remedy, code=ExitCode.USAGE
            )


def _check_reason(verb: Verb, options: dict[str, Any]) -> None:
    if verb.reason == row.Reason.REQUIRED and not str(options.get("reason", "")).strip():
        raise CommandError(
            "A reason is needed.", remedy="Say why with --reason.", code=ExitCode.USAGE
        )


def _previewed(
    client: Client,
    path: str,
    verb: Verb,
    execution: str,
    body: dict[str, Any],
    output: Sentence,
    *,
    quiet: bool,
) -> dict[str, Any]:
    """Its preview; printed unless ``quiet``. Raises CommandError where it would not be done."""
    from executions.cli.display.previews import show

    numbers = {each.name: body[each.name] for each in verb.arguments if each.kind is Kind.NUMBER}
    preview: dict[str, Any] = client.get(f"{path}/{verb.slug}", **numbers)
    if not quiet:
        show(verb, execution, preview, output)
    if preview.get("fits") is False:
        onto = ", ".join(str(number) for number in numbers.values())
        raise CommandError(f"Version {onto} would not be gone on with.", code=ExitCode.REFUSED)
    return preview


def _show_choices(client: Client, path: str, verb: Verb, execution: str, output: Sentence) -> None:
    possible = client.get(f"{path}/{verb.slug}")
    choices = ", ".join(possible["choices"]) or "no other phase"
    said(
        possible | {"execution_id": execution},
        f"{possible['phase']}; possible: {choices}.",
        output,
        False,
    )


def _sentence(verb: Verb, answer: dict[str, Any]) -> str:
    from executions.cli.display.words import count, step_of

    if verb.answer is Answer.CONTROLLED:
        request = (
            " Asked for: it is honoured when the step that runs now has ended."
            if answer["asked"]
            else ""
        )
        return f"{answer['phase']}.{request}"
    next_step = step_of(answer["next_step"])
    finished = (
        f"{count(answer['kept'], 'finished step')} {'is' if answer['kept'] == 1 else 'are'} kept"
    )
    place = f" at {next_step}" if next_step != "-" else ""
    return f"{answer['phase']}: it goes on{place}; {finished}."
