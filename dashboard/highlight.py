"""Definitions in colour, by classes: inline styles are forbidden by the page's policy."""

from __future__ import annotations

from functools import lru_cache

from django.utils.safestring import SafeString
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import YamlLexer


@lru_cache(maxsize=64)
def yaml(source: str) -> SafeString:
    """The text as HTML lines with anchors ``line-1`` …; pygments escapes what it is given."""
    formatter = HtmlFormatter(
        cssclass="code", linenos="inline", lineanchors="line", anchorlinenos=True, wrapcode=True
    )
    return SafeString(highlight(source, YamlLexer(), formatter))
