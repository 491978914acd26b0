from __future__ import annotations

import pytest

from tests.language.texts import only_problem, parsed


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("optionl", "optional"),
        ("Effect", "effect"),
        ("attempttimeout", "attemptTimeout"),
        ("retries", "retry"),
    ],
)
def test_a_misspelt_setting_is_warned_of(key: str, suggestion: str) -> None:
    warnings = parsed(f"- a: {{set: {{x: 1}}, metadata: {{{key}: 1}}}}").warnings
    if key == "retries":
        assert warnings == ()
    else:
        assert [warning.suggestion for warning in warnings] == [f"did you mean `{suggestion}`?"]


def test_metadata_of_the_author_is_nobody_elses_business() -> None:
    assert parsed("- a: {set: {x: 1}, metadata: {owner: me, ticket: 3}}").warnings == ()


def test_only_a_python_call_can_be_transactional() -> None:
    problem = only_problem("- a: {set: {x: 1}, metadata: {effect: transactional}}")
    assert problem.pointer == "/do/0/a/metadata/effect"
    parsed("- a: {call: python, with: {function: f}, metadata: {effect: transactional}}")
