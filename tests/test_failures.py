"""The hint for what fails now comes before the general ones."""

import re

import pytest

from grader.course import Chapter, chapters
from grader.day import failures, hints
from grader.diagnosis import concepts
from grader.proofs import declared
from grader.report import CheckResult, Finding, Outcome, Report, TaskInfo

TABLE = '[check]\n"1.1/a" = "Is it a?"\n"1.1/b" = "Is it b?"\n[concept]\nforgot = "Did you forget?"\n'
HINTS = "## 1.1 t\n\n### Hint 1\n\nfirst\n\n### Hint 2\n\nsecond\n\n### Hint 3\n\nthird\n"


@pytest.fixture
def chapter(tmp_path):
    chapter = Chapter("01_made_up", tmp_path)
    chapter.__dict__["tasks"] = {"1.1": "t", "1.2": "u"}
    chapter.starter.mkdir(parents=True)
    (chapter.starter / "failures.toml").write_text(TABLE)
    (chapter.starter / "HINTS.md").write_text(HINTS + HINTS.replace("1.1", "1.2"))
    return chapter


def report(concept="", tasks=("1.1", "1.2"), **outcomes):
    checks = tuple(
        CheckResult(id=f"1.1/{name}", task="1.1", label=f"label of {name}", points=5, outcome=Outcome(outcome),
                    finding=Finding(did="d", expected="e", got="g", concept=concept))
        for name, outcome in outcomes.items()
    )  # fmt: skip
    infos = tuple(TaskInfo(id=task, title="t") for task in tasks)
    return Report(chapter="01", title="t", source="student", folder="f", level="practice", tasks=infos, checks=checks)


def told(chapter):
    failing = failures.hint(chapter, "1.1")
    return failing and (failing[0].check, failing[1])


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (report(a="failed", b="failed"), ("1.1/a", "Is it a?")),
        (report(a="passed", b="crashed"), ("1.1/b", "Is it b?")),
        (report("forgot app/a.py:3", a="failed"), ("1.1/a", "Did you forget?")),
        (report("unknown app/a.py:3", a="failed"), ("1.1/a", "Is it a?")),
        (report(c="failed"), None),
        (report(a="passed"), None),
        (report(a="todo"), None),
        (report(a="failed", b="error"), None),
    ],
)
def test_the_first_failure_of_a_task_has_its_hint(chapter, found, wanted):
    failures.remember(chapter, found)
    assert told(chapter) == wanted


def test_a_later_grading_forgets_what_works_now_and_keeps_what_it_did_not_touch(chapter):
    failures.remember(chapter, report(a="failed"))
    failures.remember(chapter, report(tasks=("1.2",)))
    assert told(chapter) == ("1.1/a", "Is it a?")
    failures.remember(chapter, report(a="passed"))
    assert told(chapter) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"1.1": 3}', "\udcff"])
def test_a_broken_memory_does_no_harm(chapter, text):
    failures.memory_file(chapter).parent.mkdir()
    failures.memory_file(chapter).write_bytes(text.encode(errors="surrogateescape"))
    assert told(chapter) is None
    failures.remember(chapter, report(a="failed"))
    assert told(chapter) == ("1.1/a", "Is it a?")


def test_a_chapter_without_a_table_has_general_hints_only(chapter):
    failures.remember(chapter, report(a="failed"))
    (chapter.starter / "failures.toml").unlink()
    assert hints.tell(chapter, "1.1").startswith("1.1 t: hint 1 of 3")


def test_it_comes_once_before_the_three_steps(chapter):
    failures.remember(chapter, report(a="failed"))
    first, *steps = [hints.tell(chapter, "1.1") for _ in range(4)]
    assert first == "1.1 label of a\n\nIs it a?\n\nMore about the whole task: nox -s hint -- 1.1"
    assert [text.partition("\n")[0][-6:] for text in steps] == ["1 of 3", "2 of 3", "3 of 3"]
    failures.remember(chapter, report(a="passed", b="failed"))
    assert "Is it b?" in hints.tell(chapter, "1.1")
    assert "first" in hints.tell(chapter, "1.1", 1)


@pytest.mark.parametrize("each", chapters(), ids=lambda chapter: chapter.slug)
def test_every_check_has_a_question_and_so_has_what_programs_raise(each):
    known = failures.table(each)
    assert list(known["check"]) == [check.id for check in declared.checks(each)]
    assert known["concept"].keys() <= {concept.id for concept in concepts(each)}
    assert len(set(known["check"].values())) > len(known["check"]) // 2


@pytest.mark.parametrize("each", chapters(), ids=lambda chapter: chapter.slug)
@pytest.mark.parametrize("part", ["check", "concept"])
def test_no_question_is_long_or_gives_code(each, part):
    for id_, text in failures.table(each)[part].items():
        assert len(text) < 200, id_
        assert not re.search(r"\w\(\w*\)|`| = ", text), id_
