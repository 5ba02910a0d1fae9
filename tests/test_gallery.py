"""The page of mistakes needs nothing but itself, and shows every mistake whole."""

import re
from dataclasses import replace

import pytest

from grader.course import Chapter, chapters
from grader.proofs import bank, gallery
from grader.proofs.bank import Edit, Mistake
from grader.proofs.proof import Proof
from grader.report import CheckResult, Finding, Outcome, Report, TaskInfo


@pytest.fixture
def chapter(tmp_path):
    chapter = Chapter("01_made_up", tmp_path)
    (chapter.solution / "app").mkdir(parents=True)
    (chapter.solution / "app" / "a.py").write_text("# TODO 1.1: x. >>>\nif a < b:\n    commit()\n# <<<\n")
    chapter.starter.mkdir(parents=True)
    (chapter.starter / "HINTS.md").write_text("## 1.1 t\n\n### Hint 1\n\nwhat & where?\n")
    return chapter


def mistake(id_="forgotten"):
    edit = Edit(file="app/a.py", old="commit()", new="pass")
    return Mistake(
        id=id_, task="1.1", source="catalogue CR01", why="It <looks> done.", loses=("1.1/a",), says=(), edit=(edit,)
    )


def proof(*outcomes, id_="forgotten", complaints=()):
    finding = Finding(did="d", expected="1 row", got="0 rows <script>", why="Commit.")
    checks = tuple(
        CheckResult(id=f"{task}/{name}", task=task, label="l", points=1, outcome=Outcome(outcome),
                    finding=finding if outcome == "failed" else None)
        for (task, name), outcome in zip((("1.1", "a"), ("1.1", "b"), ("1.2", "c")), outcomes, strict=True)
    )  # fmt: skip
    tasks = (TaskInfo(id="1.1", title="t"), TaskInfo(id="1.2", title="u"))
    found = Report(
        chapter="01", title="t", source="submission", folder="f", level="practice", tasks=tasks, checks=checks
    )
    return Proof(mistake(id_), found, complaints)


def test_the_matrix_has_a_row_for_each_mistake_and_a_column_for_each_check():
    rows = gallery.matrix([proof("failed", "passed", "blocked"), proof("passed", "passed", "todo", id_="other")])
    assert rows.splitlines() == [
        "          1.1 1.2", "forgotten x·  -", "other     ··  x", "x lost, - waits for a task, · passed, empty: not asked",
    ]  # fmt: skip
    assert gallery.matrix([]) == ""


def test_a_check_that_was_not_asked_is_an_empty_cell():
    asked = replace(proof("failed", "passed", "blocked"), asked=("1.1/a",))
    assert gallery.matrix([asked]).splitlines()[1] == "forgotten x   -"


def test_the_page_shows_edit_board_hint_checks_and_reason(chapter):
    text = gallery.page(chapter, [proof("failed", "passed", "blocked", complaints=("too <long>",))])
    for part in (
        "<ins>+    pass</ins>", "<del>-    commit()</del>", "if a &lt; b:", "0 rows &lt;script&gt;", "what &amp; where?",
        "Caught by</dt><dd>1.1/a", "It &lt;looks&gt; done.", "CR01: Forgot commit", "too &lt;long&gt;", 'class="lost"',
        'href="#forgotten"', "1 wrong program.",
    ):  # fmt: skip
        assert part in text, part
    assert "&gt;&gt;&gt;" not in text
    (chapter.starter / "failures.toml").write_text('[check]\n"1.1/a" = "Who commits?"\n')
    assert "Who commits?\n\nwhat &amp; where?" in gallery.page(chapter, [proof("failed", "passed", "blocked")])


def test_the_page_loads_nothing(chapter):
    text = gallery.page(chapter, [proof("failed", "passed", "blocked")])
    assert not re.search(r"<(script|link|img|iframe)|src=|@import|url\(", text)


def test_an_entry_that_could_not_be_graded_is_shown_too(chapter):
    text = gallery.page(chapter, [Proof(mistake(), None, ("no report",))])
    assert "it could not be graded" in text
    assert "no report" in text
    (chapter.starter / "HINTS.md").unlink()
    assert "There are no hints for task 1.1." in gallery.page(chapter, [Proof(mistake(), None, ())])


def test_only_mistakes_are_shown(chapter):
    with pytest.raises(TypeError):
        gallery.article(chapter, Proof(bank.Variation(id="v", about="a", edit=()), None, ()))


@pytest.mark.parametrize("each", chapters(), ids=lambda chapter: chapter.slug)
def test_every_entry_of_the_catalogue_that_is_named_is_there(each):
    named = {name for entry in bank.mistakes(each) for name in gallery.ENTRY.findall(entry.source)}
    assert named - gallery.catalogue().keys() == set()
    assert "not in the catalogue" in gallery.source("catalogue ZZ99")
