"""How an answer is printed."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    TABLE = "table"
    YAML = "yaml"
    JSON = "json"


class Listed(StrEnum):
    """Of commands that list: names too, one a line, for other commands."""

    TABLE = "table"
    YAML = "yaml"
    JSON = "json"
    NAME = "name"


class Sentence(StrEnum):
    """Of commands that do something: a sentence for people, or what the server answered."""

    TEXT = "text"
    JSON = "json"
