"""Report -> JUnit XML: the subset that CI systems agree on (pytest's "xunit2").

A wrong answer is a failure; a crash, a timeout or a fault of the machine an error; what was not run is skipped.
"""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from grader.exports import words
from grader.report import CheckResult, Outcome, Report

ELEMENTS = {
    Outcome.FAILED: "failure",
    Outcome.CRASHED: "error",
    Outcome.TIMEOUT: "error",
    Outcome.MEMORY: "error",
    Outcome.ERROR: "error",
    Outcome.TODO: "skipped",
    Outcome.BLOCKED: "skipped",
}


def render(report: Report) -> str:
    """The document; points stand in the properties of each test."""
    kinds = [ELEMENTS.get(check.outcome) for check in report.checks]
    counts = {
        "name": words.title(report),
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        "time": f"{report.seconds:.3f}",
    }
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", counts)
    score = "" if report.score is None else str(report.score)
    properties(suite, {"score": score, "maximum": str(report.maximum), "level": words.clean(report.level)})
    for check, name in zip(report.checks, words.unique(words.clean(check.id) for check in report.checks), strict=True):
        add(suite, report, check, name)
    if report.notes:
        SubElement(suite, "system-out").text = "\n".join(map(words.clean, report.notes))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, "unicode") + "\n"


def add(suite: Element, report: Report, check: CheckResult, name: str) -> None:
    """Add one check."""
    place = {"classname": f"{words.clean(report.chapter)}.{words.clean(check.task)}", "name": name}
    line = check.finding.line if check.finding else None
    where = {"file": words.clean(f"{report.folder}/{line.path}"), "line": str(line.number)} if line else {}
    case = SubElement(suite, "testcase", {**place, "time": f"{check.seconds:.3f}", **where})
    properties(case, {"points": str(check.earned), "max_points": str(check.points)})
    kind = ELEMENTS.get(check.outcome)
    if kind == "skipped":
        SubElement(case, kind, {"message": words.end(check)})
    elif kind:
        said = {"message": words.clean(f"{check.label}: {words.end(check)}"), "type": check.outcome.value}
        SubElement(case, kind, said).text = words.details(report, check)


def properties(parent: Element, values: dict[str, str]) -> None:
    """Add properties."""
    there = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(there, "property", {"name": name, "value": value})
