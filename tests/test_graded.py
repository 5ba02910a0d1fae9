"""A verdict is remembered for exactly what it depends on."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from grader import course
from grader.course import Chapter
from grader.proofs import graded, memory
from grader.report import CheckResult, Outcome, Report, TaskInfo


def report(outcome="failed"):
    check = CheckResult(id="1.1/a", task="1.1", label="l", points=5, outcome=Outcome(outcome))
    task = TaskInfo(id="1.1", title="t")
    return Report(
        chapter="01", title="t", source="submission", folder="f", level="practice", tasks=(task,), checks=(check,)
    )


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with a grader of three modules, and a submission."""
    for name, text in {
        "grader/run.py": "from grader import box_user\nimport os\n",
        "grader/box_user.py": "from grader.report import x\n",
        "grader/report.py": "",
        "grader/worker.py": "",
        "grader/commands/proofs.py": "",
        "grader/box/life.py": "",
        "grader/probes/01_made_up.py": "",
        "grader/suites/pytest.ini": "",
        "grader/suites/01_made_up/test_1.py": "",
        "grader/suites/02_later/diagnosis.toml": "",
        "solutions/01_made_up/app/a.py": "",
        "requirements.lock": "",
        "handed-in/app/a.py": "x = 1\n",
        "handed-in/notes.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(course, "ROOT", tmp_path)
    memory._machinery.cache_clear()
    yield tmp_path
    memory._machinery.cache_clear()


@pytest.fixture
def runs(monkeypatch):
    """A function that says what the grader's process prints; the commands that were run."""
    commands = []

    def answer(stdout, status=0):
        def run(command, **options):
            commands.append(command)
            return SimpleNamespace(stdout=stdout, stderr="the reason", returncode=status)

        monkeypatch.setattr(graded.subprocess, "run", run)
        return commands

    return answer


def key(root, *tasks):
    memory._machinery.cache_clear()
    return memory.key(Chapter("01_made_up", root), root / "handed-in", tasks).name


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("handed-in/app/a.py", True),
        ("handed-in/app/new.py", True),
        ("handed-in/notes.txt", False),
        ("handed-in/app/__pycache__/a.py", False),
        ("solutions/01_made_up/app/a.py", True),
        ("grader/suites/01_made_up/test_1.py", True),
        ("grader/suites/01_made_up/diagnosis.toml", True),
        ("grader/suites/02_later/diagnosis.toml", False),
        ("grader/probes/01_made_up.py", True),
        ("grader/report.py", True),
        ("grader/box/life.py", True),
        ("grader/commands/proofs.py", False),
        ("requirements.lock", True),
    ],
)
def test_a_key_changes_with_what_a_verdict_depends_on(root, file, counts):
    before = key(root)
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text("# changed\n")
    assert (key(root) != before) is counts


def test_a_key_is_one_for_each_choice_of_tasks(root):
    assert len({key(root), key(root, "1.1"), key(root, "1.2")}) == 3


def test_what_is_unchanged_is_not_graded_again(root, runs):
    commands = runs(report().to_json())
    chapter = Chapter("01_made_up", root)
    found = [graded.graded(chapter, root / "handed-in") for _ in range(3)]
    assert found == [report()] * 3
    assert len(commands) == 1
    graded.graded(chapter, root / "handed-in", ("1.1",))
    assert commands[1][commands[1].index("--task") + 1] == "1.1"
    graded.graded(chapter, root / "handed-in", fresh=True)
    assert len(commands) == 3


def test_what_is_asked_is_remembered_apart_and_what_the_whole_said_is_better(root, runs):
    commands = runs(report().to_json())
    chapter, folder = Chapter("01_made_up", root), root / "handed-in"
    for asked in (("1.1/a", "1.1/b"), ("1.1/b", "1.1/a"), ("1.1/a",), (), ("1.1/a", "1.1/c")):
        assert graded.graded(chapter, folder, asked=asked) == report()
    told = [[command[at + 1] for at, word in enumerate(command) if word == "--ask"] for command in commands]
    assert told == [["1.1/a", "1.1/b"], ["1.1/a"], []]


def test_a_level_grades_in_earnest_and_is_remembered_apart(root, monkeypatch):
    commands = []

    def run(command, **_options):
        commands.append(command)
        Path(command[command.index("--out") + 1], "report.json").write_text(report().to_json())
        return SimpleNamespace(stdout="", stderr="", returncode=0)

    monkeypatch.setattr(graded.subprocess, "run", run)
    chapter = Chapter("01_made_up", root)
    for level in ("namespaces", "landlock", "namespaces"):
        assert graded.graded(chapter, root / "handed-in", level=level) == report()
    assert [command[command.index("--require") + 1] for command in commands] == ["namespaces", "landlock"]


def test_only_gradable_reports_are_kept(root, runs):
    commands = runs(report("error").to_json())
    for _ in range(2):
        assert graded.graded(Chapter("01_made_up", root), root / "handed-in").gradable is False
    assert len(commands) == 2
    assert not memory.store().exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff", report("error").to_json()])
def test_what_cannot_be_believed_is_worked_out_again(root, runs, text):
    commands = runs(report().to_json())
    memory.store().mkdir(parents=True)
    (memory.store() / f"{key(root)}.json").write_bytes(text.encode(errors="surrogateescape"))
    for _ in range(2):
        assert graded.graded(Chapter("01_made_up", root), root / "handed-in") == report()
    assert len(commands) == 1


def test_a_store_that_cannot_be_written_costs_only_the_memory(root, runs):
    commands = runs(report().to_json())
    memory.store().parent.write_text("a file where the folder should be")
    for _ in range(2):
        assert graded.graded(Chapter("01_made_up", root), root / "handed-in") == report()
    assert len(commands) == 2


def test_no_report_is_an_error_with_what_the_grader_said(root, runs):
    runs("no json", status=3)
    with pytest.raises(RuntimeError, match="no report, exit status 3: the reason"):
        graded.graded(Chapter("01_made_up", root), root / "handed-in")


def test_the_modules_that_grade_are_found_by_what_they_import():
    names = {path.name for path in memory.grading_modules(course.ROOT)}
    assert {"run.py", "verdict.py", "student.py", "launcher.py", "plugin.py"} <= names
    assert not names & {"proof.py", "cli.py", "board.py", "hints.py"}


def test_the_store_lies_in_the_repository(root):
    assert memory.store() == root / ".workbook" / "verdicts"


def two_tasks(outcome="failed"):
    """A verdict on two tasks."""
    first = report().checks[0].model_copy(update={"outcome": Outcome.PASSED})
    second = first.model_copy(update={"id": "1.2/b", "task": "1.2", "outcome": Outcome(outcome)})
    return report().model_copy(update={"checks": (first, second)})


@pytest.fixture
def suite(root):
    """A suite of two tasks; a function that writes one of its files anew, with this at its end."""

    def write(number, end=""):
        file = root / "grader" / "suites" / "01_made_up" / f"test_{number}.py"
        file.write_text(f'"""a task"""\n@check("1.{number}", points=5)\n{end}')

    for number in (1, 2):
        write(number)
    return write


@pytest.fixture
def told(monkeypatch):
    """A function that says what is graded; the checks that each run was told of."""
    known = []

    def answer(found):
        def run(command, **_options):
            given = command[command.index("--known") + 1] if "--known" in command else None
            checks = Report.from_json(Path(given).read_bytes()).checks if given else ()
            known.append([check.id for check in checks])
            return SimpleNamespace(stdout=found.to_json(), stderr="", returncode=0)

        monkeypatch.setattr(graded.subprocess, "run", run)
        return known

    return answer


def test_when_one_file_of_the_suite_has_changed_the_checks_of_the_others_are_not_run_again(root, suite, told):
    known = told(two_tasks())
    for text in ("", "# changed", "# again"):
        suite(2, text)
        graded.graded(Chapter("01_made_up", root), root / "handed-in")
    graded.graded(Chapter("01_made_up", root), root / "handed-in", fresh=True)
    assert known == [[], ["1.1/a"], ["1.1/a"], []]


@pytest.mark.parametrize("file", ["handed-in/app/a.py", "grader/suites/01_made_up/conftest.py", "grader/report.py"])
def test_when_anything_else_has_changed_nothing_is_known(root, suite, told, file):
    known = told(two_tasks())
    for text in ("", "# changed"):
        (root / file).write_text(text)
        memory._machinery.cache_clear()
        graded.graded(Chapter("01_made_up", root), root / "handed-in")
    assert known == [[], []]


@pytest.mark.parametrize("outcome", ["todo", "blocked", "timeout", "memory"])
def test_what_another_check_or_the_machine_may_be_the_reason_of_is_not_known(root, suite, told, outcome):
    known = told(two_tasks(outcome))
    for text in ("", "# changed"):
        suite(1, text)
        graded.graded(Chapter("01_made_up", root), root / "handed-in")
    assert known == [[], []]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"1.1": 1, "1.2": 2}'])
def test_a_memory_of_parts_that_cannot_be_believed_is_none(root, suite, told, text):
    known = told(two_tasks())
    graded.graded(Chapter("01_made_up", root), root / "handed-in")
    for path in memory.store().glob("*.last"):
        path.write_text(text)
    suite(2, "# changed")
    graded.graded(Chapter("01_made_up", root), root / "handed-in")
    assert known == [[], []]
