"""A session written down in Markdown, and played again.

A fenced block ``console`` holds commands (``$ …``) and what they print; a fenced block ``yaml`` is
written to the file that the line before it names in backticks. What differs from day to day is
compared by its form, but ids stand for something: one that was printed once has to be the same
wherever it appears again, in commands as in output.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

FENCE = "```"
IDS = re.compile(r"\b[a-z]{3}-[0-9a-hjkmnp-tv-z]{26}\b")
# What differs from day to day → what stands for it.
FORMS = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)"), "<moment>"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "<clock>"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s|min( \d+ s)?)\b"), "<span>"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "<hex>"),
    (re.compile(r"\bTR[0-9A-F]{10}\b"), "<tracking>"),
    (re.compile(r"\bpay-\d+\b"), "<payment>"),
    (re.compile(r" +"), " "),
    (re.compile(r"^ ?\d+ ", re.MULTILINE), "<seq> "),
    (re.compile(r"(sequence |\"seq\":)\d+"), r"\1<seq>"),
)


@dataclass(slots=True)
class Player:
    """Plays a session.

    ``run`` executes one command line and gives what it printed and its exit code.
    """

    run: Callable[[list[str], str], tuple[str, int]]
    folder: Path
    ids: dict[str, str] = field(default_factory=dict)
    code: int = 0
    last_run: str = ""

    def play(self, text: str) -> Iterator[tuple[str, str, str]]:
        """Each command as written, what is written that it prints, and what it printed."""
        before, block, language = "", list[str](), None
        for line in text.splitlines():
            if line.startswith(FENCE) and language is None:
                language, block = line.removeprefix(FENCE), []
            elif line == FENCE:
                if language == "yaml":
                    self._write(before, block)
                elif language == "console":
                    yield from self._session(block)
                language = None
            elif language is not None:
                block.append(line)
            elif line:
                before = line

    def _write(self, before: str, block: list[str]) -> None:
        name = re.match(r"`([\w.-]+)`", before)
        assert name is not None, f"no name of a file before a block of YAML: {before!r}"
        (self.folder / name[1]).write_text("\n".join(block) + "\n")

    def _session(self, block: list[str]) -> Iterator[tuple[str, str, str]]:
        for part in re.split(r"^\$ ", "\n".join(block), flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            printed = self._printed(command).rstrip("\n")
            self._learn(expected, printed)
            yield command, expected.rstrip("\n"), printed

    def _printed(self, command: str) -> str:
        if command == "echo $?":
            return str(self.code)
        for written in IDS.findall(command):
            self.ids.setdefault(written, self.last_run)
        words = shlex.split(self.form(command))
        stdin = ""
        if "<" in words:
            at = words.index("<")
            stdin = (self.folder / words[at + 1]).read_text()
            words = words[:at]
        printed, self.code = self.run(words, stdin)
        runs = [each for each in IDS.findall(printed) if each.startswith("wex-")]
        self.last_run = runs[-1] if runs else self.last_run
        return printed

    def _learn(self, expected: str, printed: str) -> None:
        """Ids at the same places stand for each other from now on."""
        for written, real in zip(IDS.findall(expected), IDS.findall(printed), strict=False):
            self.ids.setdefault(written, real)

    def form(self, written: str) -> str:
        """What is written, with the ids of today."""
        return IDS.sub(lambda found: self.ids.get(found[0], found[0]), written)


def comparable(text: str) -> list[str]:
    """The lines without what differs from day to day."""
    for pattern, form in FORMS:
        text = pattern.sub(form, text)
    return [line.rstrip() for line in text.splitlines()]
