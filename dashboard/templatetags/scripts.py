"""Tags for scripts: whatever a module imports is fetched beside it, in one round trip."""

from __future__ import annotations

import posixpath
import re
from functools import cache

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
_IMPORTED = re.compile(r'^(?:import|export)\b[^;"]*?"(\.{1,2}/[^"]+\.js)";', re.MULTILINE)


@register.simple_tag
def imports_of(name: str) -> SafeString:
    """A link for each module that the static file ``name`` imports, directly or not."""
    links = ((static(each),) for each in _imported(name))
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', links)


@register.simple_tag
def words_of_scripts(language: str) -> SafeString:
    """The words of scripts in this language; they are written in English."""
    if language == "en":
        return SafeString()
    return format_html('<script src="{}" defer></script>\n', static(f"js/words/{language}.js"))


@cache
def _imported(name: str) -> tuple[str, ...]:
    imported: list[str] = []
    left = [name]
    while left:
        at = left.pop(0)
        path = finders.find(at)
        if path is None:
            raise FileNotFoundError(f"there is no static file {at}, which {name} imports")
        with open(path, encoding="utf-8") as file:
            wanted = _IMPORTED.findall(file.read())
        for each in wanted:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(at), each))
            if target != name and target not in imported:
                imported.append(target)
                left.append(target)
    return tuple(imported)
