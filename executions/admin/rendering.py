"""How values look in the admin: JSON readable and escaped, records as links, lists short."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from executions import showing
from stigmer_site.zones import exact

MOST_CHARACTERS = 20_000
NOTHING = "–"


def json_text(value: Any) -> SafeString | str:
    """A JSON value, indented; what is too long for a page is cut and says so."""
    if value is None:
        return NOTHING
    text = json.dumps(showing.value(value), indent=2, ensure_ascii=False)
    cut = len(text) - MOST_CHARACTERS
    note = (
        format_html('<p class="help">{} more characters are not shown here.</p>', cut)
        if cut > 0
        else ""
    )
    return format_html("{}{}", _block(text[:MOST_CHARACTERS], "Value"), note)


def text_block(text: str) -> SafeString | str:
    """A longer text with its line breaks, such as a log or a definition."""
    return _block(showing.text(text), "Text") if text else NOTHING


def _block(text: str, label: str) -> SafeString:
    """A long value scrolls in its place, also with the keyboard."""
    return format_html(
        '<pre class="stigmer-json" tabindex="0" role="group" aria-label="{}">{}</pre>', label, text
    )


def json_field(name: str) -> Callable[[Any, Any], SafeString | str]:
    """A read-only field that shows the JSON column ``name``."""

    @admin.display(description=name.replace("_", " "))
    def shown(self: Any, record: Any) -> SafeString | str:
        return json_text(getattr(record, name))

    return shown


def text_field(name: str) -> Callable[[Any, Any], SafeString | str]:
    """A read-only field that shows the text of the column ``name``."""

    @admin.display(description=name.replace("_", " "))
    def shown(self: Any, record: Any) -> SafeString | str:
        return text_block(getattr(record, name))

    return shown


def link(record: Model | None, text: str = "") -> SafeString | str:
    """A link to a record's own page in the admin."""
    if record is None:
        return NOTHING
    address = reverse(
        f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk]
    )
    return format_html('<a href="{}">{}</a>', address, text or str(record))


def link_field(name: str, title: str = "") -> Callable[[Any, Any], SafeString | str]:
    """A read-only field that leads to the record in the column ``name``."""

    @admin.display(description=title or name.replace("_", " "))
    def shown(self: Any, record: Any) -> SafeString | str:
        return link(getattr(record, name))

    return shown


def list_link(model: type[Model], text: str, **filters: Any) -> SafeString:
    """A link to a list of records that fit ``filters``."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, urlencode(filters), text)


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> SafeString:
    """A small table; every cell is escaped unless it is safe already."""
    cells = [format_html_join("", "<td>{}</td>", ((cell,) for cell in row)) for row in rows]
    if not cells:
        return mark_safe(NOTHING)
    return format_html(
        '<table class="stigmer-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        format_html_join("", "<th>{}</th>", ((name,) for name in head)),
        format_html_join("", "<tr>{}</tr>", ((row,) for row in cells)),
    )


def moment(at: datetime | None) -> str:
    return NOTHING if at is None else exact(at)
