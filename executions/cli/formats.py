"""How an answer is printed."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    TABLE = "table"
    YAML = "yaml"
    JSON = "json"


class Listed(StrEnum):
    """Of commands that list: a table of which nothing is cut, and names, one a line."""

    TABLE = "table"
    WIDE = "wide"
    YAML = "yaml"
    JSON = "json"
    NAME = "name"


class Sentence(StrEnum):
    """Of commands that do something: a sentence for people, or what the server answered."""

    TEXT = "text"
    JSON = "json"
