"""What inner rooms say, in the language of the page; English where no language is chosen."""

from __future__ import annotations

from django.utils import translation
from django.utils.safestring import SafeString

from dashboard import words
from dashboard.templatetags.shell import with_code
from executions.said import Said


def test_a_word_of_a_table_is_said_in_the_language_of_the_page() -> None:
    assert words.phase_look("FAILED").word == "Failed"
    with translation.override("de"):
        look = words.phase_look("FAILED")
    assert look.word == "Fehlgeschlagen"
    assert look.tone == words.phase_look("FAILED").tone


def test_values_that_are_sentences_are_translated_and_others_are_not() -> None:
    said = Said("{phase} · {name}", phase=Said("Failed"), name="Failed")
    assert words.translated(said) == "Failed · Failed"
    with translation.override("de"):
        assert words.translated(said) == "Fehlgeschlagen · Failed"
        together = Said.together(Said("Failed"), "{Failed}")
        assert words.translated(together) == "Fehlgeschlagen {Failed}"


def test_a_sentence_that_nobody_translated_stays_as_it_is() -> None:
    with translation.override("de"):
        assert words.translated(Said("Nobody says {this}.", this=1)) == "Nobody says 1."
        assert words.translated("Nobody says {this} either.") == "Nobody says {this} either."
        assert words.translated("") == ""


def test_a_value_is_escaped_and_markup_of_ours_stays() -> None:
    with translation.override("de"):
        shown = with_code(Said("`code` and {name}", name="<b>"))
        assert shown == "<code>code</code> and &lt;b&gt;"
        assert with_code(SafeString("<b>Failed</b>")) == "<b>Failed</b>"
