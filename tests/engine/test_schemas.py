"""What does not fit a schema is pointed at: the field itself, also one that is missing or too many."""

from __future__ import annotations

from executions.engine.schemas import LONGEST_MESSAGE, MOST_FINDINGS, problems

ORDER = {
    "type": "object",
    "required": ["id", "it's \"so\""],
    "properties": {
        "id": {"type": "integer"},
        "lines": {"type": "array", "items": {"type": "object", "required": ["qty"], "additionalProperties": False,
                  "properties": {"qty": {"type": "integer", "minimum": 1}}, "patternProperties": {"^x-": {}}}},
    },
}  # fmt: skip


def found(value: object) -> dict[str, str]:
    return {each.pointer: each.message for each in problems(ORDER, value)}


def test_every_finding_points_at_the_field_that_it_is_about():
    assert found({"lines": [{"qty": 1, "x-note": 1}, {"qty": 0, "a/b": 1}, {}]}) == {
        "/id": "This is required.",
        '/it\'s "so"': "This is required.",
        "/lines/1/qty": "0 is less than the minimum of 1",
        "/lines/1/a~1b": "This field is not known.",
        "/lines/2/qty": "This is required.",
    }
    assert found([]) == {"": "[] is not of type 'object'"}


def test_a_huge_value_is_not_repeated_and_does_not_hide_what_is_wrong_with_it():
    (finding,) = problems({"maxLength": 5}, "x" * 300_000)
    assert len(finding.message) <= LONGEST_MESSAGE and finding.message.endswith("is too long")
    assert len(problems({"items": {"type": "string"}}, list(range(1000)))) == MOST_FINDINGS
