"""Suites with one expectation taken out: a mistake of the bank must pass then, or the expectation is proved by nothing.

Every `expect(...)`, every link `.expect...(...)` and every raised failure of a suite is an expectation.
"""

import ast
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import course
from grader.course import Chapter
from grader.proofs import bank, golden
from grader.proofs.graded import graded, in_parallel
from grader.proofs.mutation_kinds import Source
from grader.report import Outcome, Report

LINKS = {"expect", "open", "expect_json"}  # they give the object itself back
VALUES = {"expect_keys": ".json()"}  # they give a value, which can be had without expecting anything
STATEMENTS = {"expect_rows", "until"}
STEPS = {"open", "until", "expect_keys"}  # what has to go well before the question of a check can be put
WELL = {200, 201, 204}
TREES = ("grader", "solutions", "chapters")


@dataclass(frozen=True)
class Expectation:
    """One expectation, and the suite's file without it."""

    file: str  # "test_08_registering.py"
    line: int
    source: str
    text: str  # of the whole file, without it
    checks: tuple[str, ...]  # those it could belong to
    step: bool  # it makes sure that something went well on the way to the question
    texts: tuple[str, ...] = ()  # those in it, which a board may show

    @property
    def id(self) -> str:
        """What --only looks at: "test_08_registering.py:31 expect(...)"."""
        return f"{self.file}:{self.line} {self.source}"


def _vacuous(node: ast.AST, source: Source) -> tuple[ast.AST, str] | None:
    """What to replace, and with what, so that the node expects nothing any more."""
    match node:
        case ast.Call(ast.Name("expect"), [condition, *_]):
            return condition, "True"
        case ast.Call(ast.Attribute(value, name)) if name in LINKS:
            return node, source.of(value)
        case ast.Call(ast.Attribute(value, name)) if name in VALUES:
            return node, source.of(value) + VALUES[name]
        case ast.Call(ast.Attribute(_, name)) if name in STATEMENTS:
            return node, "[]"
        case ast.Raise(exc) if exc is not None:
            return node, "pass"
    return None


def _is_step(node: ast.AST) -> bool:
    """Whether it only makes sure that something went well on the way."""
    match node:
        case ast.Call(ast.Attribute(_, "expect"), [*statuses]) if statuses:
            return all(isinstance(each, ast.Constant) and each.value in WELL for each in statuses)
        case ast.Call(ast.Attribute(_, name)):
            return name in STEPS
    return False


def _check(function: ast.FunctionDef) -> str:
    """The id of the check a function is; "" when it is none."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(ast.Name("check"), [ast.Constant(str(task)), *_]):
                return f"{task}/{function.name.removeprefix('test_').replace('_', '-')}"
    return ""


def of_file(path: Path) -> Iterator[Expectation]:
    """The expectations of one file of a suite. Those of a helper belong to every check of the file that uses it."""
    text = path.read_text("utf-8")
    source = Source(text)
    functions = [node for node in source.tree.body if isinstance(node, ast.FunctionDef)]
    users: dict[str, tuple[str, ...]] = {}
    for function in functions:
        word = re.compile(rf"\b{function.name}\b")
        calling = (other for other in functions if _check(other) and word.search(source.of(other)))
        users[function.name] = (_check(function),) if _check(function) else tuple(map(_check, calling))
    seen = {text}
    for function in functions:
        for node in ast.walk(function):
            change = _vacuous(node, source)
            without = source.replaced(*change) if change else text
            if change and without not in seen:
                seen.add(without)
                words = " ".join(source.of(node).split())[:60]
                yield Expectation(
                    path.name, getattr(node, "lineno", 0), words, without, users[function.name], _is_step(node),
                    tuple(source.texts(node)),
                )  # fmt: skip


def expectations(chapter: Chapter) -> list[Expectation]:
    """Every expectation of a chapter's suite that belongs to a check."""
    files = sorted(chapter.suite.glob("test_*.py"))
    return [each for file in files for each in of_file(file) if each.checks]


def _copy(target: Path) -> None:
    """A repository whose suite may be bent."""
    ignored = shutil.ignore_patterns("__pycache__", "*.db*", ".mypy_cache")
    for tree in TREES:
        shutil.copytree(course.ROOT / tree, target / tree, ignore=ignored)
    shutil.copy(course.ROOT / "requirements.lock", target)


def _said(report: Report, id_: str) -> tuple[str, str]:
    """What a report says of a check, without what is random."""
    finding = next((check.finding for check in report.checks if check.id == id_), None)
    return (golden.normal(finding.expected, {}), golden.normal(finding.why, {})) if finding else ("", "")


def candidates(chapter: Chapter, expectation: Expectation) -> list[bank.Mistake]:
    """The mistakes that lose one of its checks; first those whose board says what it says, then the newest."""

    def likeness(entry: bank.Mistake) -> int:
        place = golden.place(chapter, entry)
        board = " ".join(place.read_text("utf-8").split()) if place.is_file() else ""
        return sum(len(text) for text in expectation.texts if text in board)

    entries = [entry for entry in bank.mistakes(chapter) if set(entry.loses) & set(expectation.checks)]
    return sorted(entries, key=likeness)[::-1]


def prover(chapter: Chapter, expectation: Expectation, *, fresh: bool = False) -> tuple[str, str]:
    """What proves an expectation: how, and by which mistake.

    "proved": a mistake is not caught any more without it. "told": all still are, one of them by another expectation, so
    that its board says something else. "": nothing changes.

    Raises:
        RuntimeError: a grading gave no report.
    """
    weaker = ("", "")
    with tempfile.TemporaryDirectory(prefix="wb-") as temporary:
        root = Path(temporary, "repository")
        _copy(root)
        (root / "grader" / "suites" / chapter.slug / expectation.file).write_text(expectation.text, "utf-8")
        for entry in candidates(chapter, expectation):
            folder = Path(temporary, entry.id)
            bank.apply(entry, chapter, folder)
            lost = sorted(set(entry.loses) & set(expectation.checks))
            tasks = tuple(dict.fromkeys(id_.partition("/")[0] for id_ in lost))
            report = graded(chapter, folder, tasks, fresh=fresh, root=root)
            for check in report.checks:  # an error of the suite is noticed too: it fails closed
                if check.id in lost and check.outcome in {Outcome.PASSED, Outcome.ERROR}:
                    return "proved", f"{entry.id}, by {check.id}"
            before = report if weaker[0] else graded(chapter, folder)  # remembered, if the bank was graded
            if any(_said(before, id_) != _said(report, id_) for id_ in lost):
                weaker = "told", entry.id
    return weaker


def told(expectation: Expectation, found: tuple[str, str]) -> str:
    """The line about one expectation."""
    how, by = found
    state = how or ("step" if expectation.step else "UNPROVED")
    return f"{state:<9}{expectation.id}" + (f"  <- {by}" if by else "")


def prove(
    chapter: Chapter,
    chosen: Sequence[Expectation],
    heard: Callable[[Expectation, tuple[str, str]], None],
    *,
    fresh: bool = False,
) -> list[Expectation]:
    """The expectations that nothing proves, steps aside; `heard` is called with each and what proves it.

    A step may be proved by the check that its own check needs: then nothing passes without it.
    """

    def one(expectation: Expectation) -> tuple[str, str]:
        try:
            found = prover(chapter, expectation, fresh=fresh)
        except (RuntimeError, subprocess.TimeoutExpired) as problem:
            found = "UNGRADED", str(problem)[:200]
        heard(expectation, found)
        return found

    hows = (how for how, _ in in_parallel(chosen, one))
    return [each for each, how in zip(chosen, hows, strict=True) if how == "UNGRADED" or not (how or each.step)]
