"""Walking again from a journal that was cut anywhere leads to the same end, and does nothing
twice.
"""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executions.journal.replay import Diverged
from executions.language.walking.requests import Completed, Failed
from tests.language.walking.walking import Crash, Run

CALL = "{call: python, with: {function: f, arguments: {%s}}}"
WORKFLOWS = {
    "calls in sequence": (
        f"do: [{{a: {CALL % 'n: 1'}}}, {{b: {CALL % 'n: 2'}}}, {{c: {CALL % 'n: 3'}}}]"
    ),
    "exports inside composites": (
        f"""do:
- outer:
    do:
    - a: {{call: python, with: {{function: f, arguments: {{n: 1}}}}, export: {{as: '${{ {{a: .n}} }}'}}}}
    - inner: {{do: [{{b: {{set: {{n: 2}}, export: {{as: '${{ $context + {{b: .n}} }}'}}}}}}]}}
- c: {CALL % "n: 3"}
- d: {CALL % "seen: '${ $context }'"}
"""
    ),
    "an end inside composites": (
        f"""do:
- outer: {{do: [{{inner: {{do: [{{a: {CALL % "n: 1"}}}, {{b: {{set: {{n: 2}}, then: end}}}}]}}}}]}}
- c: {CALL % "n: 3"}
"""
    ),
    "an end inside a function": (
        f"""use:
  functions:
    stop: {{do: [{{x: {CALL % "n: 1"}}}, {{y: {{set: {{n: 5}}, then: end}}}}]}}
do: [{{a: {{do: [{{f: {{call: stop}}}}]}}}}, {{b: {CALL % "n: 3"}}}]
"""
    ),
    "loops, cases and a way back": (
        f"""do:
- start: {{set: {{n: 0, rows: []}}}}
- more: {{set: {{n: '${{ .n + 1 }}', rows: '${{ .rows }}'}}}}
- loop:
    for: {{in: '${{ [range(.n)] }}'}}
    while: '${{ $index < 2 }}'
    do:
    - ask: {{call: python, with: {{function: f, arguments: {{n: '${{ .n }}', rows: '${{ .rows + [$item] }}'}}}}}}
- enough: {{switch: [{{no: {{when: '${{ .n < 4 }}', then: more}}}}, {{yes: {{then: last}}}}]}}
- never: {{set: {{x: 1}}}}
- last: {{if: '${{ .n > 100 }}', set: {{n: 100}}}}
- tail: {CALL % "rows: '${ .rows }'"}
"""
    ),
    "errors caught after an export": (
        f"""do:
- guard:
    try:
    - block:
        do:
        - a: {{set: {{n: 1}}, export: {{as: {{a: 1}}}}}}
        - b: {CALL % "fail: broken"}
    catch: {{do: [{{c: {CALL % "why: '${ $error.detail }', seen: '${ $context }'"}}}, {{w: {{wait: {{seconds: 5}}}}}}]}}
- d: {CALL % "seen: '${ $context }'"}
"""
    ),
    "tries that run again, with waits": (
        f"""do:
- guard:
    try: [{{w: {{wait: {{seconds: 1}}}}}}, {{x: {CALL % "fail: broken"}}}]
    catch: {{retry: {{delay: {{seconds: 2}}, limit: {{attempt: {{count: 2}}}}}}, do: [{{y: {CALL % "n: 4"}}}]}}
- z: {CALL % "n: 5"}
"""
    ),
    "what is random is decided once": (
        f"""do:
- a: {{set: {{u: '${{ uuid }}', t: '${{ now }}'}}, export: {{as: '${{ . }}'}}}}
- b: {CALL % "u: '${ $context.u }', t: '${ .t }'"}
"""
    ),
    "an error that nothing catches": (
        f"do: [{{a: {CALL % 'n: 1'}}}, {{o: {{do: [{{b: {CALL % 'fail: broken'}}}]}}}}]"
    ),
    "an input transformed once": (
        "input: {from: '${ {u: uuid} }'}\n"
        + f"do: [{{a: {CALL % 'n: 1'}}}, {{b: {CALL % 'n: 2'}}}]"
    ),
}
RANDOM = ("what is random is decided once", "an input transformed once")


def end_of(ended: Completed | Failed) -> object:
    return ended.output if isinstance(ended, Completed) else ended.error


def check_every_cut(text: str, *, compare: bool = True) -> None:
    straight = Run(text)
    wanted = end_of(straight.walk())
    commits, moment = 1, 0
    while moment <= commits:
        moment += 1
        run = Run(text)
        try:
            run.walk(crash_at=moment)
            commits = run.committed
            continue
        except Crash:
            commits = moment + 1
        before = {
            record.path: record for record in copy.deepcopy(run.records) if record.is_finished()
        }
        found = end_of(run.walk())
        if compare:
            assert found == wanted, moment
        assert run.effects == straight.effects, moment
        assert run.finished() == straight.finished(), moment
        for path, record in before.items():
            assert run.step(path) == record, (moment, path)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_cut_after_any_commit_it_ends_the_same_and_does_nothing_twice(name):
    check_every_cut(WORKFLOWS[name], compare=name not in RANDOM)


def test_many_cuts_in_one_life_end_the_same():
    text = WORKFLOWS["loops, cases and a way back"]
    wanted, run = Run(text).output(), Run(text)
    for _ in range(200):
        try:
            assert run.output(crash_at=2) == wanted
            break
        except Crash:
            continue
    else:
        pytest.fail("it never ended")
    assert set(run.effects.values()) == {1}


def parked(text: str) -> Run:
    run = Run(text)
    with pytest.raises(Crash):
        run.walk(stop_at_park=True)
    return run


BEFORE = (
    f"do: [{{a: {CALL % 'n: 1'}}}, {{b: {CALL % 'n: 2'}}}, {{w: {{wait: {{seconds: 5}}}}}}, {{c:"
    f" {CALL % 'n: 3'}}}]"
)


@pytest.mark.parametrize(
    ("after", "unvisited"),
    [
        (f"do: [{{a: {CALL % 'n: 1'}}}, {{x: {CALL % 'n: 2'}}}]", "/b"),
        (f"do: [{{x: {CALL % 'n: 1'}}}, {{a: {CALL % 'n: 1'}}}]", "/a"),
        (f"do: [{{a: {CALL % 'n: 1'}}}, {{b: {CALL % 'n: 2'}}}, {{c: {CALL % 'n: 3'}}}]", "/w"),
        (f"do: [{{g: {{do: [{{a: {CALL % 'n: 1'}}}]}}}}]", "/a"),
    ],
)
def test_another_definition_is_noticed_before_the_first_new_effect(after, unvisited):
    run = parked(BEFORE)
    done = dict(run.effects)
    with pytest.raises(Diverged) as problem:
        run.change(after).walk()
    assert problem.value.unvisited == unvisited
    assert unvisited in str(problem.value)
    assert run.effects == done


@pytest.mark.parametrize(
    "after",
    [
        BEFORE.replace("{c:", "{between: {set: '${ . }'}}, {c:"),
        BEFORE.replace("n: 3", "n: 4"),
        BEFORE.replace("do: [", "do: [{first: {set: '${ . }'}}, "),
    ],
)
def test_another_definition_that_still_leads_through_the_journal_is_followed(after):
    run = parked(BEFORE)
    assert isinstance(run.change(after).walk(), Completed)
    assert set(run.effects.values()) == {1}


# --- Generated workflows --------------------------------------------------------------------------
VALUES = st.sampled_from(["n: 1", "n: 2", "seen: '${ $context }'", "was: '${ . }'", "fail: broken"])
EXPORT = ", export: {as: '${ $context + {($task.name): 1} }'}"


def leaf(kind: str, arguments: str, exports: bool, end: bool) -> str:
    more = (EXPORT if exports else "") + (", then: end" if end else "")
    if kind == "wait":
        return f"{{wait: {{seconds: 3}}{more}}}"
    if kind == "set" and not arguments.startswith("fail"):
        return f"{{set: {{{arguments}}}{more}}}"
    return f"{{call: python, with: {{function: f, arguments: {{{arguments}}}}}{more}}}"


def listed(tasks: list[str]) -> str:
    return "[" + ", ".join(f"{{t{index}: {task}}}" for index, task in enumerate(tasks)) + "]"


LEAVES = st.builds(
    leaf,
    st.sampled_from(["set", "call", "call", "wait"]),
    VALUES,
    st.booleans(),
    st.sampled_from([False, False, False, False, True]),
)


def composites(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tasks = st.lists(inner, min_size=1, max_size=3).map(listed)
    retry = st.sampled_from(["", "retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}"])
    return st.one_of(
        tasks.map(lambda inside: f"{{do: {inside}}}"),
        tasks.map(lambda inside: f"{{for: {{in: '${{ [1, 2] }}'}}, do: {inside}}}"),
        tasks.map(
            lambda inside: (
                f"{{for: {{in: '${{ [1, 2, 3] }}'}}, while: '${{ $index < 1 }}', do: {inside}}}"
            )
        ),
        st.builds(lambda inside, again: f"{{try: {inside}, catch: {{{again}}}}}", tasks, retry),
        st.builds(
            lambda inside, again, rescue: (
                f"{{try: {inside}, catch: {{{again + ', ' if again else ''}do: {rescue}}}}}"
            ),
            tasks,
            retry,
            tasks,
        ),
        tasks.map(lambda inside: f"{{timeout: {{after: {{seconds: 4}}}}, do: {inside}}}"),
    )


GENERATED = st.lists(st.recursive(LEAVES, composites, max_leaves=6), min_size=1, max_size=4).map(
    listed
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(GENERATED)
def test_generated_workflows_end_the_same_after_any_cut(tasks):
    check_every_cut(f"do: {tasks}")


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(GENERATED)
def test_many_generated_workflows_end_the_same_after_any_cut(tasks):
    check_every_cut(f"do: {tasks}")
