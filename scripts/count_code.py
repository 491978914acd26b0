"""How large the product is: ``python scripts/count_code.py`` prints its files, lines of code and
tokens.

Comments, docstrings, blank lines, migrations and tests are not counted. ``--at COMMIT`` counts
another commit.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("dashboard", "executions", "stigmer_site")
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at", default="HEAD", metavar="COMMIT")
    commit = parser.parse_args().at
    totals = {room: [0, 0, 0] for room in ROOMS}
    for path, text in sources(commit):
        lines, tokens = count(text)
        for index, more in enumerate((1, lines, tokens)):
            totals[path.split("/")[0]][index] += more
    for room, (files, lines, tokens) in totals.items():
        print(f"{room:<14}{files:>6} files {lines:>8,} lines {tokens:>9,} tokens")
    files, lines, tokens = (sum(each) for each in zip(*totals.values(), strict=True))
    print(f"{'all':<14}{files:>6} files {lines:>8,} lines {tokens:>9,} tokens")


def sources(commit: str) -> Iterator[tuple[str, str]]:
    """Path and text of each Python file of the product at this commit."""
    root = Path(__file__).parents[1]
    listed = ["git", "ls-tree", "-r", "--name-only", commit, *ROOMS]
    for path in subprocess.run(
        listed, cwd=root, capture_output=True, text=True, check=True
    ).stdout.split():
        if path.endswith(".py") and "/migrations/" not in path:
            shown = ["git", "show", f"{commit}:{path}"]
            yield (
                path,
                subprocess.run(shown, cwd=root, capture_output=True, text=True, check=True).stdout,
            )


def count(text: str) -> tuple[int, int]:
    """Lines that hold code, and tokens."""
    prose = docstrings(text)
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in LAYOUT and token.start not in prose
    ]
    lines = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    return len(lines), len(tokens)


def docstrings(text: str) -> set[tuple[int, int]]:
    """Where they begin: line and column."""
    places = set()
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            places.add((node.lineno, node.col_offset))
    return places


if __name__ == "__main__":
    main()
