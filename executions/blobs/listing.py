"""The lists of files that a storage which speaks S3 answers, in XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote
from xml.etree import ElementTree

from executions.blobs.kept import StorageFailed

_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,60})</Code>")


@dataclass(frozen=True, slots=True)
class Page:
    """The names below the prefix with the times of their last change, and where the list goes on;
    empty at its end.
    """

    files: tuple[tuple[str, datetime], ...]
    following: str


def read(body: bytes, prefix: str) -> Page:
    """A page of a list. Raises StorageFailed for what is none."""
    try:
        # Of a list no part is defined in itself: entities could make a small page a large one.
        if b"<!" in body:
            raise ValueError
        root = ElementTree.fromstring(body)
        files = tuple(_files(root, prefix))
    except (ElementTree.ParseError, ValueError):
        raise StorageFailed("The storage answers with something else than a list.") from None
    is_cut = _text(root, "IsTruncated").strip().lower() == "true"
    return Page(files, _text(root, "NextContinuationToken") if is_cut else "")


def code_of(body: bytes) -> str:
    """The word for an error; empty where none is said."""
    match = _CODE.search(body)
    return match[1].decode() if match else ""


def _files(root: ElementTree.Element, prefix: str) -> Iterator[tuple[str, datetime]]:
    for each in root.iterfind("{*}Contents"):
        name = unquote(_text(each, "Key"))
        if name.startswith(prefix):
            changed = datetime.fromisoformat(_text(each, "LastModified"))
            yield name.removeprefix(prefix), changed.replace(tzinfo=changed.tzinfo or UTC)


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{{*}}{name}") or ""
