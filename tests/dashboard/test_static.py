"""What can be told of the scripts and styles without a browser."""

from __future__ import annotations

import hashlib
import re

from stigmer_site.assets import STATIC, TEMPLATES

LOOKED_AT = {
    "htmx-4.0.1.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "codemirror.min.js": "d0326ca6fe51f034c0ed613791ae139044580027832cd49f29bfadcafdd99d80",
}
MOST_COLUMNS = 100


def test_no_keyboard_shortcut_clashes_with_another() -> None:
    keys = re.findall(r'register\("([^"]+)"', (STATIC / "js" / "main.js").read_text())
    assert len(keys) > 8
    assert len(keys) == len(set(keys))
    prefixes = {key for key in keys if any(other.startswith(f"{key} ") for other in keys)}
    assert prefixes == set()


def test_nothing_destructive_has_a_key() -> None:
    words = re.findall(r'register\("[^"]+", "([^"]+)"', (STATIC / "js" / "main.js").read_text())
    assert not [
        word
        for word in words
        if re.search("retry|skip|cancel|terminate|recover|delete", word, re.I)
    ]


def test_templates_hold_no_inline_style_script_or_handler() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        assert not re.search(
            r"\sstyle=|\son[a-z]+=|<style|javascript:|hx-on|\|safe|mark_safe|js:", text
        ), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), path


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text()))
    used = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'{% icon "([^"]+)"', path.read_text())
    }
    assert used <= drawn


def test_vendored_scripts_are_the_files_that_were_looked_at() -> None:
    told = (STATIC / "vendor" / "README.md").read_text()
    for path in (STATIC / "vendor").glob("*.js"):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert digest == LOOKED_AT[path.name]
        assert f"| {path.name} |" in told and digest in told


def test_styles_stay_small() -> None:
    """Indentation is not weight: a browser gets these files compressed."""
    sheets = (path.read_text() for path in (STATIC / "css").glob("*.css"))
    assert sum(len(line.strip()) + 1 for text in sheets for line in text.splitlines()) < 62_500


def test_no_line_is_longer_than_a_hundred_columns() -> None:
    """But for the German words of the scripts, which ``scripts/translations.py`` writes."""
    scripts = [path for path in (STATIC / "js").rglob("*.js") if path.parent.name != "words"]
    long = [
        f"{path.name}:{number}"
        for path in (*(STATIC / "css").glob("*.css"), *scripts, *TEMPLATES.rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > MOST_COLUMNS
    ]
    assert long == []
