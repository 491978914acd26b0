"""How an answer is printed."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    TABLE = "table"
    YAML = "yaml"
    JSON = "json"


class Sentence(StrEnum):
    """Of commands that do something: a sentence for people, or what the server answered."""

    TEXT = "text"
    JSON = "json"
