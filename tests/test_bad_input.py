"""Programs no grader likes: each gets a report or a clear sentence, in time, and nothing of it is left.

`nothing_left` looks for processes and temporary files of the run afterwards.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from grader.box import kernel
from grader.report import Outcome, Report

pytestmark = pytest.mark.usefixtures("nothing_left")
IMPORTS = "import logging\nfrom collections.abc import AsyncIterator"
LIFESPAN = "    yield\n\n\napp = FastAPI("
CREATE = "    return create_engine(url)"


def grade(grader, folder, task="1.1", status=1) -> Report:
    """Grade a bad program: there is a report, with this exit status, and no word of ours that we are lost."""
    ran = grader("chapter", "01", "--submission", folder, "--task", task, "--json", "-")
    assert "Traceback" not in ran.err
    assert ran.status == status, ran.err
    return Report.from_json(ran.out)


def first_wrong(report: Report):
    """The first check that is not passed."""
    return next(check for check in report.checks if check.outcome is not Outcome.PASSED)


@pytest.fixture
def at_import(submission):
    """A function that makes a submission whose app.database begins with this code: all tasks import it."""

    def make(code: str) -> Path:
        folder = submission()
        path = folder / "app" / "database.py"
        path.write_text(code + "\n" + path.read_text("utf-8"), "utf-8")
        return folder

    return make


def test_a_missing_app_gets_a_sentence(grader, tmp_path):
    ran = grader("chapter", "01", "--submission", tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"{tmp_path} holds neither app/ nor chapters/01_orm_setup/app/.\n"


def test_an_empty_app_gets_a_report_that_names_what_is_missing(grader, tmp_path):
    (tmp_path / "app").mkdir()
    found = first_wrong(grade(grader, tmp_path))
    assert found.outcome is Outcome.FAILED
    assert "No module named 'app" in found.finding.got


def test_a_file_that_is_no_python_gets_a_report(grader, submission):
    folder = submission({"app/database.py": os.urandom(2000) + b"\0"})
    found = first_wrong(grade(grader, folder))
    assert found.outcome is Outcome.FAILED
    assert found.finding.got.startswith("SyntaxError")


def test_a_syntax_error_is_shown_with_its_file_and_its_line(grader, edited):
    folder = edited("app/database.py", CREATE, "    return create_engine(url")
    number = (folder / "app" / "database.py").read_text("utf-8").splitlines().index("    return create_engine(url") + 1
    ran = grader("chapter", "01", "--submission", folder, "--task", "1.1")
    assert ran.status == 1
    assert f"app/database.py:{number}" in "".join(ran.out.split())
    assert "SyntaxError" in ran.out
    assert "Traceback" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("code", "status"), [("import sys; sys.exit()", 0), ("import sys; sys.exit(3)", 3), ("import os; os._exit(0)", 0)]
)
def test_a_program_that_leaves_at_import_passes_nothing(grader, at_import, code, status):
    found = first_wrong(grade(grader, at_import(code)))
    assert found.outcome in (Outcome.FAILED, Outcome.CRASHED)
    assert found.id == "1.1/speaks-to-the-file"
    assert ("to end the whole program" in found.finding.why) is ("sys.exit" in code)


def test_a_server_that_leaves_at_import_crashed(grader, edited):
    folder = edited("app/main.py", IMPORTS, f"import os\nos._exit(0)\n{IMPORTS}")
    found = first_wrong(grade(grader, folder, "1.7"))
    assert (found.id, found.outcome) == ("1.7/a-good-body", Outcome.CRASHED)
    assert "exit status 0" in found.finding.got


def test_endless_output_is_stopped(grader, at_import):
    found = first_wrong(grade(grader, at_import("while True: print('x' * 10_000)")))
    assert found.outcome is Outcome.CRASHED
    assert "printed more than it may" in found.finding.got


def test_endless_allocation_is_stopped(grader, at_import):
    found = first_wrong(grade(grader, at_import("kept = []\nwhile True: kept.append(b'x' * 10_000_000)")))
    assert found.outcome is Outcome.MEMORY
    assert "more memory than it may" in found.finding.got


def test_an_import_that_loops_for_ever_is_too_slow(grader, edited):
    folder = edited("app/main.py", IMPORTS, f"while True: pass\n{IMPORTS}")
    found = first_wrong(grade(grader, folder, "1.7"))
    assert (found.id, found.outcome) == ("1.7/a-good-body", Outcome.TIMEOUT)


def test_a_handler_that_never_answers_is_too_slow(grader, edited):
    old = "    user = crud.create_user(db, new.username, auth.hash_password(new.password))"
    folder = edited("app/main.py", old, f"    import time\n    time.sleep(1000)\n{old}")
    found = first_wrong(grade(grader, folder, "1.7"))
    assert (found.id, found.outcome) == ("1.7/a-good-body", Outcome.TIMEOUT)
    assert found.finding.did.startswith("POST /register")


def test_a_socket_that_never_speaks_is_too_slow(grader, edited):
    old = '        await manager.broadcast(f"Client #{client_id} joined the chat.")\n'
    folder = edited("app/chat.py", old, "        import asyncio\n        await asyncio.sleep(1000)\n")
    found = first_wrong(grade(grader, folder, "1.12"))
    assert (found.task, found.outcome) == ("1.12", Outcome.TIMEOUT)
    assert "joined the chat" in found.finding.expected


def test_a_program_that_deletes_its_database_loses_its_points_and_no_more(grader, edited):
    folder = edited(
        "app/main.py", LIFESPAN, f'    import os\n    os.unlink(os.environ["DATABASE_URL"][10:])\n{LIFESPAN}'
    )
    found = first_wrong(grade(grader, folder, "1.8"))
    assert found.outcome is Outcome.FAILED


def test_grandchildren_in_sessions_of_their_own_do_not_outlive_the_run(grader, at_import):
    spawn = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(100)"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 100)
        os.chdir("/")
        time.sleep(100)
    os._exit(0)
"""
    assert grade(grader, at_import(spawn), status=0).complete


def test_two_runs_at_the_same_time_do_not_meet(grader, submission):
    folder = submission()
    processes = [
        grader.start("chapter", "01", "--submission", folder, "--task", "1.8", "--json", "-") for _ in range(2)
    ]
    for ran in map(grader.wait, processes):
        assert (ran.status, ran.err) == (0, "")
        assert Report.from_json(ran.out).complete


@contextlib.contextmanager
def tiny_disk(path: Path, options: str):
    """A file system of its own, where one may mount one."""
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_submission_on_a_read_only_disk_is_graded(grader, submission, tmp_path):
    folder = submission()
    place = tmp_path / "disk"
    with tiny_disk(place, "size=4m"):
        shutil.copytree(folder, place / "work")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        assert grade(grader, place / "work", status=0).complete


def test_a_full_disk_is_no_wrong_answer_but_a_sentence(grader, submission, tmp):
    place = tmp / "disk"
    with tiny_disk(place, "size=64k"):
        grader.tmp = place
        ran = grader("chapter", "01", "--submission", submission(), "--task", "1.1", "--json", tmp / "report.json")
        assert "Traceback" not in ran.err
        assert (ran.status, ran.out) == (3, "")
        assert ran.err == f"The grader could not do its work: fewer than 32 MB are free in {place}.\n"
        assert list(place.iterdir()) == []


def test_a_report_that_does_not_fit_on_the_disk_gets_a_sentence(grader, submission, tmp):
    place = tmp / "disk"
    with tiny_disk(place, "size=4k"):
        (place / "full").write_bytes(b"x" * 4096)
        ran = grader("chapter", "01", "--submission", submission(), "--task", "1.1", "--json", place / "report.json")
        assert ran.status == 2
        assert ran.err == f"{place}/report.json could not be written: No space left on device.\n"
        assert [path.name for path in place.iterdir()] == ["full"]


def test_grading_in_ci_on_a_full_disk_gives_a_report_without_a_score(grader, submission, tmp):
    place = tmp / "disk"
    with tiny_disk(place, "size=64k"):
        grader.tmp = place
        ran = grader("grade", "01", "--submission", submission(), "--require", "practice", "--out", tmp / "out")
        report = Report.from_json((tmp / "out" / "report.json").read_text("utf-8"))
        assert (ran.status, report.score, report.gradable) == (3, None, False)
        assert any(word in report.notes[0] for word in ("free in", "No space left"))
        assert "Traceback" not in ran.err
        assert list(place.iterdir()) == []


def test_reports_that_do_not_fit_on_the_disk_are_not_written_in_part(grader, submission, tmp):
    place = tmp / "disk"
    with tiny_disk(place, "size=16k"):
        ran = grader(
            "grade",
            "01",
            "--submission",
            submission(),
            "--require",
            "practice",
            "--task",
            "1.1",
            "--out",
            place / "out",
        )
        assert ran.status == 3
        assert ran.err == "The grader could not do its work: [Errno 28] No space left on device.\n"
        assert list(place.iterdir()) == []


def test_files_may_not_grow_without_end(grader, at_import):
    """RLIMIT_FSIZE: the program is refused the write, and the run goes on."""
    fill = "with open('big', 'wb') as file:\n    for _ in range(70): file.write(b'x' * 1024 * 1024)"
    found = first_wrong(grade(grader, at_import(fill)))
    assert found.outcome is Outcome.FAILED
    assert "OSError" in found.finding.got
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.fixture
def halfway(grader, at_import, tmp_path):
    """A run that is in the middle of a check: the program has begun, and sleeps."""
    sign = tmp_path / "it-runs"
    folder = at_import(f"import pathlib, time\npathlib.Path({str(sign)!r}).touch()\ntime.sleep(1000)")
    process = grader.start("chapter", "01", "--submission", folder, "--task", "1.1")
    end = time.monotonic() + 60
    while not sign.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert sign.exists()
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def test_ctrl_c_gets_one_sentence_and_status_130(grader, halfway):
    os.killpg(halfway.pid, signal.SIGINT)
    ran = grader.wait(halfway, 30)
    assert (ran.status, ran.out) == (130, "")
    assert ran.err == "Stopped. Nothing was changed, and nothing is left running.\n"


def test_a_grader_that_is_killed_leaves_no_process(grader, halfway, tmp):
    halfway.send_signal(signal.SIGKILL)
    assert grader.wait(halfway, 30).status == -signal.SIGKILL
    for folder in tmp.glob("wb-*"):  # nobody is left who could remove it; it is in the system's folder for such things
        shutil.rmtree(folder)


def test_a_second_worker_that_is_killed_is_not_missed(grader, submission, wait_for, colleagues, tmp, nothing_left):
    process = grader.start("chapter", "01", "--submission", submission(), "--workers", "2", "--json", "-")
    both = wait_for(lambda: len(list(tmp.glob("wb-*/submission"))) == 2)  # they have taken the program in
    found = colleagues(process.pid)
    kernel.kill_all(found)
    ran = grader.wait(process)
    assert (both, len(found)) == (True, 1)
    assert (ran.status, ran.err) == (0, "")
    assert Report.from_json(ran.out).complete


def test_a_reader_that_hangs_up_gets_no_traceback_of_ours(grader, submission):
    process = grader.start("chapter", "01", "--submission", submission(), "--task", "1.1")
    process.stdout.close()
    process.stdout = None
    ran = grader.wait(process)
    assert "Traceback" not in ran.err
