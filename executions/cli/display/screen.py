"""The terminal, or the pipe: colours where a person looks, bare lines of any length where a program
reads.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from executions.cli.display.words import STYLES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Row = Sequence[str]
GAP = "  "
LEAST_CELLS = 8


def console(*, to_errors: bool = False) -> Console:
    """Prints without markup, highlighting and wrapping."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False, soft_wrap=True, stderr=to_errors)


def note(text: str) -> None:
    """A word to the person at the keyboard, beside the output."""
    print(text, file=sys.stderr)


def print_table(
    heads: Row,
    rows: Sequence[Row],
    *,
    indent: str = "",
    is_wide: bool = False,
    has_wide: bool = False,
) -> None:
    """Columns as wide as they need to be.

    In a terminal the last one is cut, and those that would begin beyond its edge are left out, so
    that no line wraps; a note names those. Nothing is cut or left out where ``is_wide``;
    ``has_wide`` says that the command can be asked for that.
    """
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    out = console()
    widths = [max(cell_len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    is_cut = out.is_terminal and not is_wide
    columns = _fitting(widths, out.width - len(indent)) if is_cut else len(widths)
    left_out = heads[columns:]
    widths = widths[:columns]
    for line, row in enumerate(each[:columns] for each in (heads, *rows)):
        cells = [
            set_cell_size(text, width) for text, width in zip(row[:-1], widths[:-1], strict=True)
        ]
        text = Text(indent)
        for at, cell in enumerate((*cells, row[-1])):
            style = "dim" if line == 0 else STYLES.get(cell.strip(), "")
            text.append(GAP if at else "").append(cell, style)
        text.rstrip()
        if is_cut:
            text.truncate(out.width, overflow="ellipsis")
        out.print(text)
    if left_out:
        ways = "widen the terminal, or use -o wide." if has_wide else "widen the terminal."
        note(f"Too narrow for {', '.join(left_out)}: {ways}")


def _fitting(widths: Sequence[int], width: int) -> int:
    """How many columns begin far enough from the edge to be read."""
    begin, count = 0, 0
    for each in widths:
        if count and begin + min(each, LEAST_CELLS) > width:
            break
        begin, count = begin + each + len(GAP), count + 1
    return count


def print_line(*parts: tuple[str, str] | str) -> None:
    """One line of texts, each with its style or without."""
    console().print(line_of(*parts))


def line_of(*parts: tuple[str, str] | str) -> Text:
    from rich.text import Text

    return Text.assemble(*parts)
