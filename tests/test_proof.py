"""A bank is proved by grading it: each entry loses exactly what it names, and says what it promises."""

import subprocess

import pytest

from grader.course import Chapter
from grader.proofs import golden, proof, reading
from grader.proofs.bank import Edit, Mistake, Variation
from grader.proofs.proof import Proof
from grader.report import CheckResult, Finding, Outcome, Report, TaskInfo


def report(**outcomes):
    """A report of checks 1.1/a, 1.1/b, ...: report(a="passed", b="failed")."""
    checks = tuple(
        CheckResult(
            id=f"1.1/{name}", task="1.1", label="label", points=5, outcome=Outcome(outcome),
            finding=Finding(did="d", expected="e", got=f"got {name}", why="Commit it.") if outcome == "failed" else None,
        )
        for name, outcome in outcomes.items()
    )  # fmt: skip
    task = TaskInfo(id="1.1", title="t")
    return Report(
        chapter="01", title="t", source="submission", folder="f", level="practice", tasks=(task,), checks=checks
    )


def mistake(*loses, says=(), id_="m"):
    return Mistake(id=id_, task="1.1", source="s", why="w", loses=loses, says=says, edit=())


def complaints(entry, found, board="the board says: Commit\n  it."):
    return list(proof.complaints(entry, found, board))


def test_an_entry_that_does_what_it_says_gets_no_complaint():
    found = report(a="failed", b="blocked", c="passed")
    assert complaints(mistake("1.1/a", says=("Commit it",)), found) == []
    assert complaints(Variation(id="v", about="a", edit=()), report(a="passed")) == []


@pytest.mark.parametrize("outcome", ["failed", "passed"])
def test_what_is_lost_by_a_race_may_be_kept(outcome):
    entry = mistake("1.1/a").model_copy(update={"races": ("1.1/b",)})
    assert complaints(entry, report(a="failed", b=outcome)) == []


def test_what_is_lost_unnamed_is_told_with_its_finding():
    found = report(a="failed", b="failed", c="todo", d="error")
    assert complaints(mistake("1.1/a"), found) == [
        "loses 1.1/b, unnamed: expected e; got got b", "loses 1.1/c, unnamed", "loses 1.1/d, unnamed",
    ]  # fmt: skip
    assert len(complaints(Variation(id="v", about="a", edit=()), found)) == 4


def test_what_is_kept_and_what_is_not_said_is_told():
    assert complaints(mistake("1.1/a", says=("Roll back",)), report(a="passed")) == [
        "keeps 1.1/a, which it should lose", "the board does not say 'Roll back'",
    ]  # fmt: skip


def test_a_mistake_must_name_what_it_loses():
    assert complaints(mistake(), report(a="passed")) == ["it names no check that it loses"]


def test_checks_that_no_mistake_loses_are_unproven():
    found = report(a="failed", b="passed", c="passed")
    assert proof.unproven(found, [mistake("1.1/a"), mistake("1.1/a", "1.1/c")]) == ["1.1/b"]


def test_two_mistakes_with_the_same_loss_and_board_are_doubles():
    first, same = (Proof(mistake(id_=id_), report(a="failed", b="passed"), ()) for id_ in ("first", "same"))
    others = [
        Proof(mistake(id_="more"), report(a="failed", b="failed"), ()),
        Proof(mistake(id_="x"), None, ("broken",)),
    ]
    assert proof.doubles([first, *others]) == []
    assert proof.doubles([first, *others, same]) == ["first and same lose the same checks with the same board"]


@pytest.fixture
def chapter(tmp_path):
    chapter = Chapter("01_made_up", tmp_path)
    (chapter.solution / "app").mkdir(parents=True)
    (chapter.solution / "app" / "a.py").write_text("commit()\n")
    return chapter


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """A function that says what the grader answers; the boards are read in peace, and kept in a folder of their own."""
    monkeypatch.setattr(golden.course, "ROOT", tmp_path)
    monkeypatch.setattr(reading, "complaints", lambda *_: [])

    def answer(found):
        def graded(_chapter, _folder, **options):
            answer.asked = options["asked"]
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(proof, "graded", graded)

    return answer


def edited(new="pass", id_="m"):
    return mistake("1.1/a", id_=id_).model_copy(update={"edit": (Edit(file="app/a.py", old="commit()", new=new),)})


def test_entries_are_graded_and_heard_of_in_order(chapter, answers):
    answers(report(a="failed"))
    heard = []
    proofs = proof.prove_all(chapter, [edited(id_="m1"), edited(id_="m2")], heard.append, update=True)
    assert [each.entry.id for each in proofs] == ["m1", "m2"]
    assert [each.complaints for each in proofs] == [(), ()]
    assert len(heard) == 2
    assert "Commit it." in proofs[0].board
    assert proofs[0].report.folder == "chapters/01_made_up"


def test_a_board_that_is_kept_must_stay_as_it_is(chapter, answers):
    answers(report(a="failed"))
    assert golden.unread(chapter, [edited()]) == ["m"]
    assert proof.prove(chapter, edited(), update=True).complaints == ()
    assert golden.unread(chapter, [edited()]) == []
    assert proof.prove(chapter, edited()).complaints == ()
    golden.place(chapter, edited()).write_text("another board", "utf-8")
    assert "the board differs" in proof.prove(chapter, edited()).complaints[0]


def test_a_mistake_with_a_record_is_asked_for_that_unless_the_whole_is_wanted(chapter, answers):
    answers(report(a="failed"))
    entry = edited().model_copy(update={"races": ("1.1/b",)})
    for options, asked in (
        ({"whole": False, "update": True}, ()),  # its board is not there yet
        ({"whole": False}, ("1.1/a", "1.1/b")),
        ({}, ()),
    ):
        assert proof.prove(chapter, entry, **options).complaints == ()
        assert answers.asked == asked
    assert proof.prove(chapter, entry, whole=False).asked == ("1.1/a", "1.1/b")
    for each, options in ((Variation(id="v", about="a", edit=()), {}), (entry, {"level": "landlock"})):
        assert proof.prove(chapter, each, whole=False, **options).asked == ()
        assert answers.asked == ()


def test_a_variation_has_no_board_to_read(chapter, answers):
    answers(report(a="passed"))
    assert proof.prove(chapter, Variation(id="v", about="a", edit=())).complaints == ()


@pytest.mark.parametrize(
    ("answer", "entry", "said"),
    [
        (RuntimeError("no report, exit status 3"), edited(), "no report, exit status 3"),
        (subprocess.TimeoutExpired("grader", 1), edited(), "timed out"),
        (None, mistake("1.1/a").model_copy(update={"edit": (Edit(file="app/a.py", old="x"),)}), "occurs 0 times"),
    ],
)
def test_an_entry_that_cannot_be_graded_is_a_complaint(chapter, answers, answer, entry, said):
    answers(answer)
    found = proof.prove(chapter, entry)
    assert (found.report, found.board) == (None, "")
    assert said in found.complaints[0]
