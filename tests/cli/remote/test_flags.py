from __future__ import annotations

import pytest

from executions.cli.remote.flags import flag_of, in_flags


@pytest.mark.parametrize(
    ("place", "flag"),
    [
        ("#/reason", "--reason"),
        ("#/checkpoint_seq", "--checkpoint"),
        ("version", "--onto"),
        ("#/input/order/qty", "--input /order/qty"),
        ("needs_attention", "--needs-attention"),
        ("If-Match", "--seq"),
        ("#/do/0/first", "/do/0/first"),
        ("execution_id", "execution_id"),
        ("#", "/"),
    ],
)
def test_a_place_is_named_by_its_option_where_it_has_one(place: str, flag: str) -> None:
    assert flag_of(place) == flag


def test_a_sentence_speaks_of_options() -> None:
    said = in_flags("#/reason: too long. Start it with `runner: external`.", ["#/reason"])
    assert said == "--reason: too long. Start it with `--runner external`."
