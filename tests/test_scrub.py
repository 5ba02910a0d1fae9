"""Text of the student's is made safe to show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.scrub import scrub

UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1b]0;never ends", ""),
        ("\x1bcreset", "reset"),
        ("a\0b", f"a{UNKNOWN}b"),
        ("bell\a", f"bell{UNKNOWN}"),
        ("\x9b31m", f"{UNKNOWN}31m"),
        ("evil\N{RIGHT-TO-LEFT OVERRIDE}txt", f"evil{UNKNOWN}txt"),
        ("zero\N{ZERO WIDTH SPACE}width", f"zero{UNKNOWN}width"),
        ("two\N{LINE SEPARATOR}lines", f"two{UNKNOWN}lines"),
        ("one\r\ntwo\tthree", "one two three"),
        ("  wide   space ", "wide space"),
        ("na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \N{HEDGEHOG} \N{CYRILLIC SMALL LETTER ZHE}", "naïve 🦔 ж"),
    ],
)
def test_control_characters_and_tricks_with_direction_are_gone(text, shown):
    assert scrub(text) == shown


def test_lines_are_kept_where_they_are_wanted():
    assert scrub("one\n  two\r\n\x1b[1mthree", lines=True) == "one\n  two \nthree"


def test_a_long_text_is_cut_and_says_so():
    assert scrub("x" * 10, 10) == "x" * 10
    assert scrub("x" * 11, 10) == "x" * 9 + "…"
    assert len(scrub("y" * 10_000_000)) == 300


@given(st.text(alphabet=st.characters(), max_size=400), st.integers(1, 50), st.booleans())
def test_whatever_comes_in_what_goes_out_is_printable_and_short(text, longest, lines):
    shown = scrub(text, longest, lines=lines)
    assert len(shown) <= longest
    assert all(unicodedata.category(each)[0] not in "CZ" or each == " " or (lines and each == "\n")
               or unicodedata.category(each) == "Zs" for each in shown)  # fmt: skip
