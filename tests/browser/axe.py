"""Accessibility as axe-core 4.14.1 judges it (npm package axe-core; MPL-2.0, licence beside it)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SCRIPT = (Path(__file__).parent / "axe" / "axe-4.14.1.min.js").read_text()
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS, THEMES = (320, 768, 1440), ("light", "dark")
# Colours that are still on their way to another theme are nobody's colours.
_SETTLED = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const ending = document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < Infinity);
  await Promise.allSettled(ending.map((each) => each.finished));
}"""
_RUN = "(rules) => axe.run({resultTypes: ['violations'], runOnly: rules})"
# The innermost elements that reach out of the screen, but for those in a box that scrolls.
_REACHING_OUT = """() => {
  const scrolls = (each) => getComputedStyle(each).overflowX !== "visible";
  const inside = (each) => {
    const around = each.parentElement;
    return around !== null && around !== document.body && (scrolls(around) || inside(around));
  };
  return [...document.body.querySelectorAll("*")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5 && !inside(each))
    .filter((each, _, all) => !all.some((other) => other !== each && each.contains(other)))
    .map((each) => `<${each.localName} class="${each.className}"> ${each.textContent.trim().slice(0, 40)}`)
    .slice(0, 5).join("; ");
}"""


def violations(page: Page, widths: Sequence[int] = WIDTHS) -> list[str]:
    """One sentence for each violation on this page, at these widths and in both themes."""
    found: list[str] = []
    page.evaluate(_SCRIPT)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            page.emulate_media(
                color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce"
            )
            page.evaluate(_SETTLED)
            found += [f"{width} {theme} {each}" for each in _said(page.evaluate(_RUN, _RULES))]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                reach = page.evaluate(_REACHING_OUT)
                found.append(f"{width} {theme} the page is wider than the screen: {reach}")
    return found


def _said(result: dict[str, Any]) -> list[str]:
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in result["violations"]
        for node in each["nodes"][:3]
    ]
