"""The bank of mistakes, shown: a matrix for the terminal, and one page to browse, which needs nothing else."""

import difflib
import html
import re
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from grader.board import first_failure
from grader.course import Chapter, UsageError
from grader.day import compare, failures, hints
from grader.proofs import bank
from grader.proofs.proof import Proof, lost
from grader.report import Outcome, Report

CATALOGUE = bank.GRADER / "mistakes" / "catalogue.toml"
ENTRY = re.compile(r"\b[A-Z]{2}\d\d\b")
SIGNS = {Outcome.PASSED: "·", Outcome.BLOCKED: "-"}
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; font-size: 13px; line-height: 1.35 }
table { border-collapse: collapse; font-size: 12px } td, th { border: 1px solid #ddd; padding: 0 .3rem; text-align: center }
th.name { text-align: left; font-weight: normal; white-space: nowrap } th.check { writing-mode: vertical-rl; font-weight: normal }
td.lost { background: #c62828; color: #fff } td.waits { background: #eee } .scroll { overflow-x: auto }
article { border-top: 2px solid #ddd; margin-top: 2rem } ins { color: #1b5e20; text-decoration: none } del { color: #b71c1c; text-decoration: none }
.bad { color: #b71c1c } dt { font-weight: 600 } dd { margin: 0 0 .6rem 1rem }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } pre { background: #242424 } td.waits { background: #333 }
  ins { color: #81c784 } del { color: #ef9a9a } td, th, article { border-color: #444 } a { color: #90caf9 } .bad { color: #ef9a9a } }
"""


def signs(proof: Proof) -> dict[str, str]:
    """A cell for each check: x lost, - waits for a task, · passed, a space where it was not asked."""
    found = {check.id: SIGNS.get(check.outcome, "x") for check in proof.report.checks} if proof.report else {}
    unasked = {id_: " " for id_ in found if found[id_] == "·" and proof.asked and id_ not in proof.asked}
    return found | unasked


def matrix(proofs: Sequence[Proof]) -> str:
    """Mistakes by checks, a character each, a gap between tasks."""
    graded = [proof for proof in proofs if proof.report]
    first = graded[0].report if graded else None
    if first is None:
        return ""
    tasks = {task.id: [check.id for check in first.of_task(task.id)] for task in first.tasks}
    width = max(len(proof.entry.id) for proof in graded) + 1
    lines = [" " * width + " ".join(task.ljust(len(ids)) for task, ids in tasks.items())]
    for proof in graded:
        found = signs(proof)
        cells = ("".join(found[id_] for id_ in ids).ljust(len(task)) for task, ids in tasks.items())
        lines.append((proof.entry.id.ljust(width) + " ".join(cells)).rstrip())
    return "\n".join([*lines, "x lost, - waits for a task, · passed, empty: not asked"])


@cache
def catalogue(path: Path = CATALOGUE) -> dict[str, dict[str, Any]]:
    """What learners get wrong: ES10 -> its title and links."""
    return tomllib.loads(path.read_text("utf-8"))


def source(text: str) -> str:
    """Where a mistake was seen, as HTML: the entries of the catalogue with their titles and links."""
    parts = [html.escape(text)]
    for name in dict.fromkeys(ENTRY.findall(text)):
        entry = catalogue().get(name, {"title": "not in the catalogue", "links": []})
        links = "".join(f' <a href="{html.escape(link)}">read more</a>' for link in entry["links"])
        parts.append(f"{name}: {html.escape(entry['title'])}{links}")
    return "<br>".join(parts)


def difference(chapter: Chapter, entry: bank.Mistake) -> str:
    """The edit, as HTML."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        try:
            bank.apply(entry, chapter, Path(folder))
        except bank.BankError as problem:
            return f'<p class="bad">{html.escape(str(problem))}</p>'
        names = sorted({edit.file for edit in entry.edit})
        lines = [
            line
            for name in names
            for line in difflib.unified_diff(
                compare.readable(chapter.solution / name), compare.readable(Path(folder, name)), name, name, lineterm=""
            )
        ]
    marks = {"+": "ins", "-": "del"}
    shown = (
        f"<{mark}>{html.escape(line)}</{mark}>" if (mark := marks.get(line[:1])) else html.escape(line)
        for line in lines
    )
    return "<pre>" + "\n".join(shown) + "</pre>"


def first_hint(chapter: Chapter, task: str, report: Report | None) -> str:
    """What a student who asks is told first: about the failure, then about the task."""
    failure = first_failure(report) if report else None
    question = failures.question(chapter, failures.Failing.of(failure)) if failure else ""
    try:
        general = hints.steps(chapter, task)[0]
    except UsageError as none:
        general = str(none)
    return f"{question}\n\n{general}".strip()


def article(chapter: Chapter, proof: Proof) -> str:
    """One mistake, whole."""
    entry = proof.entry
    if not isinstance(entry, bank.Mistake):
        raise TypeError("only mistakes are shown")
    caught = ", ".join(sorted(lost(proof.report))) if proof.report else "it could not be graded"
    complaints = "".join(f'<p class="bad">{html.escape(complaint)}</p>' for complaint in proof.complaints)
    return (
        f'<article id="{entry.id}"><h2>{entry.task} {entry.id}</h2>{complaints}'
        f"<dl><dt>Why learners do this</dt><dd>{html.escape(entry.why)}</dd>"
        f"<dt>Where it was seen</dt><dd>{source(entry.source)}</dd><dt>Caught by</dt><dd>{html.escape(caught)}</dd></dl>"
        f"<h3>The edit</h3>{difference(chapter, entry)}"
        f"<h3>What the student sees</h3><pre>{html.escape(proof.board)}</pre>"
        f"<details><summary>What a hint says first</summary>"
        f"<pre>{html.escape(first_hint(chapter, entry.task, proof.report))}</pre></details></article>"
    )


def _rows(proofs: Sequence[Proof]) -> Iterator[str]:
    """The matrix as HTML."""
    graded = [proof for proof in proofs if proof.report]
    ids = [check.id for check in graded[0].report.checks] if graded and graded[0].report else []
    yield "<tr><th></th>" + "".join(f'<th class="check">{html.escape(id_)}</th>' for id_ in ids) + "</tr>"
    classes = {"x": ' class="lost" title="lost"', "-": ' class="waits" title="waits"'}
    for proof in graded:
        found = signs(proof)
        shown = (found[id_] for id_ in ids)
        cells = "".join(f"<td{classes.get(each, '')}>{each if each in 'x·' else ''}</td>" for each in shown)
        yield f'<tr><th class="name"><a href="#{proof.entry.id}">{proof.entry.id}</a></th>{cells}</tr>'


def page(chapter: Chapter, proofs: Sequence[Proof]) -> str:
    """The whole page, which loads nothing from anywhere."""
    title = html.escape(f"Mistakes of chapter {chapter.number}: {chapter.title}")
    articles = "\n".join(article(chapter, proof) for proof in proofs)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n'
        f"<p>{len(proofs)} wrong program{'s' * (len(proofs) != 1)}. Each is the reference with one edit that learners make; red is the check that "
        f"catches it, grey waits for a task before it, a dot passed, and what is empty was not asked.</p>\n"
        f'<div class="scroll"><table>{"".join(_rows(proofs))}</table></div>\n{articles}\n</body></html>\n'
    )
