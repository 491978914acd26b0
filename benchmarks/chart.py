"""A chart of bars as SVG text: readable on light and dark pages, with its figures as words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, ROW, BAR, HEAD = 760, 22, 14, 34
LEFT, LONGEST = 150, 380
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.head { font-weight: 600 }
.bar { fill: #8c959f }
.first { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .bar { fill: #6e7681 }
  .first { fill: #4493f8 }
}
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Bars of one figure; ``said`` is what stands beside each."""

    title: str
    values: Mapping[str, float]
    said: Mapping[str, str]


def chart(title: str, groups: Sequence[Group]) -> str:
    """The first bar of each group is set apart by its colour; the longest fills the width."""
    drawn: list[str] = []
    y = HEAD
    for group in groups:
        drawn.append(f'<text class="head" x="0" y="{y}">{escape(group.title)}</text>')
        drawn += _bars(group, y + 10)
        y += HEAD + ROW * len(group.values)
    height = y - HEAD + 10
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
            ' aria-labelledby="title desc">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(" ".join(map(_words, groups)))}</desc>',
            f"<style>{STYLE}</style>",
            *drawn,
            "</svg>",
            "",
        ]
    )


def _bars(group: Group, y: int) -> Iterator[str]:
    most = max(group.values.values()) or 1
    for index, (name, value) in enumerate(group.values.items()):
        top, kind = y + index * ROW, "bar" if index else "bar first"
        length = max(1.0, round(value / most * LONGEST, 1))
        base = top + BAR - 2
        yield f'<text x="0" y="{base}">{escape(name)}</text>'
        yield f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{length}" height="{BAR}" rx="2"/>'
        yield f'<text x="{LEFT + length + 8}" y="{base}">{escape(group.said[name])}</text>'


def _words(group: Group) -> str:
    return f"{group.title}: {'; '.join(f'{name}: {group.said[name]}' for name in group.values)}."
