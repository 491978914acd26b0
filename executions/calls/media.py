"""A Content-Type: the type, its charset, and whether such a body is JSON, a form, other text or
binary.

Sources: RFC 9110 section 8.3, and "extract a MIME type" of the Fetch standard, which says what a
doubled header means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from encodings import aliases
from typing import Any

FORM = "application/x-www-form-urlencoded"
_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_JSON = re.compile(r"(application|text)/(x-)?json|application/x-amz-json-[0-9.]+|.*\+json")
_TEXT = re.compile(r"text/.*|.*\+(xml|yaml|json-seq)")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXT_UNDER_APPLICATION = _words("""
    csv ecmascript graphql javascript jose json-seq json-lines jsonl jsonlines jwt markdown n-quads
    n-triples ndjson node pem-certificate-chain pgp-keys pgp-signature rtf sdp sh shellscript
    sparql-query sparql-update sql toml trig typescript vnd.apple.mpegurl mpegurl xml xml-dtd yaml
    """)
_BINARY_UNDER_APPLICATION = _words("octet-stream pdf zip gzip protobuf msgpack cbor")
_NEVER_JSON = re.compile(
    r"(multipart|image|audio|video|font|model|message)/.*|text/(?!plain$).*|.*\+(xml|yaml|zip)"
)
# Character sets that stand in web pages and answers. The other codecs of Python (`undefined`,
# `idna`, `unicode_escape`, …) are none, and Python would remember each unknown name for good.
_CHARSETS = _words("""
    ascii utf_8 utf_8_sig utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le latin_1
    iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 iso8859_10
    iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 cp437 cp850 cp852 cp855 cp858 cp866
    cp874 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8_r koi8_u mac_roman
    mac_cyrillic tis_620 big5 big5hkscs cp932 cp949 cp950 euc_jp euc_kr gb2312 gbk gb18030 hz
    iso2022_jp iso2022_kr johab shift_jis
    """)
_NAMES = {alias: name for alias, name in aliases.aliases.items() if name in _CHARSETS}
_NAMES |= {name: name for name in _CHARSETS}


@dataclass(frozen=True, slots=True)
class MediaType:
    """``kind`` is ``type/subtype`` in lower case, empty where none is said; ``charset`` is the name
    of Python's codec, empty where none is said or none is known by that name.
    """

    kind: str = ""
    charset: str = ""

    def is_json(self) -> bool:
        """Whether the body is one JSON value."""
        return _JSON.fullmatch(self.kind) is not None

    def is_form(self) -> bool:
        return self.kind == FORM

    def is_text(self) -> bool:
        """Whether the body is text that is neither read as JSON nor binary."""
        main, _, sub = self.kind.partition("/")
        if self.is_form() or (
            main == "application" and sub.removeprefix("x-") in _TEXT_UNDER_APPLICATION
        ):
            return True
        return _TEXT.fullmatch(self.kind) is not None or (
            bool(self.charset) and not self.is_binary()
        )

    def is_binary(self) -> bool:
        """Whether people gain nothing from seeing such a body as text."""
        main, _, sub = self.kind.partition("/")
        binary = main == "application" and sub.removeprefix("x-") in _BINARY_UNDER_APPLICATION
        return binary or (
            main in ("image", "audio", "video", "font", "model") and not sub.endswith("+xml")
        )

    def may_hold_an_object(self) -> bool:
        """Whether an object or a list can be sent under this type: as JSON, or as the fields of a
        form.
        """
        main, _, sub = self.kind.partition("/")
        if self.is_json() or self.is_form():
            return True
        if (
            main == "application"
            and sub.removeprefix("x-") in _TEXT_UNDER_APPLICATION | _BINARY_UNDER_APPLICATION
        ):
            return False
        return _NEVER_JSON.fullmatch(self.kind) is None


def media_type(header: str) -> MediaType:
    """The type that a Content-Type header names.

    Of a header that was sent twice (``application/json, application/json``) the last type that can
    be read counts; it keeps the charset of the one before where that names the same type. A text
    that cannot be read is no type.
    """
    last = MediaType()
    for text in _split(header, ","):
        first, *parameters = _split(text, ";")
        kind = first.strip().lower()
        if not _TYPE.fullmatch(kind) or kind == "*/*":
            continue
        charset = next(filter(None, map(_charset, parameters)), "")
        if not charset and kind == last.kind:
            charset = last.charset
        last = MediaType(kind, charset)
    return last


def body_problem(body: dict[str, Any] | list[Any], media: MediaType) -> str:
    """Why this object or list cannot be sent under this type; empty where it can."""
    kind = "a list" if isinstance(body, list) else "an object"
    if media.is_form() and isinstance(body, list):
        return f"{kind} cannot be sent as a form; write an object of fields"
    if not media.may_hold_an_object():
        return (
            f"{kind} cannot be sent as {media.kind}: write the body as a text in that form, or send"
            " the object as application/json"
        )
    return ""


def _charset(parameter: str) -> str:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "charset":
        return ""
    label = value.strip().strip("\"'").replace("\\", "").strip().lower()
    name = re.sub(r"[^a-z0-9]+", "_", label)
    return _NAMES.get(name) or _NAMES.get(name.removeprefix("x_"), "")


def _split(text: str, separator: str) -> Iterator[str]:
    """The parts between separators that do not stand in a quoted string; a quote that is not closed
    ends with them.
    """
    part, quoted, escaped = "", False, False
    for character in text:
        if character == separator and not quoted:
            yield part
            part = ""
            continue
        quoted ^= character == '"' and not escaped
        escaped = character == "\\" and quoted and not escaped
        part += character
    yield part
