"""An answer is read strictly, and compared strictly."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answers import Answer, same, strict_json
from grader.expect import CheckFailed, Trouble, expect
from grader.report import Outcome

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def answer(body: Any, status: int = 200) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("GET /x", status, {}, data, "/x")


@given(VALUES)
def test_what_json_wrote_is_read_back(value):
    assert same(strict_json(json.dumps(value).encode()), value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}', b'[{"x": {"a": 1, "a": 1}}]', b"NaN", b"[Infinity]", b'{"a": -Infinity}', b"", b"{", b"\xff",
        b"[" * 41 + b"]" * 41, b"[" * 100_000, b'{"a":' * 50_000, b"<html>",
    ],
)  # fmt: skip
def test_what_is_no_strict_json_is_refused(body):
    with pytest.raises(ValueError):  # noqa: PT011 -- JSON's own words, or ours
        strict_json(body)


def test_forty_levels_are_not_too_deep():
    assert strict_json(b"[" * 40 + b"]" * 40)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (1, True), (0, False), (None, False), ("1", 1), ([1], [True]), ({"a": 1}, {"a": 1.0}),
     ([1], [1, 2]), ({"a": 1}, {"a": 1, "b": 2}), ({"a": 1}, {"b": 1}), ([], {})],
)  # fmt: skip
def test_equal_values_of_different_types_are_different(left, right):
    assert not same(left, right)
    assert not same(right, left)


def test_an_answer_is_quoted_with_its_status():
    assert str(answer({"a": 1}, 201)) == '201 {"a": 1}'
    assert answer(b"\xff").text == "\N{REPLACEMENT CHARACTER}"


def test_an_expected_status_gives_the_answer_back_and_another_one_fails():
    good = answer({}, 201)
    assert good.expect(200, 201) is good
    with pytest.raises(CheckFailed) as caught:
        answer({"detail": "no"}, 500).expect(409, 400, why="because", look="register")
    failure = caught.value
    assert (failure.did, failure.expected, failure.got) == ("GET /x", "409 or 400", '500 {"detail": "no"}')
    assert (failure.why, failure.look, failure.path, failure.outcome) == ("because", "register", "/x", Outcome.FAILED)


def test_expected_json_is_compared_strictly():
    assert answer({"a": [1]}).expect_json({"a": [1]})
    with pytest.raises(CheckFailed) as caught:
        answer({"a": 1}).expect_json({"a": True})
    assert caught.value.expected == '{"a": true}'


def test_expected_keys_may_have_company():
    assert answer({"id": 1, "more": 2}).expect_keys("id") == {"id": 1, "more": 2}
    for body in ({"more": 2}, ["id"], "id", None):
        with pytest.raises(CheckFailed, match="an object with id"):
            answer(body).expect_keys("id")


def test_an_answer_that_is_no_json_fails_the_check():
    with pytest.raises(CheckFailed, match="an answer in JSON"):
        answer(b"<html>").json()


def test_expect_fails_only_when_it_is_not_so():
    expect(True, did="d", expected="e", got="g")  # noqa: FBT003 -- its own way to be called
    with pytest.raises(CheckFailed, match=r"^d \| expected e \| got 3$"):
        expect(False, did="d", expected="e", got=3)  # noqa: FBT003 -- its own way to be called


def test_trouble_has_an_outcome_of_its_own():
    assert Trouble(Outcome.MEMORY, "d", "e", "g", path="/x").outcome is Outcome.MEMORY


@pytest.mark.parametrize(
    ("header", "got"),
    [
        (None, "no such header"),
        ("", "no such header"),
        ("Basic", "Basic"),
        ('Basic realm="Bearer"', 'Basic realm="Bearer"'),
    ],
)
def test_a_401_that_does_not_say_how_to_log_in_fails_the_check(header, got):
    headers = {} if header is None else {"www-authenticate": header}
    with pytest.raises(CheckFailed) as failure:
        Answer("GET /x", 401, headers, b"", "/x").expect_bearer(why="w", look="login", as_="as for others")
    assert failure.value.expected == "401 with the header WWW-Authenticate: Bearer, as for others"
    assert (failure.value.got, failure.value.look) == (f"401, with {got}", "login")


@pytest.mark.parametrize("header", ["Bearer", "bearer", 'Bearer realm="x"', "Bearer, Basic"])
def test_a_401_that_says_how_to_log_in_is_given_back(header):
    said = Answer("GET /x", 401, {"www-authenticate": header}, b"", "/x")
    assert said.expect_bearer(why="w", look="login") is said
