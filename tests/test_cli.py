"""The command line: what a person types, what comes back, and with which exit status."""

import io
import json
import shutil

import pytest
from typer.testing import CliRunner

from grader import course
from grader.commands import app, cli
from grader.course import UsageError
from grader.proofs.bank import Edit, Mistake
from grader.proofs.proof import Proof
from grader.report import CheckResult, Outcome, Report, TaskInfo


@pytest.fixture
def copy(grader, repository):
    """The grader of a copy of the repository, so that nothing of the student's is touched."""
    grader.root = repository
    return grader


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("chapter 99", "There is no chapter 99; there "),
        ("chapter x", "There is no chapter x; there "),
        ("chapter 01 --task 1.99", "There is no task 1.99 in chapter 01; there are 1.1 to 1.13."),
        ("chapter 01 --task one", "'one' is no task; a task is written like 1.8."),
        ("chapter 01 --submission /nowhere/at/all", "There is no folder /nowhere/at/all."),
        ("chapter 01 --submission pyproject.toml", "pyproject.toml is not a folder."),
        ("chapter 01 --submission grader/suites", "grader/suites holds neither app/ nor chapters/01_orm_setup/app/."),
        ("chapter 01 --solution --submission grader", "Say either --solution or --submission, not both."),
        ("hint 1.99", "There is no task 1.99 in chapter 01; there are 1.1 to 1.13."),
        ("hint 99.1", "There is no chapter 99; there "),
        ("hint 1.1 7", "Task 1.1 has hints 1 to 3."),
        ("diff 01 01 01", "Name one chapter or one task; or two chapters, without options."),
        ("mistakes 99", "There is no chapter 99; there "),
    ],
)
def test_what_does_not_exist_gets_one_sentence_and_status_2(grader, arguments, said):
    ran = grader(*arguments.split())
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(said)
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("arguments", ["", "chapter", "frobnicate", "chapter 01 --frobnicate", "hint 1.1 first"])
def test_a_command_that_makes_no_sense_gets_help_and_status_2(grader, arguments):
    ran = grader(*arguments.split())
    assert ran.status == 2
    assert "Usage: " in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_checks_that_are_known_of_a_submission_are_not_run_and_of_a_student_they_are(copy, tmp_path):
    def grade(*arguments):
        return Report.from_json(copy("chapter", "01", *arguments, "--task", "1.1", "--json", "-").out)

    real = grade("--submission", "solutions/01_orm_setup")
    lost = tuple(check.model_copy(update={"outcome": Outcome.FAILED, "seconds": 9.0}) for check in real.checks)
    known = tmp_path / "known.json"
    known.write_text(real.model_copy(update={"checks": lost}).to_json())
    found = grade("--submission", "solutions/01_orm_setup", "--known", str(known))
    assert found.checks == lost
    assert {check.outcome for check in grade("--solution", "--known", str(known)).checks} == {Outcome.PASSED}


def test_checks_that_are_not_asked_of_a_submission_pass_unseen_and_a_student_is_asked_all(copy, edited):
    folder = edited("app/database.py", "    return create_engine(url)", "    return create_engine(uri)")

    def lost(*arguments):
        found = Report.from_json(copy("chapter", "01", *arguments, "--task", "1.2", "--json", "-").out)
        return [check.outcome is not Outcome.PASSED for check in found.checks]

    asked = ("--ask", "1.1/no-such-check")
    assert any(lost("--submission", str(folder)))
    assert not any(lost("--submission", str(folder), *asked))
    assert all(lost(*asked))


def test_an_untouched_starter_is_all_to_do_and_says_what_comes_next(copy, nothing_left):
    ran = copy("chapter", "01")
    assert (ran.status, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("chapter 01 · ")
    assert lines[0].endswith(" 0 / 100")
    assert [line.split()[0] for line in lines[1:14]] == ["○"] * 13
    assert all(line.endswith(" to do") for line in lines[1:14])
    assert "nox -s hint -- 1.1" in ran.out
    assert "Traceback" not in ran.out


def test_the_report_can_be_written_to_a_file_or_to_the_terminal(grader, tmp, nothing_left):
    first = grader("chapter", "01", "--solution", "--task", "1.1", "--json", "-")
    second = grader("chapter", "1", "--solution", "--task", "1.1", "--json", tmp / "report.json", "--workers", "1")
    told, written = Report.from_json(first.out), Report.from_json((tmp / "report.json").read_text("utf-8"))
    assert (first.status, second.status) == (0, 0)
    assert "Task 1.1 is done." in second.out
    for report in (told, written):
        assert (report.source, report.level, report.partial, report.complete) == ("solution", "practice", True, True)
        assert [task.id for task in report.tasks] == ["1.1"]
    assert [path.name for path in tmp.iterdir()] == ["report.json"]


@pytest.mark.parametrize("path", ["nowhere/report.json", "."])
def test_a_report_that_cannot_be_written_gets_a_sentence(tmp_path, path):
    with pytest.raises(UsageError, match="could not be written: "):
        cli.write(tmp_path / path, "{}")
    assert list(tmp_path.iterdir()) == []
    assert not list(tmp_path.parent.glob("*.part"))


def test_hints_come_one_step_at_a_time(copy):
    told = [copy("hint", "1.8", *step).out.splitlines()[0] for step in ((), (), ("1",), (), ())]
    assert [line.rpartition(": ")[2] for line in told] == [f"hint {number} of 3" for number in (1, 2, 1, 3, 3)]


def test_the_difference_to_the_reference_is_what_is_still_to_do(copy):
    ran = copy("diff", "01")
    assert (ran.status, ran.err) == (0, "")
    assert '-    raise NotImplementedError("TODO 1.6")' in ran.out
    assert "+    Base.metadata.create_all(engine)" in ran.out
    assert ">>>" not in ran.out
    assert "\x1b" not in ran.out


def test_a_chapter_whose_app_is_gone_can_be_brought_back(copy, tmp_path):
    copy.root = tmp_path / "repository"
    shutil.copytree(course.ROOT / "grader", copy.root / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    (copy.root / "chapters" / "01_orm_setup").mkdir(parents=True)
    ran = copy("chapter", "01")
    assert (ran.status, ran.out) == (2, "")
    assert "git checkout -- chapters/01_orm_setup" in ran.err


def test_starters_that_are_current_are_left_as_they_are_and_changed_ones_are_never_overwritten(copy, tmp_path):
    changed = shutil.copytree(copy.root, tmp_path / "changed")
    assert copy("starters", "--check").status == 0
    work = changed / "chapters" / "01_orm_setup" / "app" / "crud.py"
    work.write_text("my work")
    copy.root = changed
    check, refused = copy("starters", "--check"), copy("starters")
    assert (check.status, refused.status) == (1, 2)
    assert "01_orm_setup: not current: app/crud.py" in check.out
    assert refused.err.startswith("chapters/01_orm_setup/app has changed since it was generated")
    assert work.read_text() == "my work"


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "colour"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
    ],
)
def test_colour_is_for_terminals_unless_somebody_says_otherwise(monkeypatch, stream, environment, colour):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cli.sys, "stdout", stream)
    assert cli.look().colour is colour


def test_width_and_symbols_are_those_of_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setattr(cli.sys, "stdout", Terminal())
    assert (cli.look().width, cli.look().unicode) == (70, True)
    monkeypatch.setenv("COLUMNS", "500")
    monkeypatch.setattr(Terminal, "encoding", "ascii")
    assert (cli.look().width, cli.look(traceback=True).unicode) == (120, False)


def test_how_far_we_are_is_shown_to_somebody_who_looks_and_gone_in_the_end(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(cli.sys, "stderr", terminal)
    with cli.progress() as heard:
        heard(CheckResult(id="1.1/a", task="1.1", label="l", points=1, outcome=Outcome.PASSED))
    assert "1 checks done, the last: 1.1/a" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def proved(id_, *complaints, loses=("1.1/a",)):
    """An entry that was graded: of the checks 1.1/a and 1.1/b it lost the first."""
    checks = tuple(
        CheckResult(id=f"1.1/{name}", task="1.1", label="l", points=1, outcome=outcome)
        for name, outcome in (("a", Outcome.FAILED), ("b", Outcome.PASSED))
    )
    task = TaskInfo(id="1.1", title="t")
    report = Report(chapter="01", title="t", source="s", folder="f", level="practice", tasks=(task,), checks=checks)
    entry = Mistake(id=id_, task="1.1", source="s", why="w", loses=loses, says=(), edit=(Edit(file=id_),))
    return Proof(entry, report, complaints)


BOTH = ("1.1/a", "1.1/b")


@pytest.fixture
def bank(monkeypatch, tmp_path):
    """A function that runs `mistakes 01 ...` on a bank of entries that were graded already."""

    def run(*arguments, proofs):
        def prove_all(_chapter, entries, heard, **options):
            run.options = options
            done = [each for each in proofs if each.entry in entries]
            for each in done:
                heard(each)
            return done

        monkeypatch.setattr("grader.proofs.proof.prove_all", prove_all)
        for kind in ("mistakes", "variations"):
            monkeypatch.setattr(f"grader.proofs.bank.{kind}", lambda _chapter: [each.entry for each in proofs])
        for kind in ("gallery.page", "gallery.matrix"):
            monkeypatch.setattr(f"grader.proofs.{kind}", lambda *_: "shown")
        monkeypatch.setattr("grader.proofs.golden.orphans", lambda *_: [])
        monkeypatch.setattr("grader.proofs.reshape.variations", lambda _chapter: [])
        return CliRunner().invoke(app, ["mistakes", "01", "--html", str(tmp_path / "page.html"), *arguments])

    return run


@pytest.mark.parametrize(
    ("arguments", "proofs", "status", "said"),
    [
        ([], [proved("m", loses=BOTH)], 0, ["ok  m  1", "--whole asks", "1 of 1 graded, 0 complaints"]),
        ([], [proved("m")], 1, ["BAD no mistake loses 1.1/b"]),
        (["--only", "n"], [proved("m"), proved("n", loses=BOTH)], 0, ["1 of 2 graded, 0 complaints"]),
        (["--part", "2/2"], [proved("m"), proved("n", loses=BOTH)], 0, ["ok  n", "1 of 2 graded, 0 complaints"]),
        (["--boards"], [proved("m", loses=BOTH)], 0, ["chapter 01 · t"]),
        (["--variations"], [proved("m", "loses 1.1/a, unnamed")], 1, ["BAD m  1", "      loses 1.1/a, unnamed"]),
        ([], [proved("m"), proved("n", loses=BOTH)], 1, ["BAD m and n lose the same checks with the same board"]),
    ],
)
def test_a_bank_is_told_entry_by_entry_with_its_complaints(bank, arguments, proofs, status, said):
    result = bank(*arguments, proofs=proofs)
    assert result.exit_code == status, result.output
    for text in said:
        assert text in result.output


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [([], False), (["--part", "1/1"], False), (["--whole"], True), (["--only", "m"], True), (["--level", "x"], True),
     (["--variations"], True)],
)  # fmt: skip
def test_a_whole_bank_is_asked_for_what_it_loses_and_single_entries_for_everything(bank, arguments, whole):
    result = bank(*arguments, proofs=[proved("m", loses=BOTH)])
    assert bank.options["whole"] is whole
    assert ("--whole asks" in result.output) is not whole


def test_a_name_that_nothing_has_is_no_empty_success(bank):
    result = bank("--only", "m", "--only", "nothing of that name", proofs=[proved("m", loses=BOTH)])
    assert isinstance(result.exception, UsageError)
    assert "'nothing of that name'" in str(result.exception)


@pytest.mark.parametrize("part", ["0/2", "3/2", "half", "1/0"])
def test_a_part_of_a_bank_is_written_in_one_way(bank, part):
    assert "a part is written like 1/4" in str(bank("--part", part, proofs=[]).exception)


@pytest.fixture
def only_chapter(made_up, monkeypatch):
    """A course of one chapter, in this process."""
    chapter = made_up({"a.py": "# TODO 1.1: x. >>>\nx = 1\n# <<<\n"})
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    return chapter


def test_starters_are_written_once_and_then_current(only_chapter):
    runs = [CliRunner().invoke(app, ["starters", *more]) for more in (["--check"], [], ["--check"])]
    assert [run.exit_code for run in runs] == [1, 0, 0]
    assert [run.output for run in runs] == [
        "01_made_up: not current: app/a.py\n", "01_made_up: wrote app/a.py\n", "01_made_up: current\n",
    ]  # fmt: skip


def test_two_chapters_can_be_compared(only_chapter):
    result = CliRunner().invoke(app, ["diff", "01", "01"])
    assert (result.exit_code, result.output) == (0, "No difference.\n")


def test_the_report_of_a_wrong_program_shows_its_frames_only_when_asked(grader, edited, nothing_left):
    folder = edited("app/database.py", "    return create_engine(url)", "    return create_engine(uri)")
    short, long = (
        grader("chapter", "01", "--submission", folder, "--task", "1.1", *more) for more in ((), ("--traceback",))
    )
    assert (short.status, long.status) == (1, 1)
    assert "app/database.py:" in "".join(short.out.split())
    assert "in make_engine: return create_engine(uri)" in long.out
    assert "in make_engine" not in short.out


def test_the_report_says_what_was_left_out(grader, submission, nothing_left):
    folder = submission()
    (folder / "app" / "link.py").symlink_to("/etc/hostname")
    ran = grader("chapter", "01", "--submission", folder, "--task", "1.1", "--json", "-")
    (note,) = json.loads(ran.out)["notes"]
    assert note.startswith("app/link.py is a link and was left out")


def test_a_schema_without_limits_fails_before_the_route_behind_it_is_written(grader, submission):
    solved = course.chapter("01").solution / "app"
    main, schemas = ((solved / name).read_text("utf-8") for name in ("main.py", "schemas.py"))
    call = "    user = crud.create_user("
    limit = "Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)]"
    assert (main.count(call), schemas.count(limit)) == (1, 1)
    folder = submission({
        "app/main.py": main.replace(call, f'    raise NotImplementedError("TODO 1.8")\n{call}'),
        "app/schemas.py": schemas.replace(limit, "str"),
    })  # fmt: skip
    ran = grader("chapter", "01", "--submission", folder, "--task", "1.7", "--json", "-")
    (limits,) = (check for check in json.loads(ran.out)["checks"] if check["id"] == "1.7/limits")
    assert limits["outcome"] == "failed"
    assert limits["finding"]["got"].startswith("your schema let it through")
