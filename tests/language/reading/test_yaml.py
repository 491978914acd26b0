from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executions.language import DefinitionError, Limits
from executions.language.reading.yaml import Position, read

SCALARS: list[tuple[str, Any]] = [
    ("yes", "yes"),
    ("on", "on"),
    ("No", "No"),
    ("true", True),
    ("False", False),
    ("null", None),
    ("~", None),
    ("12", 12),
    ("-3", -3),
    ("0x1f", 31),
    ("0o17", 15),
    ("017", 17),
    ("1_000", "1_000"),
    ("12:30:00", "12:30:00"),
    ("2026-01-01", "2026-01-01"),
    ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    ("1.0", 1.0),
    ("1e3", 1000.0),
    ("0.1.0", "0.1.0"),
    ("'12'", "12"),
    ('"true"', "true"),
    ("9007199254740993", 9007199254740993),
    ("123456789012345678901234567890", 123456789012345678901234567890),
]

REFUSED: list[tuple[str, str, str]] = [
    ("a: &x 1\nb: 2", "/a", "the anchor `&x` is not allowed"),
    ("a: *x", "/a", "the alias `*x` is not allowed"),
    ("a: !!str 1", "/a", "the tag `tag:yaml.org,2002:str` is not allowed"),
    ("a: !!python/object/apply:os.system [ls]", "/a", "is not allowed"),
    ("a: !mine 1", "/a", "the tag `!mine` is not allowed"),
    ("q:\n- a: 1\n  b: 2\n  a: 3", "/q/0/a", "the key `a` stands here twice (first in line 2)"),
    ("1: a", "/1", "the key `1` is not text"),
    ("true: a", "/true", "the key `true` is not text"),
    ("? [a]\n: b", "", "a key has to be text"),
    ("? {a: b}\n: b", "", "a key has to be text"),
    ("a: 1\n---\nb: 1", "", "a second document begins here"),
    ("a: .inf", "/a", "`.inf` is no JSON number"),
    ("a: .nan", "/a", "`.nan` is no JSON number"),
    ("a: 1e999", "/a", "the number `1e999` is too large"),
    ("a: " + "9" * 1001, "/a", "the number is too long"),
    ('a: "x\\0y"', "/a", "NUL"),
    ("a: \x01", "", "not valid YAML"),
    ("a: [1", "", "not valid YAML"),
    ("a: \ud800", "", "lone surrogate"),
    ("%YAML 3.0\n---\na: 1", "", "not valid YAML"),
    ("", "", "the text holds no document"),
    ("# nothing", "", "the text holds no document"),
    ("k" * 1001 + ": 1", "/" + "k" * 1000, "the key is too long"),
    ("? " + "k" * 1001 + "\n: 1", "/" + "k" * 1000, "the key is too long"),
]


@pytest.mark.parametrize(("written", "meant"), SCALARS)
def test_a_scalar_means_what_yaml_1_2_says(written: str, meant: Any) -> None:
    value = read(f"a: {written}").document["a"]
    assert value == meant
    assert type(value) is type(meant)


@pytest.mark.parametrize(("text", "pointer", "message"), REFUSED)
def test_what_is_no_plain_json_is_refused_with_its_place(
    text: str, pointer: str, message: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        read(text)
    first = refused.value.problems[0]
    assert message in first.message
    assert first.pointer == pointer


def test_an_alias_bomb_of_300_bytes_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 5)}]\n" for n in range(1, 9)
    )
    assert len(bomb) < 400
    with pytest.raises(DefinitionError, match="is not allowed"):
        read(bomb)


def test_several_mistakes_are_reported_together() -> None:
    with pytest.raises(DefinitionError) as refused:
        read("a: &x 1\nb: *x\na: 2\n3: !t 4\n")
    assert [problem.line for problem in refused.value.problems] == [1, 2, 3, 4, 4]


@pytest.mark.parametrize(
    ("text", "limits", "expected"),
    [
        ("a: 1234567890", Limits(max_bytes=10), "at most 10 bytes"),
        ("ä: " + "ä" * 10, Limits(max_bytes=20), "at most 20 bytes"),
        ("[[[1]]]", Limits(max_depth=2), "at most 2 levels"),
        ("{a: {b: {c: 1}}}", Limits(max_depth=2), "at most 2 levels"),
        ("[1, 2, 3]", Limits(max_nodes=3), "at most 3 values"),
        ("[" * 100_000, Limits(), "at most 32 levels"),
        ("- " * 100_000, Limits(), "at most 32 levels"),
        ("- 1\n" * 20_001, Limits(), "at most 20,000 values"),
        ("x" * (256 * 1024 + 1), Limits(), "at most 262,144 bytes"),
    ],
)
def test_a_document_beyond_a_limit_is_refused_and_told_the_limit(
    text: str, limits: Limits, expected: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        read(text, limits)
    assert refused.value.problems[-1].expected == expected


def test_what_just_fits_the_limits_is_read() -> None:
    assert read("[[1]]", Limits(max_depth=2, max_nodes=3, max_bytes=5)).document == [[1]]


def test_each_part_has_its_line_and_column() -> None:
    source = read("a: 1\nb:\n  - c: {d: 2}\n  - 3\n")
    assert source.position(()) == Position(1, 1)
    assert source.position(("b",)) == Position(2, 1)
    assert source.position(("b", 0, "c")) == Position(3, 5)
    assert source.position(("b", 0, "c", "d")) == Position(3, 9)
    assert source.position(("b", 1)) == Position(4, 5)


def test_something_missing_is_placed_at_what_is_around_it() -> None:
    source = read("a: 1\nb:\n  c: 2\n")
    assert source.position(("b", "missing", "deeper")) == Position(2, 1)
    assert source.position(("a", "x")) == Position(1, 1)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=60, deadline=None)
@given(json_values)
def test_json_is_read_as_it_is(value: Any) -> None:
    assert read(json.dumps({"value": value})).document == {"value": value}
    assert read(json.dumps({"value": value}, ensure_ascii=False, indent="\t")).document == {
        "value": value
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>'\"%?,#~ \n\t0.", max_size=120))
def test_any_text_gives_a_json_document_or_a_definition_error(text: str) -> None:
    try:
        document = read(text).document
    except DefinitionError as refused:
        assert refused.problems
        assert all(problem.line >= 1 and problem.column >= 1 for problem in refused.problems)
    else:
        assert all(math.isfinite(number) for number in _floats(document))
        json.dumps(document)


def _floats(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [number for part in inner for number in _floats(part)]
