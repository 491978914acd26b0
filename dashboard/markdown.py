"""A model's text for people: markdown through a list of what is allowed.

Anybody may have put words into a model's mouth. So no picture is loaded, no style or id is taken
over, and a link says where it leads.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from dashboard import values

MOST_CHARACTERS = 50_000
_TAGS = frozenset(
    {"p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"}
    | {"h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
)
# Titles of a text stand below those of the page.
_LOWERED = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6"}


def rendered(text: str) -> SafeString:
    """The text as HTML; what is too long to be read as markdown stays as it is."""
    shown = values.plain(text)
    if len(shown) > MOST_CHARACTERS:
        return SafeString(f"<pre>{nh3.clean_text(shown[:MOST_CHARACTERS])}…</pre>")
    html = _reader().render(shown)
    return SafeString(
        nh3.clean(
            html,
            tags=set(_TAGS),
            attributes={"a": {"href"}, "ol": {"start"}},
            url_schemes={"http", "https"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    reader.disable("image")
    reader.core.ruler.push("lower", _lower)
    reader.core.ruler.push("hosts", _tell_hosts)
    return reader


def _lower(state: StateCore) -> None:
    for token in state.tokens:
        token.tag = _LOWERED.get(token.tag, token.tag)


def _tell_hosts(state: StateCore) -> None:
    """Behind each link stands the host to which it leads."""
    for block in state.tokens:
        children: list[Token] = []
        leads_to = ""
        for token in block.children or ():
            children.append(token)
            if token.type == "link_open":
                leads_to = urlsplit(str(token.attrGet("href") or "")).netloc
            elif token.type == "link_close" and leads_to:
                children.append(Token("text", "", 0, content=f" ({leads_to})"))
        if block.children is not None:
            block.children = children
