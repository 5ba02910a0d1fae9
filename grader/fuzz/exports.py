"""Every exporter: whatever stands in a report, what comes out is valid, says the right number, and is safe to show."""

import base64
import json
import re
import unicodedata
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest import mock
from xml.etree.ElementTree import Element, fromstring

from jsonschema import Draft202012Validator

from grader import exports
from grader.exports import annotations, classroom50, github_classroom, gradescope, junit, markdown, page
from grader.fuzz.hostile import REPORTS
from grader.fuzz.target import Target, replaced
from grader.report import Report

SCHEMAS = Path(exports.__file__).parent / "schemas"
NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
ANNOTATION = re.compile(r"::error (?:(?:file|line|title)=[^:,\n]*,?)+::[^\r\n]*")
TEST_CHILDREN = {"properties", "failure", "error", "skipped"}
TAGS = frozenset({
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "strong", "ul", "li", "table", "thead", "tbody",
    "tr", "th", "td", "section", "pre",
})  # fmt: skip
ATTRIBUTES = frozenset({"class", "scope", "lang", "charset", "name", "content", "http-equiv"})


def validator(name: str) -> Draft202012Validator:
    """The validator of a published schema."""
    return Draft202012Validator(json.loads((SCHEMAS / name).read_text("utf-8")))


GRADESCOPE, CLASSROOM50, GITHUB = (
    validator(f"{name}.schema.json") for name in ("gradescope", "classroom50", "github_classroom")
)
REPORT = Draft202012Validator(json.loads((SCHEMAS.parents[1] / "report.schema.json").read_text("utf-8")))


def assert_printable(text: str) -> None:
    """No control character but line breaks, nothing that changes direction, nothing unpaired."""
    odd = {character for character in text if unicodedata.category(character)[0] == "C"} - {"\n"}
    assert not odd, odd


def json_holds(report: Report) -> None:
    """The JSON is ASCII, what the schema says, and reads back as the same."""
    text = report.to_json()
    assert text.isascii()
    REPORT.validate(json.loads(text))
    assert Report.from_json(text) == report


def junit_holds(report: Report) -> None:
    """The XML is the common subset, with names that differ and the right counts."""
    text = junit.render(report)
    assert_printable(text)
    root = fromstring(text)  # noqa: S314 -- our own document
    (suite,) = root
    cases = suite.findall("testcase")
    tags = ["properties", *["testcase"] * len(cases), *["system-out"] * bool(report.notes)]
    assert [each.tag for each in suite] == tags
    assert len({case.get("name") for case in cases}) == len(cases) == len(report.checks) == int(suite.get("tests", ""))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(name) == root.get(name) == str(len(suite.findall(f"testcase/{tag}")))
    points = [int(case_property(case, "points")) for case in cases]
    assert report.score in {None, sum(points)}
    for case in cases:
        assert {each.tag for each in case} <= TEST_CHILDREN
        assert len(case) <= 2


def case_property(case: Element, name: str) -> str:
    """A property of a testcase."""
    (found,) = (each.get("value", "") for each in case.iter("property") if each.get("name") == name)
    return found


def gradescope_holds(report: Report) -> None:
    """The JSON is what the schema says, and its tests add up to its score."""
    document = json.loads(gradescope.render(report))
    GRADESCOPE.validate(document)
    assert document.get("score") == report.score
    assert sum(test["score"] for test in document["tests"]) == (report.score or 0)
    json_texts_printable(document)


def classroom50_holds(report: Report) -> None:
    """The same for Classroom 50; without a score there is no document."""
    text = classroom50.render(report, {"CLASSROOM": report.folder, "OWNER": report.title}, NOW)
    assert (text is None) == (report.score is None)
    if text is not None:
        document = json.loads(text)
        CLASSROOM50.validate(document)
        assert sum(test["score"] for test in document["tests"]) == document["score"] == report.score
        json_texts_printable(document)


def github_classroom_holds(report: Report) -> None:
    """The same for the reporter of GitHub Classroom: both of its totals are right."""
    document = json.loads(base64.b64decode(github_classroom.render(report), validate=False))
    GITHUB.validate(document)
    assert sum(test["score"] for test in document["tests"]) == (report.score or 0)
    json_texts_printable(document)


def json_texts_printable(value: Any) -> None:
    """Every text in a document is printable."""
    for text in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        assert_printable(text) if isinstance(text, str) else json_texts_printable(text)


def annotations_hold(report: Report) -> None:
    """At most ten lines, each one command of ours."""
    text = annotations.render(report)
    assert_printable(text)
    lines = text.split("\n")[:-1]
    assert len(lines) <= annotations.MOST
    assert all(ANNOTATION.fullmatch(line) for line in lines), lines


def markdown_holds(report: Report) -> None:
    """Nothing but our own marks: outside the blocks every mark of the student's is an entity."""
    text = markdown.render(report)
    assert_printable(text)
    assert text.count("<pre>\n") == text.count("\n</pre>\n") == text.count("\n### ")
    outside = re.sub(r"^<pre>\n[^<>]*\n</pre>$", "", text, flags=re.MULTILINE)
    assert not re.search(r"[<>`\[\]~@$\\]", outside), outside
    table = [line for line in outside.splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(report.tasks)
    assert all(line.count("|") == 4 for line in table)


def summary_holds(report: Report) -> None:
    """The job summary is within its bound."""
    assert len(markdown.summary(report).encode()) <= 2**20
    head = markdown.render(report).partition("\n### ")[0]
    assert len(markdown.render(report, 3000).encode()) <= max(3000, len(head.encode())) + 100


class Tags(HTMLParser):
    """The tags of a page, and whether they nest."""

    def __init__(self) -> None:
        """Nothing is open."""
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Only ours."""
        assert tag in TAGS, tag
        assert {name for name, _ in attributes} <= ATTRIBUTES
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The one that is open."""
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        """None."""
        raise AssertionError(data)


def page_holds(report: Report) -> None:
    """The page has our own tags and no others, closed as they were opened."""
    text = page.render(report)
    assert_printable(text)
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert not tags.open


def unscrubbed(text: str, longest: int = 0, *, lines: bool = False) -> str:
    """A bug: text goes through as it is."""
    return text


def blind() -> AbstractContextManager[Any]:
    """A bug: every text counts as empty."""
    return mock.patch("grader.exports.markdown.len", lambda _text: 0, create=True)


SCRUB = replaced("grader.exports.words.scrub", unscrubbed), "texts are not scrubbed"
TARGETS = (
    Target("json", REPORTS, json_holds, replaced("grader.report.SUMS", frozenset()), "sums are read as fields"),
    Target("junit", REPORTS, junit_holds, *SCRUB),
    Target("gradescope", REPORTS, gradescope_holds, *SCRUB),
    Target("classroom50", REPORTS, classroom50_holds, *SCRUB),
    Target("github-classroom", REPORTS, github_classroom_holds, replaced("grader.exports.github_classroom.scrub", unscrubbed), "an output is not cut"),
    Target("annotations", REPORTS, annotations_hold, replaced("grader.exports.annotations.escape", str), "a line break is not escaped"),
    Target("markdown", REPORTS, markdown_holds, replaced("grader.exports.markdown.inert", str), "marks are not made inert"),
    Target("summary", REPORTS, summary_holds, blind, "sizes are not worked out"),
    Target("html", REPORTS, page_holds, replaced("grader.exports.page.escape", str), "text is not escaped"),
)  # fmt: skip
