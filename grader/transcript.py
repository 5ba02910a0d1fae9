"""What ran on the database, told in a word or two for each statement."""

import itertools
import re
from collections.abc import Iterable

from grader.scrub import scrub

CHANGES = {"INSERT", "UPDATE", "DELETE"}
STATEMENT = re.compile(
    r"^\s*(?:(insert)\s+(?:or\s+\w+\s+)?into\s+|(update)\s+|(delete)\s+from\s+|(select)\b.*?\bfrom\s+|(create)\s+table\s+)"
    r"[\"'`]?(\w+)|^\s*(\w+(?:\s+\w+)?)",
    re.IGNORECASE | re.DOTALL,
)


def short(sql: str) -> str:
    """A statement in a word or two: "INSERT users", "COMMIT"."""
    match = STATEMENT.match(sql)
    if match is None:
        return scrub(sql, 20)
    words = [word for word in match.groups() if word]
    return " ".join([words[0].upper(), *words[1:]])


def transcript(statements: Iterable[str], most: int = 8) -> str:
    """The last statements of a life, shortened; values are not shown.

    SQLite tells a change again for each trigger and each cascade in it: neighbours with the same values are one.
    """
    names: list[str] = []
    before = ""
    for sql in statements:
        word = sql.lstrip()[:6].upper()
        if word != "PRAGMA" and (sql != before or word not in CHANGES):
            names.append(short(sql))
        before = sql
    runs = [(name, sum(1 for _ in run)) for name, run in itertools.groupby(names)]
    told = [f"{name} ({times} times)" if times > 1 else name for name, times in runs]
    return ("… " if len(told) > most else "") + ", ".join(told[-most:])
