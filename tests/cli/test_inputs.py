"""What ``--input`` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from executions.cli.exits import CommandError, ExitCode
from executions.cli.inputs import read_input, read_value


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], None),
        (["sku=tea"], {"sku": "tea"}),
        (["quantity=3", "express=true", "note=null"], {"quantity": 3, "express": True, "note": None}),
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
