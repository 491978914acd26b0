"""The effects of a decision, for people who are about to make it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executions.cli.display.screen import print_table
from executions.cli.display.structured import print_structured
from executions.cli.display.words import count, plain, step_of
from executions.cli.formats import Sentence

Preview = Mapping[str, Any]
_MOST_NAMED = 10
HEADS = ("STEP", "KIND", "NOW", "EFFECT")


def show(verb: str, execution: str, preview: Preview, output: Sentence) -> None:
    """Print the effects of a verb; as they came, where there are no words for them."""
    lines = _LINES.get(verb)
    if lines is None or output == Sentence.JSON:
        print_structured(dict(preview))
        return
    # If the journal does not fit the other version nothing would be done.
    fits = preview.get("fits", True)
    _show(lines(execution, preview), preview if fits else {"runs_again": []})


def restore_lines(execution: str, preview: Preview) -> list[str]:
    place = "the beginning"
    if preview["checkpoint_seq"]:
        place = f"checkpoint {preview['checkpoint_seq']}, {step_of(preview['checkpoint_path'])}"
    return [
        f"{execution}  to {place}: {_kept(preview)}, {_again(preview)}.",
        *_beside(preview.get("stays", [])),
        *_broken(preview),
        _repeated(preview),
    ]


def fork_lines(execution: str, preview: Preview) -> list[str]:
    place = "the beginning"
    if preview["checkpoint_seq"]:
        place = f"checkpoint {preview['checkpoint_seq']}, {step_of(preview['checkpoint_path'])}"
    return [
        f"{execution}  from {place}: a new run begins with"
        f" {count(preview['kept'], 'finished step')}{_next(preview)}, {_again(preview)} there.",
        _repeated(preview),
    ]


def amend_lines(execution: str, preview: Preview) -> list[str]:
    return [
        f"{execution}  another result of {plain(preview['step_name'])}{_next(preview)}:"
        f" {_kept(preview)} beside it, {_again(preview)}.",
        _repeated(preview),
    ]


def undo_lines(execution: str, preview: Preview) -> list[str]:
    back, aside = preview["comes_back"], preview["set_aside"]
    lasting = [plain(step["name"]) for step in aside if step["may_repeat"]]
    return [
        f"{execution}  takes the restore back: {_some(back, 'stands', 'stand')} again, "
        f"{_some(aside, 'that ran since is', 'that ran since are')} set aside, {_kept(preview)}.",
        *([f"Stands again: {_names(back)}."] if back else []),
        *([f"Set aside: {_names(aside)}."] if aside else []),
        *([f"What {', '.join(lasting)} did to the world stays done."] if lasting else []),
    ]


def _some(steps: list[Preview], one: str, many: str) -> str:
    return f"{count(len(steps), 'step')} {one if len(steps) == 1 else many}"


def _names(steps: list[Preview]) -> str:
    more = f" and {len(steps) - _MOST_NAMED:,} more" if len(steps) > _MOST_NAMED else ""
    return ", ".join(step_of(step["path"]) for step in steps[:_MOST_NAMED]) + more


def _next(preview: Preview) -> str:
    at = step_of(preview["next_step"])
    return f", goes on at {at}" if at != "-" else ""


def _again(preview: Preview) -> str:
    return f"{_some(preview['runs_again'], 'runs', 'run')} again"


def _repeated(preview: Preview) -> str:
    repeating = [plain(step["name"]) for step in preview["runs_again"] if step["may_repeat"]]
    if not repeating:
        return "No effect outside is repeated."
    names = ", ".join(repeating)
    return f"What {names} did to the world may happen once more, each as a new operation."


def _beside(paths: list[str]) -> list[str]:
    """That branches beside the checkpoint's are left alone; nothing where there are none."""
    if not paths:
        return []
    names = ", ".join(step_of(path) for path in paths[:_MOST_NAMED])
    more = f" and {len(paths) - _MOST_NAMED:,} more" if len(paths) > _MOST_NAMED else ""
    stay = "stays as it is" if len(paths) == 1 else "stay as they are"
    return [f"Beside it {names}{more} {stay}."]


def recover_lines(execution: str, preview: Preview) -> list[str]:
    onto = f"{execution}  onto version {preview['version']} (now {preview['present']})"
    if preview["misfits"]:
        misfits = [
            f"  {step_of(each['path'])}: {plain(each['why'])}" for each in preview["misfits"]
        ]
        return [
            f"{onto}: it does not fit, so nothing would be done. No place in it have:",
            *misfits,
        ]
    if preview["broken"]:
        return [f"{onto}: nothing would be done.", *_broken(preview)]
    new = ["What comes first is not the call that failed: it gets a new idempotency key."]
    return [
        f"{onto}: it fits; {_kept(preview)}. {_goes_on(preview)}",
        *(new if preview["is_new_operation"] else []),
    ]


_LINES = {
    "restore": restore_lines,
    "fork": fork_lines,
    "amend": amend_lines,
    "undo restore": undo_lines,
    "recover": recover_lines,
}


def _goes_on(preview: Preview) -> str:
    goes = preview["goes_on"] or {"how": ""}
    match goes["how"]:
        case "runs":
            return f"It goes on by running {plain(goes['name'])}."
        case "waits":
            return f"It goes on by waiting at {plain(goes['name'])}."
        case "completes":
            return "Nothing more has to run outside: it completes at once."
        case "fails":
            at = f" at {plain(goes['name'])}" if goes["name"] else ""
            return f"It would fail again at once{at}: {plain(goes['reason'])}"
    return ""


def _kept(preview: Preview) -> str:
    return (
        f"{count(preview['kept'], 'finished step')} {'stays' if preview['kept'] == 1 else 'stay'}"
    )


def _broken(preview: Preview) -> list[str]:
    if not preview["broken"]:
        return []
    good = preview["last_good_seq"] or "the beginning"
    return [
        f"The journal is not whole: {plain(preview['broken'])}. The last good checkpoint is {good}."
    ]


def _show(lines: list[str], preview: Preview) -> None:
    print(*lines, sep="\n")
    rows = [
        (
            step_of(step["path"]),
            step["kind"],
            step["status"],
            f"{step['effect']}, may repeat" if step["may_repeat"] else step["effect"],
        )
        for step in preview["runs_again"]
    ]
    if rows:
        print_table(HEADS, rows, indent="  ")
