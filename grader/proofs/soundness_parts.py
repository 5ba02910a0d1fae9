"""Whether the parts of a chapter agree: tasks, markers, checks, hints, lesson, bank, files."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader import starters, verdict
from grader.course import ROOT, Chapter, UsageError
from grader.day import failures, hints
from grader.diagnosis import concepts
from grader.markers import parts
from grader.proofs import bank, declared, documents, golden

POINTS = 100
MOST_TESTIMONY = 25
PAGES = (".html", ".css", ".js", ".svg", ".png", ".ico")
AROUND = {
    "README.md",
    "HINTS.md",
    "failures.toml",
    starters.STAMP,
}  # what a chapter's folder holds beside app/ and demo/


def parts_agree(chapter: Chapter) -> Iterator[str]:
    """tasks, markers, checks, points, hints and the lesson agree"""
    checks = declared.checks(chapter)
    tasks = list(chapter.tasks)
    if (total := sum(check.points for check in checks)) != POINTS:
        yield f"all checks together are worth {total} points"
    if (told := sum(check.points for check in checks if check.testimony)) > MOST_TESTIMONY:
        yield f"{told} points rest on what the student's process says; {MOST_TESTIMONY} is the most"
    if list(dict.fromkeys(check.task for check in checks)) != tasks:
        yield "the tasks of the checks are not those of the suite's files, in order"
    if (marked := {part.task for part in parts(chapter.solution)}) != set(tasks):
        yield f"marked and checked differ: {', '.join(sorted(marked ^ set(tasks)))}"
    yield from _hints(chapter, tasks)
    known = failures.table(chapter)
    ids = {"check": {check.id for check in checks}, "concept": {entry.id for entry in concepts(chapter)}}
    for kind, entries in known.items():
        yield from (f"failures.toml: there is no {kind} {id_}" for id_ in entries.keys() - ids.get(kind, set()))
    unasked = (id_ for id_ in ids["check"] if id_ not in known.get("check", {}))
    yield from (f"failures.toml has no question for {id_}" for id_ in sorted(unasked))
    places = {verdict.lesson(check, chapter) for check in checks} | {entry.place for entry in concepts(chapter)}
    for place in sorted(places):
        path, _, anchor = place.partition("#")
        if anchor not in documents.anchors(ROOT / path):
            yield f"the lesson has no section {place}"


def _hints(chapter: Chapter, tasks: list[str]) -> Iterator[str]:
    """Three for each task, in order."""
    text = (chapter.starter / "HINTS.md").read_text("utf-8")
    if (found := re.findall(r"^## (\d+\.\d+)\b", text, re.MULTILINE)) != tasks:
        yield f"HINTS.md has the tasks {', '.join(found)}"
    for task in tasks:
        try:
            steps = hints.steps(chapter, task)
        except UsageError as none:
            yield str(none)
            continue
        if len(steps) != hints.STEPS or not all(steps):
            yield f"task {task} has {len(steps)} hints"


def no_unknown_files(chapter: Chapter) -> Iterator[str]:
    """neither tree holds a file that nobody knows"""
    solution, folder = chapter.solution, chapter.starter
    for path in sorted(solution.rglob("*")):
        inside = path.relative_to(solution)
        if path.is_file() and not {"__pycache__", ".mypy_cache", ".ruff_cache"} & set(inside.parts):
            page = inside.parts[:2] == ("app", "static") and path.suffix in PAGES
            if not page and not (inside.parts[0] == "app" and path.suffix == ".py") and ".db" not in path.name:
                yield f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}"
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in AROUND and ".db" not in path.name:
            yield f"chapters/{chapter.slug}/{path.name}"


def bank_fits(chapter: Chapter) -> Iterator[str]:
    """the bank fits the solution and the suite, and every board of it was read"""
    known, entries = {check.id for check in declared.checks(chapter)}, bank.mistakes(chapter)
    programs: list[bank.Mistake | bank.Variation] = [*entries, *bank.variations(chapter)]
    for entry in programs:
        with tempfile.TemporaryDirectory(prefix="wb-") as folder:
            try:
                bank.apply(entry, chapter, Path(folder))
            except bank.BankError as problem:
                yield str(problem)
    for entry in entries:
        yield from (
            f"{entry.id} loses {id_}: no such check" for id_ in (*entry.loses, *entry.races) if id_ not in known
        )
    for id_ in golden.unread(chapter, entries):
        yield f"nobody has read the board of {id_}: nox -s mistakes -- {chapter.number} --only {id_} --boards --update"


def every_check_is_killed(chapter: Chapter) -> Iterator[str]:
    """every check is lost by at least one mistake of the bank"""
    killed = {id_ for entry in bank.mistakes(chapter) for id_ in entry.loses}
    yield from (f"no mistake loses {check.id}" for check in declared.checks(chapter) if check.id not in killed)
