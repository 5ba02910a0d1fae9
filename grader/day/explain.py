"""One task for a person to read: its reference with the lesson's words, or its failure as a question to a tutor."""

import re
from collections.abc import Iterable
from pathlib import Path

from grader.board import WRONG
from grader.course import Chapter, UsageError, shown
from grader.day import own
from grader.markers import parts
from grader.report import CheckResult, Report

MOST = 3  # failures in a bundle
ASK = """\
I am learning, and this is a task of a workbook.
Please help me to find it myself: ask me a question, or explain the idea with another example.
Do not write the solution."""


def section(chapter: Chapter, task: str) -> str:
    """What the lesson says of a task; its links lead from the workbook's own folder."""
    text = read(chapter.starter / "README.md")
    found = re.search(rf"^### {re.escape(task)} .*?$\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    here = re.sub(r"\]\(#", f"](chapters/{chapter.slug}/README.md#", found[1].strip()) if found else ""
    return here.replace("](../", "](chapters/")


def ideas(chapter: Chapter, task: str) -> list[str]:
    """The ideas a task's section leads to, each in the words with which the lesson begins it."""
    found = []
    for path, anchor in re.findall(r"\]\((chapters/\w+/README\.md)#([\w-]+)\)", section(chapter, task)):
        lesson = read(chapter.root / path)
        for title, text in re.findall(r"^## (.*?)\n(.*?)(?=^```|^#|\Z)", lesson, re.MULTILINE | re.DOTALL):
            if re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") == anchor:
                words = re.sub(r":$", ".", text.strip())
                found.append(f"{title}: {path}#{anchor}\n\n{words}")
    return found


def read(lesson: Path) -> str:
    """A lesson's text; "" where there is none."""
    return lesson.read_text("utf-8") if lesson.is_file() else ""


def fenced(lines: Iterable[str], kind: str = "") -> str:
    """A block of code, whatever is in it."""
    text = "\n".join(lines)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text) or [""]))
    return f"{fence}{kind}\n{text}\n{fence}"


def solution(chapter: Chapter, task: str) -> str:
    """The reference's parts of a task, and why they are so."""
    pieces = [f"{task} {chapter.tasks[task]}: the reference"]
    for part in parts(chapter.solution):
        if part.task == task:
            place = f"{shown(chapter.solution)}/{part.file}:{part.line}"
            pieces.append("\n".join([place, "", *part.todo, *part.answer]))
    pieces += ["Why it is so:", *(ideas(chapter, task) or [section(chapter, task)])]
    return "\n\n".join([*pieces, f"Yours beside it: nox -s diff -- {task}"])


def failure(check: CheckResult) -> str:
    """One failure, whole."""
    found = check.finding
    if found is None:
        return f"### {check.label}\n\n{check.outcome}"
    facts = {
        "I did": found.did,
        "I expected": found.expected,
        "I got": found.got,
        "At my line": f"{found.line.path}:{found.line.number}: {found.line.text.strip()}" if found.line else "",
        "The workbook says": found.why,
    }
    blocks = {
        "The SQL that ran": found.rows,
        "The frames of the sockets": found.timeline,
        "My program printed": found.printed.splitlines(),
        "My own frames of the error": found.traceback.splitlines(),
    }
    lines = [f"- {name}: {text}" for name, text in facts.items() if text]
    return "\n\n".join(
        [
            f"### {check.label}",
            "\n".join(lines),
            *(f"{name}:\n\n{fenced(text)}" for name, text in blocks.items() if text),
        ]
    )


def bundle(chapter: Chapter, task: str, report: Report) -> str:
    """A task, the student's own part and what fails, as Markdown; the solution is left out.

    Args:
        chapter: whose task.
        task: "2.5".
        report: of a grading of that task.
    """
    try:
        mine = [(place.where, place.lines) for place in own.places(chapter, chapter.starter, task)]
    except UsageError:  # nobody can tell which part it is
        files = [file for file in own.files_of(chapter, task) if (chapter.starter / file).is_file()]
        mine = [(file, tuple(own.read(chapter.starter / file))) for file in files]
    wrong = [check for check in report.checks if check.outcome in WRONG]
    waits = next((check.waits_for for check in report.of_task(task) if check.waits_for), "")
    state = "Every check of this task passes." if report.complete else "Nothing fails: it is not written yet."
    if waits:
        state = f"It waits for task {waits}, which is not done."
    return "\n\n".join(
        [
            f"# Task {task}: {chapter.tasks[task]}",
            ASK,
            f"## What it asks for\n\n{section(chapter, task)}",
            "## What I have",
            *(f"`{where}`\n\n{fenced(lines, 'python')}" for where, lines in mine),
            "## What happens",
            *([failure(check) for check in wrong[:MOST]] or [state]),
        ]
    )
