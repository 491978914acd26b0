"""The workflows that are interrupted, each with what a person does to it and how it has to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HEAD = (
    "document: {{dsl: '1.0.0', namespace: faults, name: {name}, version: '1.0.0'}}\nuse: {{secrets:"
    " [CANARY]}}\n"
)
CANARY = "canary-7f3d-never-to-be-seen"


@dataclass(frozen=True, slots=True)
class Shape:
    """``press`` is the verb with which a person answers FAILED; ``effects`` is how many calls have
    to have happened. ``repeats``: how many calls that had succeeded are made again, under their
    key, as a block is tried again. ``beside`` is how many calls may be under way at the same time.
    ``children`` is how many runs it has to have started; their calls count among ``effects``.
    """

    name: str
    tasks: str
    output: Any
    effects: int
    press: str = ""
    at_most_once: bool = False
    enrolled: int = 0
    repeats: int = 0
    beside: int = 1
    children: int = 0
    # The tasks of the workflow that this one runs, and which is applied before it.
    child: str = ""

    @property
    def child_name(self) -> str:
        return f"{self.name}-child"

    def texts(self, ledger: str) -> list[str]:
        """The definitions, in the order in which they are applied."""
        named = [(self.child_name, self.child)] if self.child else []
        named.append((self.name, self.tasks))
        return [HEAD.format(name=name) + tasks.replace("LEDGER", ledger) for name, tasks in named]

    def seen(self, output: Any) -> Any:
        """What of the output is compared."""
        return output


def call(name: str, more: str = "", metadata: str = "") -> str:
    """A call to the ledger that carries a secret; its answer is the task's output."""
    tail = f", metadata: {{{metadata}}}" if metadata else ""
    body = f"{{name: {name}{', ' + more if more else ''}}}"
    return (
        "{call: http, with: {method: post, endpoint: 'LEDGER/effect', "
        "headers: {X-Token: '${ $secrets.CANARY }'}, "
        f"body: {body}}}{tail}}}"
    )


SHAPES = [
    Shape(
        "loop",
        f"""do:
- before: {{set: {{n: 0}}}}
- each:
    for: {{in: '${{ [1, 2, 3] }}'}}
    do:
    - pay: {call("pay", "item: '${ $item }'")}
    - note: {{set: {{last: '${{ .did }}'}}, export: {{as: '${{ {{seen: $item}} }}'}}}}
- after: {{set: {{seen: '${{ $context.seen }}'}}}}
""",
        {"seen": 3},
        3,
    ),
    Shape(
        "caught",
        f"""do:
- first: {call("first")}
- risky:
    try:
    - flaky: {call("flaky", "refuse: 1, status: 503")}
    - broken: {call("broken", "refuse: 9, status: 400")}
    catch:
      retry: {{delay: {{milliseconds: 10}}, limit: {{attempt: {{count: 3}}}}}}
      do:
      - undo: {call("undo")}
- after: {{set: {{done: '${{ .did }}'}}}}
""",
        {"done": "undo"},
        -1,
        repeats=2,
    ),
    Shape(
        "waits",
        f"""do:
- first: {call("first", "refuse: 1, status: 503")}
- pause: {{wait: {{milliseconds: 30}}}}
- second: {call("second")}
- pause2: {{wait: {{milliseconds: 30}}}}
- after: {{set: {{done: true}}}}
""",
        {"done": True},
        2,
    ),
    Shape(
        "retried",
        f"""do:
- first: {call("first")}
- fails: {call("fails", "refuse: 1, status: 400")}
- last: {call("last")}
- after: {{set: {{done: true}}}}
""",
        {"done": True},
        3,
        press="retry",
    ),
    Shape(
        "skipped",
        f"""do:
- first: {call("first")}
- each:
    for: {{in: '${{ [1, 2] }}'}}
    do:
    - fails: {call("fails", "refuse: 99, status: 400", "optional: true")}
    - then: {call("then", "item: '${ $item }'")}
- after: {{set: {{done: true}}}}
""",
        {"done": True},
        3,
        press="skip",
    ),
    Shape(
        "recovered",
        f"""do:
- each:
    for: {{in: '${{ [1, 2] }}'}}
    do:
    - outer:
        try:
        - pay: {call("pay", "item: '${ $item }'")}
        - fails: {call("fails", "refuse: 1, status: 400")}
        catch: {{errors: {{with: {{status: 418}}}}}}
- after: {{set: {{done: true}}}}
""",
        {"done": True},
        4,
        press="recover",
    ),
    Shape(
        "once",
        f"""do:
- first: {call("first")}
- charge: {call("charge", metadata="effect: at_most_once")}
- last: {call("last")}
- after: {{set: {{done: true}}}}
""",
        {"done": True},
        -1,
        press="retry",
        at_most_once=True,
    ),
    Shape(
        "enrols",
        f"""do:
- first: {call("first")}
- enrol: {{call: python, with: {{function: faults.enrol}}}}
- enrol2: {{call: python, with: {{function: faults.enrol}}}}
- after: {{set: {{done: true}}}}
""",
        {"done": True},
        1,
        enrolled=2,
    ),
    Shape(
        "forked",
        f"""do:
- first: {call("first")}
- together:
    fork:
      branches:
      - a: {{do: [{{a1: {call("a1")}}}, {{a2: {call("a2")}}}]}}
      - b: {{do: [{{pause: {{wait: {{milliseconds: 30}}}}}}, {{b1: {call("b1")}}}]}}
      - c: {call("c", "refuse: 1, status: 503")}
      - d: {{set: {{did: d}}, export: {{as: '${{ {{seen: .did}} }}'}}}}
- after: {{set: {{seen: '${{ $context.seen }}', all: '${{ map(.did) }}'}}}}
""",
        {"seen": "d", "all": ["a2", "b1", "c", "d"]},
        5,
        beside=3,
    ),
    Shape(
        "forked-retried",
        f"""do:
- together:
    fork:
      branches:
      - a: {{do: [{{a1: {call("a1")}}}, {{fails: {call("fails", "refuse: 1, status: 400")}}}]}}
      - b: {{do: [{{b1: {call("b1")}}}, {{fails2: {call("fails2", "refuse: 1, status: 400")}}}]}}
      - c: {{do: [{{enrol: {{call: python, with: {{function: faults.enrol}}}}}}]}}
- after: {{set: {{done: true}}}}
""",
        {"done": True},
        4,
        press="retry",
        enrolled=1,
        beside=2,
    ),
    Shape(
        "raced",
        f"""do:
- race:
    fork:
      compete: true
      branches:
      - slow: {{do: [{{pause: {{wait: {{minutes: 5}}}}}}, {{never: {call("never")}}}]}}
      - a: {{do: [{{a1: {call("a1")}}}, {{a2: {call("a2")}}}]}}
      - b: {{do: [{{b1: {call("b1")}}}, {{b2: {call("b2")}}}]}}
- after: {{set: {{done: '${{ .did | endswith("2") }}'}}}}
""",
        {"done": True},
        -1,
        beside=2,
    ),
    Shape(
        "each",
        f"""do:
- each:
    for: {{in: '${{ [1, 2, 3, 4] }}'}}
    do: [{{pay: {call("pay", "item: '${ $item }'")}}}]
    metadata: {{parallel: 2}}
- after: {{set: {{many: '${{ length }}'}}}}
""",
        {"many": 4},
        4,
        beside=2,
    ),
    Shape(
        "hears",
        f"""do:
- first: {call("first")}
- say: {{emit: {{event: {{with: {{type: said, data: {{run: '${{ $workflow.id }}', n: 1}}}}}}}}}}
- again: {{emit: {{event: {{with: {{type: said, data: {{run: '${{ $workflow.id }}', n: 2}}}}}}}}}}
- hear:
    listen:
      to:
        any:
        - with: {{type: said}}
          correlate: {{run: {{from: .data.run, expect: '${{ $workflow.id }}'}}}}
        until: '${{ length > 1 }}'
    foreach:
      item: said
      do:
      - pay: {call("pay", "item: '${ $said.n }'")}
- after: {{set: {{heard: '${{ length }}'}}}}
""",
        {"heard": 2},
        3,
    ),
    Shape(
        "childed",
        f"""do:
- first: {call("first")}
- together:
    fork:
      branches:
      - a: {{run: {{workflow: {{namespace: faults, name: childed-child, input: {{n: 1}}}}}}}}
      - b: {{run: {{workflow: {{namespace: faults, name: childed-child, input: {{n: 2}}}}}}}}
      - c: {call("c")}
- after: {{set: {{all: '${{ map(.did) }}'}}}}
""",
        {"all": ["own", "own", "c"]},
        6,
        beside=3,
        children=2,
        child=f"""do:
- own1: {call("own1")}
- own: {call("own")}
""",
    ),
    Shape(
        "child-recovered",
        f"""do:
- first: {call("first")}
- other: {{run: {{workflow: {{namespace: faults, name: child-recovered-child, input: {{}}}}}}}}
- after: {{set: {{done: '${{ .did }}'}}}}
""",
        {"done": "fails"},
        3,
        press="recover",
        children=1,
        child=f"""do:
- own: {call("own")}
- fails: {call("fails", "refuse: 1, status: 400")}
""",
    ),
    Shape(
        "asks",
        f"""do:
- first: {call("first")}
- ask: {{call: human, with: {{prompt: May it go on?, approvers: {{users: [ann]}}}}}}
- last: {call("last")}
- after: {{set: {{done: true}}}}
""",
        {"done": True},
        2,
    ),
]
# Each process of these tries its sandbox first, which takes seconds: they are asked for by name.
WITH_COMMANDS = [
    Shape(
        "commands",
        f"""workspace: temporary
do:
- write: {{run: {{shell: {{command: 'echo x > it; cat it'}}}}, metadata: {{effect: idempotent}}}}
- first: {call("first")}
- read:
    run: {{script: {{language: python, code: 'print(open("it").read().strip())'}}}}
    metadata: {{effect: idempotent}}
- after: {{set: {{done: '${{ . }}'}}}}
""",
        {"done": "x"},
        1,
    ),
]
BY_NAME = {shape.name: shape for shape in [*SHAPES, *WITH_COMMANDS]}
