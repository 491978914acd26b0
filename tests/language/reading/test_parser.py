from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executions.language import DefinitionError, Limits, load, parse
from executions.language.kinds.try_task import TryTask
from tests.language.forms import FORMS
from tests.language.texts import HEAD, parsed, problems, workflow

ORDER = """
document:
  dsl: '1.0.3'
  namespace: shop
  name: fulfil-order
  version: '0.2.0'
  title: Fulfil an order
  summary: Reserves the goods, takes the money, sends the parcel.
  tags: {team: shop}
input:
  schema: {format: json, document: {type: object, required: [orderId], properties: {orderId: {type: string}}}}
  from: .order // .
use:
  secrets: [shop]
  authentications: {shop: {basic: {use: shop}}}
  errors: {soldOut: {type: 'https://shop.example/errors/sold-out', status: 409, title: Sold out, detail: '${ .name }'}}
  retries: {patient: {delay: {seconds: 2}, backoff: {exponential: {}}, limit: {attempt: {count: 4}}}}
  timeouts: {short: {after: PT10S}}
  functions:
    notify:
      call: http
      with: {method: post, endpoint: 'https://shop.example/notify', body: {text: '${ .text }'}}
timeout: {after: {minutes: 30}}
do:
  - stock:
      call: http
      with:
        method: get
        endpoint: {uri: 'https://shop.example/stock/{orderId}', authentication: {use: shop}}
        output: response
      timeout: short
      output: {as: .content}
      export: {as: '$context + {stock: .}'}
  - enough:
      switch:
        - some: {when: .left > 0, then: charge}
        - none: {then: refuse}
  - refuse:
      raise: {error: soldOut}
  - charge:
      try:
        - pay:
            call: python
            with: {function: shop.pay, arguments: {order: '${ $input.orderId }'}}
            metadata: {effect: at_most_once, attemptTimeout: PT5S}
      catch:
        errors: {with: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication'}}
        as: problem
        when: $problem.status == 503
        retry: patient
        do:
          - tell: {call: notify, with: {text: '${ $problem.title }'}, metadata: {optional: true}}
  - parcels:
      for: {each: parcel, in: .parcels, at: number}
      while: $number < 100
      do:
        - pause: {wait: {seconds: 1}, if: '${ $number > 0 }'}
        - send: {set: {parcel: '${ $parcel.id }'}}
  - finish:
      do:
        - sum: {set: '${ {done: true} }', then: exit}
output: {as: '{done: .done}'}
"""


def test_a_workflow_with_every_kind_of_task_is_parsed() -> None:
    definition = parse(ORDER, known_functions={"shop.pay": object()})
    names = [(entry.name, entry.task.kind) for entry in definition.workflow.do]
    assert names == [
        ("stock", "call"),
        ("enough", "switch"),
        ("refuse", "raise"),
        ("charge", "try"),
        ("parcels", "for"),
        ("finish", "do"),
    ]
    charge = definition.workflow.do[3].task
    assert isinstance(charge, TryTask)
    assert [entry.task.kind for entry in charge.try_] == ["call"]
    assert definition.warnings == ()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_the_specification_shows_is_parsed(name: str) -> None:
    assert parse(FORMS[name]).warnings == ()


def test_the_definition_keeps_its_source_and_the_digest_of_it() -> None:
    definition = parse(ORDER)
    assert definition.source == ORDER
    assert definition.digest == hashlib.sha256(ORDER.encode()).hexdigest()
    assert definition.document["document"]["name"] == "fulfil-order"


def test_the_same_workflow_written_as_json_is_the_same_document() -> None:
    document = parse(ORDER).document
    again = parse(json.dumps(document))
    assert again.document == document
    assert again.workflow == parse(ORDER).workflow


def test_a_stored_document_is_loaded_to_the_same_workflow() -> None:
    definition = parse(ORDER)
    assert load(json.loads(json.dumps(definition.document))) == definition.workflow


def test_every_problem_is_reported_at_once_in_document_order() -> None:
    found = problems(
        workflow(
            """
            - a: {call: http, with: {metod: get, endpoint: 'https://x'}, then: nowhere}
            - b: {set: {x: '${ .a + }', y: '${ $secrets.key }'}}
            - b: {fork: {}}
            """,
            "schedule: {every: PT1H}",
        )
    )
    assert [(problem.line, problem.message.split(":")[0]) for problem in found] == [
        (2, "schedule is not supported yet"),
        (4, "`method` is missing"),
        (4, "unknown key `metod`"),
        (4, "there is no task `nowhere` in this list"),
        (5, "the expression is not valid"),
        (5, "the secret `key` is used but not declared"),
        (6, "the task name `b` is used twice in this list"),
        (6, "`branches` is missing"),
    ]


def test_a_problem_names_line_column_and_pointer() -> None:
    text = (
        "document: {dsl: '1.0.0', namespace: a, name: b, version: '1.0.0'}\ndo:\n  - x:\n     "
        " set: 3\n"
    )
    (problem,) = problems(text)
    assert (problem.line, problem.column, problem.pointer) == (4, 7, "/do/0/x/set")
    assert str(problem) == "line 4, /do/0/x/set: `set` is the number 3 (expected an object or text)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1", "a list"),
        ("hello", "the text `hello`"),
        ("7", "the number 7"),
        ("~", "nothing (null)"),
    ],
)
def test_a_document_that_is_no_object_is_refused(text: str, said: str) -> None:
    (problem,) = problems(text)
    assert problem.message == f"a workflow has to be an object, this is {said}"


def test_no_more_problems_are_listed_than_a_person_reads() -> None:
    found = problems(
        workflow("- a: {set: {x: 1}}", "\n".join(f"key{number}: 1" for number in range(500)))
    )
    assert len(found) == 101
    assert found[-1].message == "there are more problems: correct these first"


def test_the_limits_can_be_set() -> None:
    assert problems(ORDER, limits=Limits(max_depth=3))[-1].expected == "at most 3 levels"


def test_warnings_are_kept_beside_a_good_definition() -> None:
    definition = parsed("- a: {set: {x: 1}, then: end}\n- b: {set: {x: 2}}")
    assert [warning.message for warning in definition.warnings] == [
        "nothing leads to the task `b`: it never runs"
    ]


def test_expressions_are_checked_by_the_function_given() -> None:
    asked: list[tuple[str, frozenset[str]]] = []

    def check(source: str, variables: frozenset[str]) -> list[str]:
        asked.append((source, variables))
        return ["I do not like it"]

    found = problems(workflow("- a: {set: '${ .x }'}"), check_expression=check)
    assert asked == [(".x", frozenset())]
    assert found[0].message == "the expression is not valid: I do not like it"


def test_parsing_needs_no_web_framework() -> None:
    code = (
        "import sys; import executions.language;"
        "print([name for name in ('django', 'rq', 'channels') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


WORDS = """
document do set call with method endpoint switch when then try catch retry for in while raise error wait if use
functions timeout after seconds metadata input output as from schema a b ${.x} end exit PT1S http
"""
words = st.sampled_from(WORDS.split())
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | words | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(words | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=25,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(words, documents, max_size=5),
    st.lists(st.dictionaries(words, documents, max_size=2), max_size=4),
)
def test_any_document_is_parsed_or_refused_with_a_definition_error(
    document: dict[str, object], do: list[object]
) -> None:
    for text in (json.dumps(document), json.dumps({**document, "do": do}), HEAD + json.dumps(do)):
        try:
            parse(text)
        except DefinitionError as refused:
            assert 1 <= len(refused.problems) <= 101


@settings(max_examples=80, deadline=None)
@given(
    st.integers(min_value=0, max_value=len(ORDER) - 1),
    st.integers(min_value=0, max_value=40),
    st.text(max_size=3),
)
def test_a_damaged_workflow_is_parsed_or_refused_with_a_definition_error(
    at: int, length: int, put: str
) -> None:
    try:
        parse(ORDER[:at] + put + ORDER[at + length :])
    except DefinitionError as refused:
        assert refused.problems
