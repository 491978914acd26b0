"""The functions of the CSV import, called directly."""

from __future__ import annotations

from pathlib import Path

import pytest

from executions.calls.python.functions import ArgumentsInvalid, FunctionContext, find
from executions.demo import imports
from executions.demo.imports import BadRow, import_row, keys

CONTEXT = FunctionContext("wex-1", "c-1", 1, "key-1")
HEAD = "id,name,email,country\n"
GOOD = "1,Ann,ann@example.org,DE\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STIGMER_HOME", str(tmp_path))
    (tmp_path / "imports").mkdir()
    return tmp_path / "imports"


def write(folder: Path, text: str) -> str:
    (folder / "a.csv").write_text(text)
    return "a.csv"


def stored() -> list[tuple[object, ...]]:
    with imports.ledger() as connection:
        return list(connection.execute("SELECT id, name, writes FROM customer"))


def test_the_ids_come_in_the_order_of_the_file(folder: Path) -> None:
    assert keys(write(folder, HEAD + "2,B,b@x.org,DE\n" + GOOD)) == ["2", "1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,id\n", "the first line has to be id,name,email,country"),
        (HEAD + ",Ann,ann@example.org,DE\n", "line 2: the id is missing"),
        (HEAD + GOOD + GOOD, "line 3: the id 1 is in line 2 already"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_its_line(
    folder: Path, text: str, said: str
) -> None:
    with pytest.raises(BadRow, match=said):
        keys(write(folder, text))


def test_a_file_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(BadRow, match=r"none\.csv is not in the folder"):
        keys("none.csv")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,,ann@example.org,DE\n", r"line 2 \(1\): the name is missing"),
        ("1,Ann,ann.example.org,DE\n", "'ann.example.org' is no e-mail address"),
        ("1,Ann,ann@example.org,Germany\n", "'Germany' has to be two capital letters"),
        ("2,Ann,ann@example.org,DE\n", "the row 1 is not there any more"),
    ],
)
def test_a_bad_row_is_refused_and_nothing_is_written(folder: Path, row: str, said: str) -> None:
    with pytest.raises(BadRow, match=said):
        import_row(write(folder, HEAD + row), "1", CONTEXT)
    assert stored() == []


def test_a_row_that_is_there_already_is_not_written_again(folder: Path) -> None:
    name = write(folder, HEAD + GOOD)
    assert import_row(name, "1", CONTEXT)["result"] == "written"
    assert import_row(name, "1", CONTEXT)["result"] == "already there"
    assert stored() == [("1", "Ann", 1)]


def test_a_row_that_changed_is_written_anew(folder: Path) -> None:
    import_row(write(folder, HEAD + GOOD), "1", CONTEXT)
    assert (
        import_row(write(folder, HEAD + GOOD.replace("Ann", "Anna")), "1", CONTEXT)["result"]
        == "written"
    )
    assert stored() == [("1", "Anna", 2)]


def test_a_correction_replaces_a_value_but_never_the_id(folder: Path) -> None:
    name = write(folder, HEAD + GOOD.replace("ann@", "ann(at)"))
    assert import_row(name, "1", CONTEXT, {"email": "ann@example.org"})["result"] == "written"
    with pytest.raises(BadRow, match="no column 'id' to correct"):
        import_row(name, "1", CONTEXT, {"id": "7"})


@pytest.mark.parametrize(
    "name", ["../logins.csv", "a/b.csv", "/etc/x.csv", "customers.sqlite3", ".csv"]
)
def test_only_a_plain_file_name_is_taken(name: str) -> None:
    with pytest.raises(ArgumentsInvalid):
        find("demo.csv.keys").checked({"file": name})
