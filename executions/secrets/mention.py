"""Which secrets a jq program reads, by its text: rather said too often than too seldom."""

from __future__ import annotations

import re

# In jq, blanks and comments may stand between the sign and the name.
_MENTION = re.compile(r"\$(?:\s|#[^\n]*(?:\n|\Z))*secrets\b", re.ASCII)
_NAMED = re.compile(
    r"""\$secrets\s*(?:\.\s*([A-Za-z_]\w*)|\.\s*"([^"\\]+)"|(?:\.\s*)?\[\s*"([^"\\]+)"\s*\])""",
    re.ASCII,
)


def mentions_secrets(source: str) -> bool:
    """Whether the text names `$secrets`."""
    return "secrets" in source and _MENTION.search(source) is not None


def names_in(source: str) -> list[str]:
    """The secrets that the text names, each as often as it does."""
    return [match[1] or match[2] or match[3] for match in _NAMED.finditer(source)]


def reads_by_name_only(source: str) -> bool:
    """Whether each mention of `$secrets` is followed by a name: then no other secret is read."""
    return len(names_in(source)) == len(_MENTION.findall(source))
