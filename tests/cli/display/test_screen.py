"""Tables."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from executions.cli.display.columns import COLUMNS, rows
from executions.cli.display.screen import _fitting, print_table
from executions.cli.kinds import KINDS, MESSAGE, OCCURRENCE, VISIT


def test_columns_are_as_wide_as_they_need_and_lines_end_where_they_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(["ID", "NAME"], [["1", "tea"], ["1000", "x" * 300]])
    assert capsys.readouterr().out == f"ID    NAME\n1     tea\n1000  {'x' * 300}\n"


@pytest.mark.parametrize(
    ("width", "expected"), [(200, 4), (57, 4), (56, 3), (47, 3), (46, 2), (10, 1)]
)
def test_columns_that_would_begin_at_the_edge_of_the_terminal_are_left_out(
    width: int, expected: int
) -> None:
    # They begin at 0, 32, 40 and 49.
    assert _fitting([30, 6, 7, 20], width) == expected


def test_wide_tables_are_neither_cut_nor_short_of_a_column(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heads, row = ["ID", "REASON", "WHO"], ["x" * 12, "y" * 30, "z" * 30]
    printed = StringIO()
    narrow = Console(file=printed, width=20, force_terminal=True, color_system=None, soft_wrap=True)
    monkeypatch.setattr("executions.cli.display.screen.console", lambda: narrow)
    print_table(heads, [row], has_wide=True)
    assert "Too narrow for REASON, WHO: widen the terminal, or use -o wide." in (
        capsys.readouterr().err
    )
    print_table(heads, [row], is_wide=True, has_wide=True)
    assert printed.getvalue().splitlines()[-1] == "  ".join(row)
    assert not capsys.readouterr().err


def test_wide_characters_take_their_two_cells(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["NAME", "ID"], [["茶", "1"], ["teapot", "2"]])
    assert capsys.readouterr().out == "NAME    ID\n茶      1\nteapot  2\n"


def test_markup_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["NAME"], [["[red]not[/red]"], [":smile:"]])
    assert capsys.readouterr().out == "NAME\n[red]not[/red]\n:smile:\n"


def test_every_kind_has_its_columns() -> None:
    assert set(COLUMNS) == {kind.name for kind in (*KINDS, MESSAGE, OCCURRENCE, VISIT)}


def test_an_empty_cell_is_a_dash() -> None:
    assert rows({"A": lambda item: ""}, [{}]) == [["-"]]
