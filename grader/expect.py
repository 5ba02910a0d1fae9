"""What a check raises when the student's program does not do what was asked.

CheckFailed           it answered, and wrongly
+-- Trouble           it did not answer: crashed, too slow, too much memory
"""

from typing import TYPE_CHECKING

from grader.report import Outcome

if TYPE_CHECKING:
    from grader.box.lives import Life


class CheckFailed(Exception):  # noqa: N818 -- a verdict, not an error of ours
    """A check failed, in the words of the board.

    Args:
        did: what we did, as something a person could repeat.
        expected: a sentence.
        got: what came back, quoted.
        why: the concept behind it; a diagnosis of the app's own error goes before it.
        look: the function or class of the student's to look at: "create_user".
        life: the life it happened in, for its testimony.
        path: the URL path it happened at.
    """

    outcome: Outcome = Outcome.FAILED
    caught: bool = False  # what came is what the program says of an error that it caught: its log knows the error

    def __init__(
        self,
        did: str,
        expected: str,
        got: str,
        *,
        why: str = "",
        look: str = "",
        life: "Life | None" = None,
        path: str = "",
    ) -> None:
        """See the class."""
        super().__init__(f"{did} | expected {expected} | got {got}")
        self.did = did
        self.expected = expected
        self.got = got
        self.why = why
        self.look = look
        self.life = life
        self.path = path


class Trouble(CheckFailed):
    """There was no answer to judge."""

    def __init__(self, outcome: Outcome, did: str, expected: str, got: str, **rest: "str | Life | None") -> None:
        """`outcome` is CRASHED, TIMEOUT or MEMORY; the rest as in CheckFailed."""
        super().__init__(did, expected, got, **rest)  # type: ignore[arg-type] # the same keywords
        self.outcome = outcome


def expect(
    ok: bool,  # noqa: FBT001 -- reads as "expect(count == 1, did=...)"
    *,
    did: str,
    expected: object,
    got: object,
    why: str = "",
    look: str = "",
    life: "Life | None" = None,
) -> None:
    """Fail the check unless `ok`; the keywords are those of CheckFailed."""
    if not ok:
        raise CheckFailed(did, str(expected), str(got), why=why, look=look, life=life)
