from __future__ import annotations

import pytest

from tests.language.texts import only_problem, problems

HTTP = "{call: http, with: {method: get, endpoint: 'https://x.example'%s}%s}"

# tasks, pointer, message, expected, suggestion
TASK_PROBLEMS: list[tuple[str, str, str, str, str]] = [
    (
        "- a: {cal: http}",
        "/do/0/a",
        "the task has no kind; keys seen: `cal`",
        "exactly one of do, set, switch, for, fork, try, raise, wait, call, run, emit, listen",
        "did you mean `call`?",
    ),
    (
        "- a: {}",
        "/do/0/a",
        "the task has no kind; keys seen: none",
        "exactly one of do, set, switch, for, fork, try, raise, wait, call, run, emit, listen",
        "",
    ),
    (
        "- a: {set: {x: 1}, wait: PT1S}",
        "/do/0/a",
        "the task has 2 kinds: `set`, `wait`",
        "exactly one of do, set, switch, for, fork, try, raise, wait, call, run, emit, listen",
        "",
    ),
    (
        "- a: 3",
        "/do/0/a",
        "a task has to be an object, this is the number 3",
        "an object with one of do, set, switch, for, fork, try, raise, wait, call, run, emit, listen",
        "",
    ),
    (
        "- {a: {set: {x: 1}}, b: {set: {x: 1}}}",
        "/do/0",
        "an entry has to be an object with exactly one key, its name",
        "",
        "",
    ),
    ("- a", "/do/0", "an entry has to be an object with exactly one key, its name", "", ""),
    (
        "- a: {set: {x: 1}, metadta: {}}",
        "/do/0/a/metadta",
        "unknown key `metadta`",
        "one of export, if, input, metadata, output, set, then, timeout",
        "did you mean `metadata`?",
    ),
    ("- a: {set: {x: 1}, if: true}", "/do/0/a/if", "`if` is true", "text", ""),
    (
        "- a: {set: {x: 1}, then: 3}",
        "/do/0/a/then",
        "`then` is the number 3",
        "text",
        "put it in quotes: '3'",
    ),
    ("- a: {set: {}}", "/do/0/a/set", "`set` is empty", "an object, or an expression", ""),
    ("- a: {set: hello}", "/do/0/a/set", "a text here has to be an expression: ${ … }", "", ""),
    ("- a: {switch: []}", "/do/0/a/switch", "`switch` is empty", "a list of cases", ""),
    (
        "- a: {switch: [{b: {when: .x}}]}",
        "/do/0/a/switch/0/b/then",
        "`then` is missing",
        "continue, exit, end or the name of a task in this list",
        "",
    ),
    ("- a: {for: {in: .x}}", "/do/0/a/do", "`do` is missing", "a list of tasks", ""),
    (
        "- a: {for: {each: x}, do: []}",
        "/do/0/a/for/in",
        "`in` is missing",
        "an expression that yields the list to go through",
        "",
    ),
    (
        "- a: {try: []}",
        "/do/0/a/catch",
        "`catch` is missing",
        "an object that says which errors are caught",
        "",
    ),
    ("- a: {do: {x: {set: {y: 1}}}}", "/do/0/a/do", "`do` is an object", "a list", ""),
    (
        "- a: {wait: soon}",
        "/do/0/a/wait",
        "not a duration: write PT30S (ISO 8601), an object such as {seconds: 30}, or ${ … }",
        "",
        "",
    ),
    (
        "- a: {wait: {second: 3}}",
        "/do/0/a/wait/second",
        "unknown key `second`",
        "one of days, hours, milliseconds, minutes, seconds",
        "did you mean `seconds`?",
    ),
    (
        "- a: {wait: {seconds: 1.5}}",
        "/do/0/a/wait/seconds",
        "`seconds` is the number 1.5",
        "a whole number",
        "",
    ),
    (
        "- a: {wait: {seconds: -1}}",
        "/do/0/a/wait/seconds",
        "`seconds` cannot be the number -1",
        "at least 0",
        "",
    ),
    ("- a: {wait: []}", "/do/0/a/wait", "`wait` is a list", "an object or text", ""),
    (
        "- a: {raise: {error: {type: 'https://x.example/e', status: four}}}",
        "/do/0/a/raise/error/status",
        "`status` is the text `four`",
        "a whole number",
        "",
    ),
    (
        "- a: " + HTTP % (", output: contents", ""),
        "/do/0/a/with/output",
        "`output` cannot be the text `contents`",
        "`content`, `raw` or `response`",
        "did you mean `content`?",
    ),
    (
        "- a: " + HTTP % (", redirect: maybe", ""),
        "/do/0/a/with/redirect",
        "`redirect` is the text `maybe`",
        "true or false",
        "",
    ),
    (
        "- a: " + HTTP % ("", ", timeout: []"),
        "/do/0/a/timeout",
        "`timeout` is a list",
        "an object or text",
        "",
    ),
    (
        "- a: " + HTTP % ("", ", metadata: {effect: idempotnt}"),
        "/do/0/a/metadata/effect",
        "`effect` cannot be the text `idempotnt`",
        "`pure`, `idempotent`, `at_most_once` or `transactional`",
        "did you mean `idempotent`?",
    ),
    (
        "- a: " + HTTP % ("", ", metadata: {optional: 1}"),
        "/do/0/a/metadata/optional",
        "`optional` is the number 1",
        "true or false",
        "",
    ),
    (
        "- a: {call: python, with: {}}",
        "/do/0/a/with/function",
        "`function` is missing",
        "the name of a registered function",
        "",
    ),
    (
        "- a: {call: http}",
        "/do/0/a/with",
        "`with` is missing",
        "an object with `method` and `endpoint`",
        "",
    ),
    ("- name: {set: 3}", "/do/0/name/set", "`set` is the number 3", "an object or text", ""),
    ("- task: {set: 3}", "/do/0/task/set", "`set` is the number 3", "an object or text", ""),
]


@pytest.mark.parametrize(("tasks", "pointer", "message", "expected", "suggestion"), TASK_PROBLEMS)
def test_a_mistake_in_a_task_is_explained(
    tasks: str, pointer: str, message: str, expected: str, suggestion: str
) -> None:
    problem = only_problem(tasks)
    assert (problem.pointer, problem.message) == (pointer, message)
    assert (problem.expected, problem.suggestion) == (expected, suggestion)


@pytest.mark.parametrize(
    ("tasks", "top", "message"),
    [
        (
            "- a: {run: {workflow: {namespace: n, name: w}, return: all}}",
            "",
            "return is not supported yet",
        ),
        ("- a: {call: openapi, with: {document: {}}}", "", "call: openapi is not supported yet"),
        ("- a: {call: grpc, with: {}}", "", "call: grpc is not supported yet"),
        ("- a: {call: asyncapi, with: {}}", "", "call: asyncapi is not supported yet"),
        ("- a: {call: a2a, with: {}}", "", "call: a2a is not supported yet"),
        ("- a: {call: mcp, with: {}}", "", "call: mcp is not supported yet"),
        ("- a: {call: approval, with: {}}", "", "call: approval is not supported yet"),
        (
            "- a: {call: 'log@shared'}",
            "",
            "calling the function `log@shared` of a catalog is not supported yet",
        ),
        ("- a: {set: {x: 1}}", "schedule: {cron: '0 0 * * *'}", "schedule is not supported yet"),
        ("- a: {set: {x: 1}}", "use: {catalogs: {}}", "catalogs is not supported yet"),
        ("- a: {set: {x: 1}}", "use: {extensions: []}", "extensions is not supported yet"),
        (
            "- a: {set: {x: 1}}",
            "use: {authentications: {x: {oauth2: {}}}}",
            "oauth2 is not supported yet",
        ),
        (
            "- a: {set: {x: 1}}",
            "use: {authentications: {x: {digest: {}}}}",
            "digest is not supported yet",
        ),
        (
            "- a: {set: {x: 1}}",
            "evaluate: {mode: loose}",
            "evaluate mode loose is not supported yet",
        ),
    ],
)
def test_what_is_not_supported_yet_is_said_in_these_words(
    tasks: str, top: str, message: str
) -> None:
    assert only_problem(tasks, top).message == message


def test_who_writes_a_schedule_into_a_workflow_is_told_where_schedules_are_made() -> None:
    problem = only_problem("- a: {set: {x: 1}}", "schedule: {every: {hours: 1}}")
    assert "stigmer schedules create" in problem.suggestion


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            "{dsl: '2.0.0', namespace: a, name: b, version: '1.0.0'}",
            "`dsl` cannot be the text `2.0.0`",
        ),
        (
            "{dsl: '1.1.0', namespace: a, name: b, version: '1.0.0'}",
            "`dsl` cannot be the text `1.1.0`",
        ),
        ("{dsl: 1.0, namespace: a, name: b, version: '1.0.0'}", "`dsl` is the number 1.0"),
        (
            "{dsl: '1.0.0', namespace: a, name: b_c, version: '1.0.0'}",
            "`name` cannot be the text `b_c`",
        ),
        (
            "{dsl: '1.0.0', namespace: a, name: b, version: one}",
            "`version` cannot be the text `one`",
        ),
        ("{dsl: '1.0.0', namespace: a, version: '1.0.0'}", "`name` is missing"),
        ("{dsl: '1.0.0', namespace: a, name: b, version: '1.0.0', nme: c}", "unknown key `nme`"),
    ],
)
def test_a_mistake_in_the_head_is_explained(document: str, message: str) -> None:
    (problem,) = problems(f"document: {document}\ndo: []\n")
    assert problem.message == message
    assert problem.expected


def test_a_missing_part_is_named_with_what_it_has_to_be() -> None:
    found = problems("use: {}\n")
    assert [(problem.pointer, problem.message) for problem in found] == [
        ("/document", "`document` is missing"),
        ("/do", "`do` is missing"),
    ]


def test_no_message_speaks_of_the_library_behind_it() -> None:
    texts = [str(only_problem(tasks)) for tasks, *_ in TASK_PROBLEMS]
    for word in (
        "pydantic",
        "Input should",
        "dict",
        "str type",
        "union",
        "tag",
        "Extra inputs",
        "<",
    ):
        assert not [text for text in texts if word in text], word
