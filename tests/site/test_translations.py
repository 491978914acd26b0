"""The second language is complete: every sentence of the sources has a translation, and pages show
no words that nobody marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scripts import translations
from scripts.translations import Key

TEMPLATES = translations.ROOT / "templates"
# Names, and what is typed as it stands.
SAID_IN_EVERY_LANGUAGE = frozenset(
    {
        *("Stigmer", "Ctrl", "Enter", "Esc", "JSON", "YAML", "API", "CSV", "Cron", "Landlock"),
        *("null", "wex", "team", "chat"),
    }
)
# What a person reads of an element beside its text.
READ = frozenset({"aria-label", "alt", "placeholder", "title", "data-said", "data-label"})
AS_IT_STANDS = frozenset({"code", "pre", "kbd", "script", "style", "textarea"})
_MARKED = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}"
    r"|\{%\s*comment\b.*?\{%\s*endcomment\s*%\}|\{#.*?#\}",
    re.DOTALL,
)
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
# What these tags hold is marked, or is compared and never shown.
_NOT_SHOWN = re.compile(r"\{%\s*(?:trans(?:late)?|if|elif)\b")
_ATTRIBUTE = re.compile(r"[\w-]+=\"[^\"]*\"")
_LITERAL = re.compile(r"(_\()?\"([^\"]*)\"")
_COUNTED = re.compile(r"\|plural:\"[^\"]*\"")
_SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}|^[A-Z][a-z]+")
_WORD = re.compile(r"[A-Za-z]{2,}")


def test_every_sentence_has_a_translation_with_the_same_placeholders_and_none_is_left_over() -> (
    None
):
    kept = translations.read(translations.PO.read_text(encoding="utf-8"))
    told = translations.problems(kept, translations.collected())
    assert not told, "run python scripts/translations.py, then complete django.po:\n" + "\n".join(
        told
    )


def test_what_django_and_the_scripts_read_is_what_the_catalogue_says() -> None:
    kept = translations.read(translations.PO.read_text(encoding="utf-8"))
    assert translations.PO.read_text(encoding="utf-8") == translations.written(kept)
    assert translations.MO.read_bytes() == translations.compiled(kept)
    words = translations.SCRIPT_WORDS.read_text(encoding="utf-8")
    assert words == translations.words_of_scripts(kept)


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_a_template_has_no_words_that_nobody_marked(path: Path) -> None:
    assert not list(unmarked(path.read_text(encoding="utf-8")))


def test_words_that_nobody_marked_are_found_wherever_a_page_shows_them() -> None:
    template = (
        '{% translate "Fine" %}<p title="Held back">Not said</p>{% icon "search" %}'
        '{% nav_link "x" "Bare words" %}{{ x|default:_("Said") }}<code>stigmer up</code>'
        "{% blocktranslate %}Well said{% endblocktranslate %}"
    )
    assert set(unmarked(template)) == {"Held back", "Not said", "Bare words"}


def test_sentences_are_collected_from_templates_scripts_modules_and_rows_of_tables() -> None:
    template = (
        '{% translate "A" %}{% blocktranslate trimmed count n=x %}\n {{ n }} run\n'
        '{% plural %}\n {{ n }} runs\n{% endblocktranslate %}{{ n|plural:"step" }}'
    )
    assert set(translations.of_template(template)) == {
        Key("A"),
        Key("%(n)s run", "%(n)s runs"),
        Key("{number} step", "{number} steps"),
    }
    assert list(translations.of_script('say(_("Copied"), "not this")')) == [Key("Copied")]
    module = 'X = Look("Failed", "alert")\ny = _("One " "two")\n'
    assert set(translations.of_python(module, "executions/x.py")) == {Key("Failed"), Key("One two")}


class _Seen(HTMLParser):
    """The texts that a reader sees or hears, of HTML without Django's tags."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in READ and value]
        if tag in AS_IT_STANDS:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.texts.append(data)


def unmarked(template: str) -> Iterator[str]:
    """What a page would show that no tag of translation stands around."""
    text = _MARKED.sub("", template)
    for tag in _TAG.findall(text):
        if _NOT_SHOWN.match(tag):
            continue
        for mark, literal in _LITERAL.findall(_COUNTED.sub("", tag)):
            is_name = literal in SAID_IN_EVERY_LANGUAGE or literal.isupper()
            if not mark and not is_name and _SENTENCE.search(literal):
                yield literal
    seen = _Seen()
    seen.feed(_TAG.sub("", text))
    seen.close()
    for words in seen.texts:
        if set(_WORD.findall(_ATTRIBUTE.sub("", words))) - SAID_IN_EVERY_LANGUAGE:
            yield " ".join(words.split())
