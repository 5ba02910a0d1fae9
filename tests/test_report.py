"""The report fails closed: what is not recorded is an error, and its sums are worked out, not believed."""

import json
import os

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from grader.course import ROOT
from grader.report import CheckResult, Finding, Line, Outcome, Report, TaskInfo

SCHEMA = ROOT / "grader" / "report.schema.json"


def checked(id_="1.1/a", points=4, outcome=Outcome.PASSED, **more):
    return CheckResult(id=id_, task=id_.partition("/")[0], label="label", points=points, outcome=outcome, **more)


def report(*checks, **more):
    tasks = tuple(TaskInfo(id=task, title="title") for task in dict.fromkeys(check.task for check in checks))
    return Report(
        chapter="01", title="t", source="student", folder="f", level="practice", tasks=tasks, checks=checks, **more
    )


def test_the_score_is_the_sum_of_what_passed():
    graded = report(checked("1.1/a", 4), checked("1.1/b", 6, Outcome.FAILED), checked("1.2/a", 1, Outcome.TODO))
    assert (graded.score, graded.maximum, graded.gradable, graded.complete) == (4, 11, True, False)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.PASSED])
def test_only_a_pass_earns_points(outcome):
    assert checked(outcome=outcome).earned == 0


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([Outcome.PASSED, Outcome.PASSED], 0),
        ([Outcome.PASSED, Outcome.FAILED], 1),
        ([Outcome.PASSED, Outcome.TODO], 1),
        ([Outcome.PASSED, Outcome.ERROR], 3),
        ([], 3),
    ],
)
def test_the_exit_status_is_0_only_when_everything_passed_and_3_when_nothing_is_known(outcomes, status):
    graded = report(*(checked(f"1.1/{number}", outcome=outcome) for number, outcome in enumerate(outcomes)))
    assert graded.exit_status == status
    assert (graded.score is None) == (status == 3)


def test_a_result_nobody_declared_is_refused():
    with pytest.raises(ValueError, match=r"no check 1\.1/forged was declared"):
        report(checked("1.1/a")).with_result(checked("1.1/forged", 100))


def test_a_result_replaces_only_its_own_check():
    graded = report(checked("1.1/a", outcome=Outcome.ERROR), checked("1.1/b", outcome=Outcome.ERROR))
    after = graded.with_result(checked("1.1/a"))
    assert [check.outcome for check in after.checks] == [Outcome.PASSED, Outcome.ERROR]
    assert after.score is None


def test_points_that_rest_on_testimony_are_counted():
    assert report(checked("1.1/a", 4, testimony=True), checked("1.1/b", 6)).testimony_points == 4


def test_a_report_is_the_same_after_json():
    finding = Finding(did="d", expected="e", got="g", line=Line(path="app/a.py", number=3, text="x"), rows=("INSERT",))
    graded = report(
        checked("1.1/a", outcome=Outcome.CRASHED, seconds=0.5, finding=finding), checked("1.2/b"), notes=("n",)
    )
    assert Report.from_json(graded.to_json()) == graded


def test_sums_in_a_document_are_worked_out_again():
    document = json.loads(report(checked(outcome=Outcome.FAILED)).to_json())
    forged = json.dumps(document | {"score": 100, "complete": True, "gradable": True, "maximum": 100})
    read = Report.from_json(forged)
    assert (read.score, read.complete, read.maximum) == (0, False, 4)


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", "{", '{"chapter": "01"}'])
def test_what_is_no_report_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 -- JSON's own words, or pydantic's
        Report.from_json(text)


def test_unknown_fields_and_changes_are_refused():
    document = json.loads(report(checked()).to_json())
    with pytest.raises(ValidationError, match="bonus"):
        Report.from_json(json.dumps(document | {"bonus": 50}))
    with pytest.raises(ValidationError, match="frozen"):
        report(checked()).checks[0].points = 100


def test_the_published_schema_is_current():
    if os.environ.get("UPDATE_GOLDEN"):
        SCHEMA.write_text(json.dumps(Report.model_json_schema(mode="serialization"), indent=2) + "\n", "utf-8")
    assert json.loads(SCHEMA.read_text("utf-8")) == Report.model_json_schema(mode="serialization")


def test_a_report_is_what_the_schema_says():
    Draft202012Validator.check_schema(json.loads(SCHEMA.read_text("utf-8")))
    graded = report(checked(), checked("1.1/b", outcome=Outcome.ERROR), notes=("n",))
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(json.loads(graded.to_json()))
