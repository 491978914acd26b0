"""Sentences that know their template and values are their English text everywhere else."""

from __future__ import annotations

import json

from executions.errors import Refused
from executions.said import Said


def test_a_sentence_is_its_english_text_and_remembers_template_and_values() -> None:
    said = Said("There are {most:,} tokens, not {name!r}.", most=1000, name="x{y}")
    assert said == "There are 1,000 tokens, not 'x{y}'."
    assert json.dumps([said]) == "[\"There are 1,000 tokens, not 'x{y}'.\"]"
    assert said.template == "There are {most:,} tokens, not {name!r}."
    assert said.values == {"most": 1000, "name": "x{y}"}


def test_several_sentences_stand_together_without_the_empty_ones() -> None:
    said = Said.together("One {stays}.", "", Said("Two."))
    assert said == "One {stays}. Two."
    assert list(said.parts) == ["One {stays}.", "Two."]


def test_the_text_of_a_refusal_consists_of_its_sentences() -> None:
    refused = Refused("invalid", Said("It is {phase}.", phase="FAILED"), remedy="Retry it.")
    assert refused.text == str(refused) == "It is FAILED. Retry it."
