"""The cells of a row in the list of executions."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.columns import Column

register = template.Library()


@register.simple_tag(takes_context=True)
def cells(context: Context) -> SafeString:
    """A cell of the row's ``execution`` for each of the ``columns``.

    A page has hundreds of them. Each renders its template among the row's own names: including it
    would take longer than most of them take to render.
    """
    assert context.template is not None
    engine, pieces = context.template.engine, []
    for column in context["columns"]:
        cell = engine.get_template(column.template)
        with context.push():
            inner = cell.nodelist.render(context)
        pieces.append(f"\n  {_opening(column, column.title)}{inner}</span>\n  ")
    return SafeString("".join(pieces))


@lru_cache(maxsize=256)
def _opening(column: Column, title: str) -> SafeString:
    return format_html(
        '<span class="col col-{}{}" role="cell"\n    data-title="{}">',
        column.name,
        " end" if column.is_number else "",
        title,
    )
