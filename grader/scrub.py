"""Text of the student's, made safe to show: no control characters, no tricks with direction, not too long."""

import re
import unicodedata

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
LONGEST = 300
KEPT_CATEGORIES = frozenset({"Zs"})


def scrub(text: str, longest: int = LONGEST, *, lines: bool = False) -> str:
    """The text on one line (or, with `lines`, on several), printable, and cut.

    Args:
        text: anything.
        longest: characters to keep; what is cut is marked with "…".
        lines: keep line breaks.
    """
    text = ESCAPES.sub("", text[: longest * 20])
    kept = []
    for character in text:
        if character == "\n" and lines:
            kept.append(character)
        elif character in "\n\r\t":
            kept.append(" ")
        elif unicodedata.category(character)[0] not in "CZ" or unicodedata.category(character) in KEPT_CATEGORIES:
            kept.append(character)
        else:
            kept.append("\N{REPLACEMENT CHARACTER}")
    clean = "".join(kept)
    if not lines:
        clean = re.sub(r" {2,}", " ", clean).strip()
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
