"""The student's app for a person with a browser: it serves, starts again, and explains what goes wrong."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from typer.testing import CliRunner

from grader import course
from grader.commands import app
from grader.course import Chapter, UsageError
from grader.day import serve

PATIENCE = 60


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chapter = Chapter("02_made_up", tmp_path)
    for folder in (chapter.solution, chapter.starter):
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "main.py").write_text('URL = "sqlite+aiosqlite:///x"\n')
    return chapter


def explained(chapter, text):
    explainer = serve.Explainer(chapter)
    return [words for line in text.splitlines() if (words := explainer.line(line))]


def traceback(chapter, error):
    frame = f'  File "{chapter.starter}/app/crud.py", line 7, in create\n    x'
    return f'Traceback (most recent call last):\n{frame}\n  File "/lib/x.py", line 1, in y\n    z\n{error}\n'


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: users",
            "The table users is not in",
        ),
        (
            "sqlite3.OperationalError: no such column: users.email",
            "The database was made before your class had users.email",
        ),
        (
            "sqlite3.OperationalError: table users has no column named email",
            "The database was made before your class had email",
        ),
        ("NameError: name 'x' is not defined", "NameError: name 'x' is not defined."),
        ("AssertionError", "AssertionError. Your line"),
    ],
)
def test_an_error_is_said_in_words_with_the_students_line(chapter, error, said):
    (words,) = explained(chapter, traceback(chapter, error))
    assert words.startswith(said)
    assert "chapters/02_made_up/app/crud.py:7." in words


def test_one_error_is_explained_once_and_after_a_reload_again(chapter):
    one = traceback(chapter, "NameError: x")
    assert len(explained(chapter, one + one)) == 1
    assert (
        len(explained(chapter, one + "WARNING:  StatReload detected changes in 'app/a.py'. Reloading...\n" + one)) == 2
    )
    assert explained(chapter, "INFO: fine\nNameError: only printed\n") == []


def test_of_a_chain_the_error_with_the_students_line_is_told_and_one_without_any_too(chapter):
    inner = 'Traceback (most recent call last):\n  File "/lib/x.py", line 1, in y\n    z\nsqlite3.OperationalError: no such table: users\n'
    chain = inner + "\nThe above exception was the direct cause of the following exception:\n\n"
    (words,) = explained(chapter, chain + traceback(chapter, "sqlalchemy.exc.OperationalError: no such table: users"))
    assert "crud.py:7" in words
    (words,) = explained(chapter, inner + "INFO:     Waiting\nINFO:     Done\n")
    assert words.startswith("The table users is not in the database")


def test_the_driver_is_that_of_the_chapter_and_the_database_its_own(chapter):
    assert (
        serve.environment(chapter)["DATABASE_URL"]
        == f"sqlite+aiosqlite:///{chapter.root}/.workbook/serve/02_made_up.db"
    )
    (chapter.solution / "app" / "main.py").write_text("")
    assert serve.environment(chapter)["DATABASE_URL"].startswith("sqlite:///")


def test_a_port_that_is_taken_is_said_or_another_one_found(monkeypatch):
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {number} is taken by another program"):
            serve.choose(number)
        monkeypatch.setattr(serve, "USUAL", number)
        other = serve.choose(None)
        assert other != number
        assert serve.choose(other) == other
        monkeypatch.setattr(serve, "USUAL", other)
        assert serve.choose(None) == other


def test_fresh_forgets_the_data_and_open_opens_the_page_once(chapter, monkeypatch):
    def served(which, port, _say, ready):
        assert (which, port) == (chapter, 8123)
        ready("http://here/")
        ready("http://here/")
        return 0

    opened = []
    monkeypatch.setattr(course, "chapters", lambda: [chapter])
    monkeypatch.setattr(serve, "serve", served)
    monkeypatch.setattr("webbrowser.open", opened.append)
    file = serve.database(chapter)
    file.parent.mkdir(parents=True)
    for name in (file, file.with_name(file.name + "-wal"), file.with_name("other.db")):
        name.write_text("data")
    result = CliRunner().invoke(app, ["serve", "02", "--port", "8123", "--open", "--fresh"])
    assert (result.exit_code, opened) == (0, ["http://here/"])
    assert [path.name for path in file.parent.iterdir()] == ["other.db"]


PLAIN = """
async def app(scope, receive, send):
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": message["type"] + ".complete"})
"""


def test_it_serves_until_ctrl_c_and_nothing_is_left(chapter, nothing_left):
    (chapter.starter / "app" / "main.py").write_text(PLAIN)
    said, addresses = [], []

    def ready(address):
        addresses.append(address)
        raise KeyboardInterrupt

    def say(line):
        said.append(line)
        if ">> NameError" in line:
            raise KeyboardInterrupt

    assert serve.serve(chapter, None, said.append, ready) == 0
    assert addresses[0] in said[0]
    (chapter.starter / "app" / "main.py").write_text(PLAIN + "not_defined\n")
    assert serve.serve(chapter, None, say, ready) == 0
    assert "app/main.py:" in said[-1]


def test_a_terminal_that_is_closed_ends_the_server_too(chapter, nothing_left):
    (chapter.starter / "app" / "main.py").write_text(PLAIN)
    with pytest.raises(SystemExit) as ended:
        serve.serve(chapter, None, lambda _line: None, lambda _address: os.kill(os.getpid(), signal.SIGHUP))
    assert ended.value.code == 128 + signal.SIGHUP


def test_the_app_is_served_starts_again_after_a_save_explains_a_crash_and_ends(repository, grader, nothing_left):
    grader.root = repository
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "serve", "01"], cwd=repository, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 -- no threads start servers
    )  # fmt: skip
    lines = queue.SimpleQueue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
    file = repository / "chapters" / "01_orm_setup" / "app" / "schemas.py"
    text = file.read_text()

    def wait(words):
        end = time.monotonic() + PATIENCE
        while words not in (line := lines.get(timeout=end - time.monotonic())):
            pass
        return line

    try:
        address = wait(" at http").split(" at ")[1].split()[0]
        wait("Application startup complete")
        serve.listens(int(address.rstrip("/").rpartition(":")[2]))
        with urllib.request.urlopen(address, timeout=PATIENCE) as page:
            assert b"<html" in page.read()
        file.write_text(text + "\nnot_defined\n")
        assert "app/schemas.py:" in wait(">> NameError: name 'not_defined' is not defined.")
        file.write_text(text)
        wait("Application startup complete")
    finally:
        file.write_text(text)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        process.stdout.close()
