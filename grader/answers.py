"""An HTTP answer as a check sees it, and how it is read: bounded, and strictly."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grader.expect import CheckFailed

if TYPE_CHECKING:
    from grader.box.lives import Life

DEEPEST = 40  # levels of JSON


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key occurs twice")
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def strict_json(body: bytes) -> Any:
    """Parse JSON; no repeated keys, no NaN, at most 40 levels deep.

    Raises:
        ValueError: anything else.
    """
    text = body.decode()
    depth = deepest = 0
    for character in text:  # counts brackets inside strings too: no honest answer comes near the limit
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    if deepest > DEEPEST:
        raise ValueError(f"more than {DEEPEST} levels deep")
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)


def same(left: Any, right: Any) -> bool:
    """Equal, and of the same types all the way down: 1, 1.0 and true are three values."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of one answer, and the request it answers."""

    did: str
    status: int
    headers: dict[str, str]
    body: bytes
    path: str = ""
    life: "Life | None" = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    @property
    def refused(self) -> bool:
        """Whether it is a no to who asked, with whatever number."""
        return 400 <= self.status < 500

    def __str__(self) -> str:
        """As the board quotes it."""
        return f"{self.status} {self.text}"

    def failed(self, expected: str, got: str | None = None, *, why: str = "", look: str = "") -> CheckFailed:
        """The failure to raise when this answer is not what was expected."""
        return CheckFailed(
            self.did, expected, str(self) if got is None else got, why=why, look=look, life=self.life, path=self.path
        )

    def expect(self, *statuses: int, why: str = "", look: str = "", expected: str = "") -> "Answer":
        """Fail the check unless the status is one of these; the answer itself, to go on with."""
        if self.status not in statuses:
            raise self.failed(expected or " or ".join(map(str, statuses)), why=why, look=look)
        return self

    def json(self) -> Any:
        """The body as JSON, or the check fails."""
        try:
            return strict_json(self.body)
        except (ValueError, RecursionError) as problem:
            raise self.failed("an answer in JSON", f"{self.status} {self.text!r} ({problem})") from problem

    def expect_json(self, expected: Any, *, why: str = "", look: str = "") -> "Answer":
        """Fail the check unless the body is exactly this JSON."""
        if not same(self.json(), expected):
            raise self.failed(json.dumps(expected), why=why, look=look)
        return self

    def expect_bearer(self, *, why: str, look: str, as_: str = "") -> "Answer":
        """Fail the check unless this 401 says in its header how to log in; `as_` says what else does."""
        said = self.headers.get("www-authenticate", "")
        if said.lower().replace(",", " ").split()[:1] != ["bearer"]:
            expected = ", ".join(filter(None, ("401 with the header WWW-Authenticate: Bearer", as_)))
            raise self.failed(expected, f"401, with {said or 'no such header'}", why=why, look=look)
        return self

    def expect_keys(self, *names: str, why: str = "", look: str = "") -> dict[str, Any]:
        """Fail the check unless the body is an object with these keys (more are fine); the object."""
        value = self.json()
        if not isinstance(value, dict) or not set(names) <= value.keys():
            raise self.failed("an object with " + ", ".join(names), why=why, look=look)
        return value
