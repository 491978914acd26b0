"""The effects of a decision, for people who are about to make it.

The row of a verb says which sentence comes first and which facts follow; here each word of such a
sentence and each fact is said, whichever verb it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from executions.cli.display.screen import print_table
from executions.cli.display.structured import print_structured
from executions.cli.display.words import count, plain, step_of
from executions.cli.formats import Sentence
from executions.verbs.row import Fact, Verb
from executions.verbs.row import Preview as Row

Preview = Mapping[str, Any]
_MOST_NAMED = 10
HEADS = ("STEP", "KIND", "NOW", "EFFECT")


def show(verb: Verb, execution: str, preview: Preview, output: Sentence) -> None:
    """Print the effects of a verb; as they came, where its row has no words for them."""
    row = verb.preview
    if row is None or not row.sentence or output == Sentence.JSON:
        print_structured(dict(preview))
        return
    print(*lines_of(row, execution, preview), sep="\n")
    # If the journal does not fit the other version nothing would be done.
    if preview.get("fits", True):
        _print_steps(preview.get("runs_again", []))


def lines_of(row: Row, execution: str, preview: Preview) -> list[str]:
    """The sentence of the verb's row about this run, and the facts that follow."""
    first = f"{execution}  {row.sentence.format_map(_Words(preview))}"
    return [first, *(line for fact in row.facts for line in FACTS[fact](preview))]


class _Words(dict[str, str]):
    """The words of a sentence, said when they are asked for."""

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview

    def __missing__(self, word: str) -> str:
        return WORDS[word](self.preview)


def _place(preview: Preview) -> str:
    if not preview["checkpoint_seq"]:
        return "the beginning"
    return f"checkpoint {preview['checkpoint_seq']}, {step_of(preview['checkpoint_path'])}"


def _begun(preview: Preview) -> str:
    return count(preview["kept"], "finished step")


def _step(preview: Preview) -> str:
    return plain(preview["step_name"])


def _back(preview: Preview) -> str:
    return _some(preview["comes_back"], "stands", "stand")


def _aside(preview: Preview) -> str:
    return _some(preview["set_aside"], "that ran since is", "that ran since are")


def _version(preview: Preview) -> str:
    return str(preview["version"])


def _present(preview: Preview) -> str:
    return str(preview["present"])


def _outcome(preview: Preview) -> str:
    if preview["misfits"]:
        return "it does not fit, so nothing would be done. No place in it have:"
    if preview["broken"]:
        return "nothing would be done."
    return f"it fits; {_kept(preview)}. {_goes_on(preview)}"


def _stands_again(preview: Preview) -> list[str]:
    back = preview["comes_back"]
    return [f"Stands again: {_names(back)}."] if back else []


def _set_aside(preview: Preview) -> list[str]:
    aside = preview["set_aside"]
    return [f"Set aside: {_names(aside)}."] if aside else []


def _stays_done(preview: Preview) -> list[str]:
    lasting = [plain(step["name"]) for step in preview["set_aside"] if step["may_repeat"]]
    return [f"What {', '.join(lasting)} did to the world stays done."] if lasting else []


def _misfits(preview: Preview) -> list[str]:
    return [f"  {step_of(each['path'])}: {plain(each['why'])}" for each in preview["misfits"]]


def _new_operation(preview: Preview) -> list[str]:
    is_new = preview["fits"] and preview["is_new_operation"]
    return (
        ["What comes first is not the call that failed: it gets a new idempotency key."]
        if is_new
        else []
    )


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


def _repeated(preview: Preview) -> list[str]:
    repeating = [plain(step["name"]) for step in preview["runs_again"] if step["may_repeat"]]
    if not repeating:
        return ["No effect outside is repeated."]
    names = ", ".join(repeating)
    return [f"What {names} did to the world may happen once more, each as a new operation."]


def _beside(preview: Preview) -> list[str]:
    """That branches beside the checkpoint's are left alone; nothing where there are none."""
    paths = preview.get("stays", [])
    if not paths:
        return []
    names = ", ".join(step_of(path) for path in paths[:_MOST_NAMED])
    more = f" and {len(paths) - _MOST_NAMED:,} more" if len(paths) > _MOST_NAMED else ""
    stay = "stays as it is" if len(paths) == 1 else "stay as they are"
    return [f"Beside it {names}{more} {stay}."]


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
    if not preview.get("broken") or preview.get("misfits"):
        return []
    good = preview["last_good_seq"] or "the beginning"
    return [
        f"The journal is not whole: {plain(preview['broken'])}. The last good checkpoint is {good}."
    ]


def _print_steps(steps: list[Preview]) -> None:
    rows = [
        (
            step_of(step["path"]),
            step["kind"],
            step["status"],
            f"{step['effect']}, may repeat" if step["may_repeat"] else step["effect"],
        )
        for step in steps
    ]
    if rows:
        print_table(HEADS, rows, indent="  ")


# By the name that stands in braces in a row's sentence.
WORDS: Mapping[str, Callable[[Preview], str]] = {
    "again": _again,
    "aside": _aside,
    "back": _back,
    "begun": _begun,
    "kept": _kept,
    "next": _next,
    "outcome": _outcome,
    "place": _place,
    "present": _present,
    "step": _step,
    "version": _version,
}
FACTS: Mapping[Fact, Callable[[Preview], list[str]]] = {
    Fact.STAYS: _beside,
    Fact.BROKEN: _broken,
    Fact.MAY_REPEAT: _repeated,
    Fact.COMES_BACK: _stands_again,
    Fact.SET_ASIDE: _set_aside,
    Fact.STAYS_DONE: _stays_done,
    Fact.MISFITS: _misfits,
    Fact.NEW_OPERATION: _new_operation,
}
