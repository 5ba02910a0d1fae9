"""The board of each mistake as a text file that a person has read: written by a flag, compared ever after."""

import difflib
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from grader import course
from grader.board import Look, render
from grader.course import Chapter
from grader.proofs.bank import Mistake
from grader.report import Finding, Outcome, Report
from grader.student import NAMES

WIDTH = 100
RANDOM = (  # what differs from run to run, and what stands for it; long texts before their parts
    (re.compile(r"eyJ[\w-]*(?:\.[\w-]*){0,2}"), "TOKEN"),
    (re.compile(r"\$(?:2[aby]|argon2\w*|pbkdf2\w*|scrypt)\$[\w$./=,+-]*"), "HASH"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"(?:/private)?/(?:tmp|var)/[\w./+-]+?(?=/app/|/db/|/cwd\b|/s[0-9a-f]{4}\b)"), "TEMPORARY"),
    (re.compile(r"(?<=admin: )[\w-]{16,}|(?<=author: )[\w-]{16,}"), "PASSWORD"),
    (re.compile(r"\b0x[0-9a-f]{6,}\b"), "ADDRESS"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?"), "TIME"),
    (re.compile(r"(?<![:.\d])\d\d:\d\d(?![:\d])"), "TIME"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|s|seconds)\b"), "SECONDS"),
    (re.compile(r"\b\d{15}\b|(?<=pid )\d+|(?<=:)\d{4,5}\b(?!:)"), "NUMBER"),
)
NAME = re.compile(rf"(?<![A-Za-z])({'|'.join(NAMES)})-\d{{5,7}}\b", re.IGNORECASE)
CUT = re.compile(r"[\w\"'.-]*…")


def normal(text: str, names: dict[str, str], varies: Iterable[str] = ()) -> str:
    """A text without what is random in it.

    Args:
        text: of a finding.
        names: random name -> what stands for it; filled as names are met, so that equal names stay equal.
        varies: patterns of what else differs from run to run.
    """
    text = NAME.sub(lambda found: names.setdefault(found[0].lower(), f"name-{len(names) + 1}"), text)
    for pattern, instead in RANDOM:
        text = pattern.sub(instead, text)
    for each in varies:
        text = re.sub(each, "(varies)", text)
    return CUT.sub("…", text)


def _finding(finding: Finding, varies: Collection[str]) -> Finding:
    """`varies` holds patterns, and labels of whole parts: "it ran", "sockets", "it printed"."""
    names: dict[str, str] = {}

    def clean(text: str) -> str:
        return normal(text, names, varies)

    def part(label: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        return ("(varies)",) if label in varies and any(texts) else tuple(map(clean, texts))

    return finding.model_copy(
        update={
            "did": clean(finding.did), "expected": clean(finding.expected), "got": clean(finding.got),
            "why": clean(finding.why), "rows": part("it ran", finding.rows),
            "timeline": part("sockets", finding.timeline), "printed": part("it printed", (finding.printed,))[0],
        }
    )  # fmt: skip


def lucky(report: Report, races: Collection[str]) -> Report:
    """The report, had the checks in `races`, which are lost in most runs, been kept."""
    kept = {"outcome": Outcome.PASSED, "finding": None}
    checks = tuple(check.model_copy(update=kept) if check.id in races else check for check in report.checks)
    return report.model_copy(update={"checks": checks})


def text(report: Report, varies: Collection[str] = ()) -> str:
    """The board of a report without what is random in it."""
    checks = tuple(
        check.model_copy(update={"finding": _finding(check.finding, varies)}) if check.finding else check
        for check in report.checks
    )
    return render(report.model_copy(update={"checks": checks}), Look(width=WIDTH))


def place(chapter: Chapter, entry: Mistake) -> Path:
    """Where the board of a mistake is kept."""
    return course.ROOT / "tests" / "golden" / "mistakes" / chapter.number / f"{entry.id}.txt"


def update(chapter: Chapter, entry: Mistake, board: str) -> bool:
    """Keep this board; whether it is another than before."""
    path = place(chapter, entry)
    if path.is_file() and path.read_text("utf-8") == board:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(board, "utf-8")
    return True


def complaints(chapter: Chapter, entry: Mistake, board: str) -> list[str]:
    """What differs from the board that is kept: nothing, or the lines in question."""
    path = place(chapter, entry)
    lines = difflib.unified_diff(path.read_text("utf-8").splitlines(), board.splitlines(), lineterm="", n=0)
    changed = [line for line in lines if line[0] in "+-" and line[:3] not in {"+++", "---"}]
    return [f"the board differs from {path.relative_to(course.ROOT)}: {'; '.join(changed)}"] if changed else []


def unread(chapter: Chapter, entries: Iterable[Mistake]) -> list[str]:
    """Mistakes whose board nobody has read and kept yet."""
    return [entry.id for entry in entries if not place(chapter, entry).is_file()]


def orphans(chapter: Chapter, entries: Iterable[Mistake]) -> list[Path]:
    """Boards of mistakes that are not there any more."""
    known = {entry.id for entry in entries}
    folder = course.ROOT / "tests" / "golden" / "mistakes" / chapter.number
    return sorted(path for path in folder.glob("*.txt") if path.stem not in known)
