"""Every chapter as a product: the reference passes, the starter is to do, and every check leads somewhere."""

import json
from collections import Counter
from functools import cache

import pytest
from jsonschema import Draft202012Validator

from grader import schedule, starters, verdict
from grader.course import ROOT, chapters
from grader.day import hints
from grader.diagnosis import concepts
from grader.markers import parts
from grader.proofs import documents
from grader.proofs.declared import checks
from grader.report import Outcome, Report

SCHEMA = json.loads((ROOT / "grader" / "report.schema.json").read_text("utf-8"))
each_chapter = pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.slug)


declared = cache(checks)


def graded(ran) -> Report:
    """The report of a run, which is one as the schema says."""
    Draft202012Validator(SCHEMA).validate(json.loads(ran.out))
    return Report.from_json(ran.out)


@each_chapter
def test_the_reference_gets_a_complete_report_with_100_points(chapter, grader, nothing_left):
    ran = grader("chapter", chapter.number, "--solution", "--json", "-")
    report = graded(ran)
    assert {check.id: check.finding for check in report.checks if check.outcome is not Outcome.PASSED} == {}
    assert (ran.status, ran.err, report.score, report.notes) == (0, "", 100, ())
    assert [check.id for check in report.checks] == [check.id for check in declared(chapter)]


@each_chapter
def test_an_untouched_starter_is_to_do_and_nothing_of_it_failed(chapter, grader, tmp_path, nothing_left):
    starters.write(chapter, tmp_path)
    ran = grader("chapter", chapter.number, "--submission", tmp_path, "--json", "-")
    report = graded(ran)
    other = {check.id: check.outcome for check in report.checks if check.outcome not in (Outcome.TODO, Outcome.BLOCKED)}
    assert other == {}
    assert (ran.status, ran.err, report.score, report.maximum) == (1, "", 0, 100)


def test_a_task_that_is_wrong_fails_while_those_after_it_are_not_begun(grader, tmp_path, nothing_left):
    chapter = chapters()[1]
    starters.write(chapter, tmp_path)
    for part in parts(chapter.solution):
        if part.task in ("2.1", "2.2"):
            file = tmp_path / part.file
            file.write_text(file.read_text().replace("\n".join(part.starter), "\n".join(part.answer)))
    database = tmp_path / "app" / "database.py"
    database.write_text(database.read_text().replace("as session, session.begin():", "as session:"))
    report = graded(grader("chapter", "02", "--submission", tmp_path, "--task", "2.2", "--json", "-"))
    wrong = [check.id for check in report.checks if check.outcome is Outcome.FAILED]
    assert wrong == ["2.2/a-request-commits"]


@each_chapter
def test_the_points_of_a_chapter_are_100_of_which_25_at_most_rest_on_testimony(chapter):
    assert sum(check.points for check in declared(chapter)) == 100
    assert sum(check.points for check in declared(chapter) if check.testimony) <= 25


@each_chapter
def test_the_id_of_a_check_is_its_own(chapter):
    assert [id_ for id_, count in Counter(check.id for check in declared(chapter)).items() if count > 1] == []


@each_chapter
def test_what_a_check_needs_exists_and_comes_before_it(chapter):
    seen = []
    for check in declared(chapter):
        assert [
            need for need in schedule.resolved(declared(chapter))[check.id] if need not in seen and "/" not in need
        ] == []
        seen.append(check.id)
    assert schedule.of_tasks(declared(chapter), list(chapter.tasks)) == {check.id for check in declared(chapter)}


@each_chapter
def test_every_task_has_a_title_and_three_hints(chapter):
    assert list(chapter.tasks) == list(dict.fromkeys(check.task for check in declared(chapter)))
    for task, title in chapter.tasks.items():
        assert title
        assert len(hints.steps(chapter, task)) == hints.STEPS, task


@each_chapter
def test_every_check_and_every_diagnosis_points_to_a_section_of_the_lesson(chapter):
    places = {verdict.lesson(check, chapter) for check in declared(chapter)} | {
        entry.place for entry in concepts(chapter)
    }
    for place in places:
        path, _, anchor = place.partition("#")
        assert anchor in documents.anchors(ROOT / path), place


@each_chapter
def test_every_task_is_marked_in_the_solution(chapter):
    from grader.markers import parts  # noqa: PLC0415 -- only here

    assert {part.task for part in parts(chapter.solution)} == set(chapter.tasks)
