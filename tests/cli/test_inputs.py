"""What ``--input`` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from executions.cli.exits import CommandError, ExitCode
from executions.cli.inputs import read_input, read_value, read_workspace


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], None),
        (["sku=tea"], {"sku": "tea"}),
        (
            ["quantity=3", "express=true", "note=null"],
            {"quantity": 3, "express": True, "note": None},
        ),
        (['code="007"'], {"code": "007"}),
        (["code=007"], {"code": "007"}),
        (["big=12345678901234567890"], {"big": 12345678901234567890}),
        (["formula=a=b"], {"formula": "a=b"}),
        (["empty="], {"empty": ""}),
        (['{"a": {"b": 1}}', "c=2"], {"a": {"b": 1}, "c": 2}),
        (["a=1", "a=2"], {"a": 2}),
    ],
)
def test_pairs_and_objects_become_one_object(given: list[str], expected: Any) -> None:
    assert read_input(given) == expected


@pytest.mark.parametrize("text", ['{"sku": "cup"}', "sku: cup\n"])
def test_a_file_is_read_as_json_or_yaml_and_pairs_after_it_win(text: str, tmp_path: Path) -> None:
    file = tmp_path / "order"
    file.write_text(text)
    assert read_input([f"@{file}", "quantity=1"]) == {"sku": "cup", "quantity": 1}


def test_a_single_value_is_json_or_text() -> None:
    assert read_value('{"a": 1}') == {"a": 1}
    assert read_value("as it is") == "as it is"


@pytest.mark.parametrize("bad", ["sku", "=tea", "{not json", "@/nowhere/at/all"])
def test_what_cannot_be_read_is_a_wrong_use_and_says_what_is_right(bad: str) -> None:
    with pytest.raises(CommandError) as refused:
        read_input([bad])
    assert refused.value.code == ExitCode.USAGE
    assert "cannot be read" in str(refused.value) or "It reads name=value" in str(refused.value)


@pytest.mark.parametrize("text", ["[1, 2]", "just a text"])
def test_a_file_that_holds_no_object_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "input.yaml"
    file.write_text(text)
    with pytest.raises(CommandError, match="is not an object"):
        read_input([f"@{file}"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("12:30:45", "12:30:45"),
        ("010", 10),
        ("0o10", 8),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("1.5", 1.5),
        ("true", True),
        ("~", None),
        ("=", "="),
        ("<<", "<<"),
        ("'2026-11-28'", "2026-11-28"),
        ('"NaN"', "NaN"),
        ("12345678901234567890123", 12345678901234567890123),
    ],
)
def test_a_file_is_yaml_1_2_where_it_is_no_json(text: str, expected: Any, tmp_path: Path) -> None:
    file = tmp_path / "input.yaml"
    file.write_text(f"\ufeffvalue: {text}\nlist: [{text}]\n")
    assert read_input([f"@{file}"]) == {"value": expected, "list": [expected]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("when: 2026-11-28", "line 1, /when: `2026-11-28` is a date to some readers"),
        ("when: 2026-11-28T10:00:00Z", "is a date to some readers"),
        ("a:\n- x: .nan", "line 2, /a/0/x: `.nan` is no JSON number"),
        ("x: NaN", "line 1, /x: `NaN` is a number to some readers"),
        ('{"x": NaN}', "NaN is no JSON number"),
        ('{"x": -Infinity}', "-Infinity is no JSON number"),
        ('{"x": 1e999}', "1e999 is no JSON number"),
        ("x: !!timestamp 2026-11-28", "tag"),
        ("x: !!python/object/apply:os.system [id]", "tag"),
        ("a: &a 1\nb: *a", "anchor"),
        ("a: 1\na: 2", "twice"),
        ("1: a", "not text"),
        ("a: [", "not valid YAML"),
        ("a: b\n---\nc: d", "second document"),
        ("", "no document"),
        ('{"x": "\\ud800"}', "half a character"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_a_file_cannot_say_is_a_sentence(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "input.yaml"
    file.write_text(text)
    for read in (lambda: read_input([f"@{file}"]), lambda: read_value(f"@{file}")):
        with pytest.raises(CommandError) as refused:
            read()
        assert reason in str(refused.value)
        assert str(file) in str(refused.value) or "--input" in str(refused.value)
        assert refused.value.code == ExitCode.USAGE


def test_bytes_that_are_no_text_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"a: \xff")
    for given in (f"@{tmp_path / 'bytes'}", "a=\udcff", '{"a": "\udcff"}'):
        with pytest.raises(CommandError, match=r"UTF-8|half a character"):
            read_input([given])


def test_what_is_no_json_in_a_pair_is_text() -> None:
    texts = {"a": "NaN", "b": "Infinity", "c": "1e999", "d": "2026-11-28"}
    assert read_input([f"{name}={text}" for name, text in texts.items()]) == texts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("temporary", "temporary"),
        ("none", "none"),
        ("shop", {"git": {"repository": "shop"}}),
        (
            '{"git": {"repository": "shop", "base": "v1"}}',
            {"git": {"repository": "shop", "base": "v1"}},
        ),
    ],
)
def test_a_workspace_is_a_word_a_repository_or_an_object(text: str, value: object) -> None:
    assert read_workspace(text) == value
