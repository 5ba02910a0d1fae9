"""What other systems read: each document is read as its consumer reads it. Hostile texts: tests/test_fuzz.py."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from grader.exports import FORMATS, annotations, classroom50, github_classroom, gradescope, junit, markdown, page, words
from grader.fuzz.exports import CLASSROOM50, GITHUB, GRADESCOPE
from grader.report import CheckResult, Finding, Line, Outcome, Report, TaskInfo

FINDING = Finding(
    did="POST /register", expected="409", got="500 IntegrityError: 100%",
    line=Line(path="app/crud.py", number=31, text="await session.commit()"), why="Nobody caught it.", concept="unique app/crud.py:31",
)  # fmt: skip


def checked(id_, outcome, points=4, **more):
    return CheckResult(
        id=id_, task=id_.partition("/")[0], label=f"label of {id_}", points=points, outcome=outcome, **more
    )


def report(*checks, **more):
    tasks = tuple(TaskInfo(id=task, title=f"task {task}") for task in dict.fromkeys(check.task for check in checks))
    given = {"folder": "chapters/02_async_crud", "level": "namespaces", "source": "submission", "seconds": 12.4}
    return Report(chapter="02", title="async CRUD", tasks=tasks, checks=checks, **given | more)


GRADED = report(
    checked("2.1/a", Outcome.PASSED, 8, seconds=0.25), checked("2.5/a", Outcome.PASSED),
    checked("2.5/b", Outcome.FAILED, 6, finding=FINDING), checked("2.5/c", Outcome.CRASHED, finding=FINDING),
    checked("2.6/a", Outcome.TODO, 10), checked("2.9/a", Outcome.BLOCKED, 10, waits_for="2.6"),
    notes=("app/x y.py was left out",),
)  # fmt: skip
COMPLETE = report(checked("2.1/a", Outcome.PASSED, 8))
UNGRADED = report(checked("2.1/a", Outcome.PASSED, 8), checked("2.2/a", Outcome.ERROR, 8), notes=("the disk is full",))


def test_there_is_a_file_for_each_format_and_no_file_twice():
    assert len({each.file for each in FORMATS.values()}) == len(FORMATS) == 9
    written = {name for name, each in FORMATS.items() if each.render(GRADED)}
    assert written == set(FORMATS)


def test_without_a_fair_number_no_format_says_one():
    for name, each in FORMATS.items():
        text = each.render(UNGRADED)
        assert text is None or "8 of 16" not in text, name
    assert json.loads(FORMATS["json"].render(UNGRADED))["score"] is None
    assert FORMATS["classroom50"].render(UNGRADED) is None


def test_junit_is_read_by_a_reader_of_junit():
    document = JUnitXml.fromstring(junit.render(GRADED).encode())
    (suite,) = document
    assert (document.tests, document.failures, document.errors, document.skipped) == (6, 1, 1, 2)
    cases = list(suite)
    assert [case.name for case in cases] == [check.id for check in GRADED.checks]
    assert cases[0].classname == "02.2.1"
    assert (cases[0].time, cases[0].result) == (0.25, [])
    (failure,), (error,), (todo,), (blocked,) = (case.result for case in cases[2:])
    assert isinstance(failure, Failure)
    assert isinstance(error, Error)
    assert isinstance(todo, Skipped)
    assert (failure.type, failure.message) == ("failed", "label of 2.5/b: not right yet")
    assert "got: 500 IntegrityError: 100%" in failure.text
    assert (error.type, todo.message, blocked.message) == ("crashed", "to do", "needs 2.6")
    assert {each.name: each.value for each in suite.properties()} == {
        "score": "12", "maximum": "42", "level": "namespaces",
    }  # fmt: skip


def test_names_in_junit_differ_even_when_they_do_not():
    assert list(words.unique(["a", "b", "a", "a"])) == ["a", "b", "a (2)", "a (3)"]


def test_gradescope_gets_each_check_with_its_points_and_the_total():
    document = json.loads(gradescope.render(GRADED))
    GRADESCOPE.validate(document)
    assert (document["score"], document["execution_time"], len(document["tests"])) == (12, 12, 6)
    passed, _, failed, *_ = document["tests"]
    assert (passed["number"], passed["score"], passed["max_score"], passed["status"]) == ("2.1", 8, 8, "passed")
    assert (failed["score"], failed["status"], failed["output"].splitlines()[0]) == (
        0,
        "failed",
        "we did: POST /register",
    )
    assert "app/x y.py was left out" in document["output"]


def test_gradescope_gets_no_score_at_all_when_there_is_none():
    document = json.loads(gradescope.render(UNGRADED))
    GRADESCOPE.validate(document)
    assert "score" not in document
    assert document["tests"] == []
    assert "the disk is full" in document["output"]


def test_classroom_50_gets_a_test_for_each_task():
    environment = {"CLASSROOM": "c", "ASSIGNMENT": "a", "USERNAME": "mira", "SUBMISSION_TAG": "t", "COMMIT_URL": "u"}
    noon = datetime(2030, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    document = json.loads(classroom50.render(GRADED, environment, noon))
    CLASSROOM50.validate(document)
    assert (document["owner"], document["datetime"], document["score"], document["max-score"]) == (
        "mira", "2030-01-02T10:00:00Z", 12, 42,
    )  # fmt: skip
    assert [(test["passed"], test["score"], test["max-score"]) for test in document["tests"]] == [
        (True, 8, 8), (False, 4, 14), (False, 0, 10), (False, 0, 10),
    ]  # fmt: skip
    assert json.loads(classroom50.render(COMPLETE, {"OWNER": "team"}, datetime.now(UTC)))["owner"] == "team"


@pytest.mark.parametrize(
    ("graded", "status", "most", "tests"),
    [(GRADED, "fail", 42, 6), (COMPLETE, "pass", 8, 1), (UNGRADED, "error", 0, 0)],
)
def test_the_reporter_of_github_classroom_always_finds_tests(graded, status, most, tests):
    document = json.loads(base64.b64decode(github_classroom.render(graded)))
    GITHUB.validate(document)
    assert (document["status"], document["max_score"], len(document["tests"])) == (status, most, tests)


def test_annotations_stand_at_the_line_and_causes_come_once_before_all_others():
    first, second = annotations.render(GRADED).splitlines()
    assert first == (
        "::error file=chapters/02_async_crud/app/crud.py,line=31,title=2.5 label of 2.5/b::not right yet%0A"
        "expected: 409%0Agot: 500 IntegrityError: 100%25%0Awhy: Nobody caught it."
    )
    assert "label of 2.5/c" in second
    many = [checked(f"2.5/{number}", Outcome.FAILED, finding=FINDING) for number in range(20)]
    lines = annotations.render(report(*many, checked("2.6/other", Outcome.TIMEOUT))).splitlines()
    assert len(lines) == 10
    assert "2.6/other" in lines[1]


def test_a_place_outside_the_repository_and_a_failure_without_a_finding_have_no_line():
    assert "file=" not in annotations.render(GRADED.model_copy(update={"folder": "/home/mira"}))
    assert annotations.render(report(checked("2.1/a", Outcome.MEMORY))) == (
        "::error title=2.1 label of 2.1/a::too much memory\n"
    )


def test_annotations_say_when_nothing_was_graded_and_nothing_when_all_is_well():
    assert annotations.render(COMPLETE) == ""
    assert annotations.render(UNGRADED).startswith("::error title=Not graded::not graded: the grader could not")
    assert annotations.render(UNGRADED).endswith("%0Athe disk is full\n")


def test_markdown_shows_points_and_failures_and_nothing_in_it_is_alive():
    hostile = FINDING.model_copy(update={"got": "</pre> <b> ```\n| @mira"})
    text = markdown.render(report(checked("2.5/a", Outcome.FAILED, finding=hostile), notes=("a|b `c` <d>",)))
    assert "| 2.5 | task 2.5 | 0 / 4 |" in text
    assert "- a&#124;b &#96;c&#96; &#60;d&#62;" in text
    assert "got: &lt;/pre&gt; &lt;b&gt; ```\n| @mira" in text
    assert "| 2.1 | task 2.1 |  |" in markdown.render(UNGRADED)
    assert "(some tasks only)" in markdown.render(COMPLETE.model_copy(update={"partial": True}))


def test_the_summary_counts_what_does_not_fit():
    text = markdown.render(GRADED, 600)
    assert len(text.encode()) < 700
    assert text.endswith("more checks failed; the report has them.\n")
    assert markdown.summary(GRADED) == markdown.render(GRADED)


def test_the_page_stands_alone():
    text = page.render(GRADED)
    assert "12 of 42 points" in text
    assert '<td class="failed">4 / 14</td>' in text
    assert "default-src &#x27;none&#x27;" not in text
    assert "default-src 'none'" in text
    assert not any(word in text for word in ("<script", "http:", "https:", "url(", "@import"))
