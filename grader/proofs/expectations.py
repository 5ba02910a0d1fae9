"""What a suite expects, and the suite without it.

Every `expect(...)`, every link `.expect...(...)` and every raised failure of a suite is an expectation.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.course import Chapter
from grader.proofs.mutation_kinds import Source

LINKS = {"expect", "open", "expect_json", "expect_bearer"}  # they give the object itself back
VALUES = {"expect_keys": ".json()"}  # they give a value, which can be had without expecting anything
STATEMENTS = {"expect_rows", "until"}
STEPS = {"open", "until", "expect_keys"}  # what has to go well before the question of a check can be put
WELL = {200, 201, 204}


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


def _functions(source: Source) -> list[ast.FunctionDef]:
    return [node for node in source.tree.body if isinstance(node, ast.FunctionDef)]


def _checks(path: Path) -> dict[str, str]:
    """The text of each check of a file."""
    source = Source(path.read_text("utf-8"))
    return {_check(function): source.of(function) for function in _functions(source) if _check(function)}


def of_file(path: Path, checks: Mapping[str, str]) -> Iterator[Expectation]:
    """The expectations of one file of a suite. Those of a helper belong to every one of `checks` that uses it."""
    text = path.read_text("utf-8")
    source = Source(text)
    functions = _functions(source)
    users: dict[str, tuple[str, ...]] = {}
    for function in functions:
        word = re.compile(rf"\b{function.name}\b")
        using = tuple(id_ for id_, of_check in checks.items() if word.search(of_check))
        users[function.name] = (_check(function),) if _check(function) else using
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
    """Every expectation of a chapter's suite that belongs to a check; of what checks share, the steps are no question."""
    asked = {file: _checks(file) for file in sorted(chapter.suite.glob("test_*.py"))}
    every = {id_: text for checks in asked.values() for id_, text in checks.items()}
    shared = [each for each in of_file(chapter.suite / "conftest.py", every) if not each.step]
    return [each for each in (*shared, *(own for file in asked for own in of_file(file, asked[file]))) if each.checks]
