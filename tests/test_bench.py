"""What a grading does is recorded and done again in one process; figures stand beside their bars."""

import importlib
import json
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.course import ROOT, chapter
from grader.proofs import bench, recording, replay

APP = ROOT / "solutions" / "01_orm_setup" / "app"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def testclient():
    """Its import warns that it would rather have another httpx."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("starlette.testclient")


@pytest.fixture
def replayed(tmp_path):
    """A function that does events to the solution of chapter 01, begun and ended around them."""

    def run(*events):
        url = f"sqlite:///{tmp_path}/db/chat.db"
        env = {"DATABASE_URL": url, "SECRET_KEY": "k" * 32, "BCRYPT_ROUNDS": "4"}
        asked = {"app": str(tmp_path / "root"), "cwd": str(tmp_path / "cwd"), "env": env}
        start = {"do": "start", "life": 1, "asked": asked}
        replay.Replay(APP).run([start, *events, {"do": "end", "life": 1}])

    return run


def request(status, method="GET", url="/", body="", **headers):
    return {
        "do": "request",
        "life": 1,
        "method": method,
        "url": url,
        "headers": headers,
        "body": body,
        "status": status,
    }


def register(status, name="mira"):
    body = json.dumps({"username": name, "password": "correct horse"})
    return request(status, "POST", "/register", body) | {"headers": {"content-type": "application/json"}}


def test_requests_are_sent_and_an_error_of_the_server_is_noticed(replayed, tmp_path):
    replayed(register(201), register(409), request(200), request(401, url="/users/me"))
    gone = {"do": "sql", "path": str(tmp_path / "db" / "chat.db"), "statements": ["DROP TABLE users"]}
    with pytest.raises(replay.Differs, match="POST /register: 201 was recorded, 500 now"):
        replayed(gone, register(201, "noor"))


def test_a_status_that_depends_on_the_order_does_not_count(replayed):
    replayed(register(None), register(None))


def test_sockets_are_opened_frames_sent_and_taken(replayed):
    text = {"socket": 0, "text": "hello", "binary": False}
    replayed(
        register(201),
        {"do": "connect", "life": 1, "socket": 0, "url": "/ws/mira", "opens": True},
        {"do": "receive", **text}, {"do": "send", **text}, {"do": "receive", **text}, {"do": "close", **text},
        {"do": "connect", "life": 1, "socket": 1, "url": "/ws/nobody", "opens": False},
    )  # fmt: skip


def test_a_frame_that_does_not_come_is_no_hang(replayed, monkeypatch):
    monkeypatch.setattr(replay, "FRAME", 0.1)
    frame = {"do": "receive", "socket": 0, "text": "", "binary": False}
    connect = {"do": "connect", "life": 1, "socket": 0, "url": "/ws/mira", "opens": True}
    with pytest.raises(TimeoutError):
        replayed(register(201), connect, frame, frame)


def test_the_graders_own_statements_are_repeated(replayed, tmp_path):
    trigger = "CREATE TRIGGER no BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END"
    sql = {"do": "sql", "path": str(tmp_path / "db" / "chat.db"), "statements": ["not SQL", trigger]}
    replayed(register(201), sql, register(409, "noor"))


def test_a_probe_gives_its_values_and_may_leave_as_it_likes(tmp_path):
    source = "import os\ndef two():\n    yield open('one', 'w').close()\n    yield open('two', 'w').close()\n    os._exit(0)\n"
    asked = {"app": str(tmp_path / "root"), "cwd": str(tmp_path / "cwd"), "env": {}, "arguments": {}}
    asked |= {"probe": "probe.py", "source": source, "function": "two"}
    steps = [{"do": "step", "life": 1}] * 3
    before = dict(os.environ), Path.cwd(), list(sys.path), os._exit
    replay.Replay(APP).run([{"do": "probe", "life": 1, "asked": asked}, *steps, {"do": "end", "life": 1}])
    assert sorted(path.name for path in (tmp_path / "cwd").iterdir()) == ["one", "two"]
    assert (dict(os.environ), Path.cwd(), list(sys.path), os._exit) == before


def test_neighbouring_statements_are_one_transaction_and_reading_is_none():
    heard = recording.Recording()
    for sql in ("BEGIN ", "INSERT 1", "-- a trigger's", "SELECT 1", "INSERT 2", "COMMIT"):
        heard.written("chat.db", sql)
    assert heard.events == [{"do": "sql", "path": "chat.db", "statements": ["INSERT 1", "INSERT 2"]}]


def test_a_status_is_sure_only_in_the_main_thread_and_without_our_lock():
    heard = recording.Recording()
    asked = SimpleNamespace(
        method="GET",
        headers={"host": "h", "authorization": "Bearer x"},
        content=b"\xff",
        url=SimpleNamespace(raw_path=b"/"),
    )

    def send():
        heard.request(SimpleNamespace(status=200), SimpleNamespace(life=SimpleNamespace(number=1)), asked)

    send()
    heard.written("chat.db", "BEGIN IMMEDIATE")
    send()
    heard.written("chat.db", "ROLLBACK")
    thread = threading.Thread(target=send)
    thread.start()
    thread.join()
    assert [event["status"] for event in heard.events] == [200, None, None]
    assert heard.events[0]["headers"] == {"authorization": "Bearer x"}
    assert heard.events[0]["body"].encode("latin-1") == b"\xff"


def test_a_real_grading_is_recorded_and_replayed_under_plain_pytest(tmp_path):
    heard, complaint = bench.record(chapter("01"), tmp_path, ("1.1",))
    assert complaint == ""
    assert "1.1/speaks-to-the-file" in heard.checks
    assert heard.url == "sqlite:///{path}"
    command = next(side.command for side in bench.sides(chapter("01"), tmp_path) if side.name == "replay")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"{len(heard.checks)} passed" in done.stdout, done.stdout + done.stderr


def test_the_table_shows_each_figure_beside_its_bar():
    found = [bench.Side(name, [], [seconds]) for name, seconds in (("grader", 5.0), ("replay", 4.0), ("nox", 5.5))]
    lines = "\n".join(bench.table(chapter("01"), found, [80.0, 70.0], (90.0, 151.0)))
    assert lines.split("\n") == [
        "  replay in one process, plain pytest                            4.00 s  the baseline",
        "  grader on the reference                                5.00 s, 1.25 x  the replay               over",
        "  the same under nox                                     5.50 s, 1.38 x  aim: 4 s                 over",
        "  one life, start to first answer                                 90 ms  under 150 ms             PASS",
        "  one life, begun ahead                                          151 ms  under 150 ms             over",
        "  memory of the grader's own processes                       80 + 70 MB  under 200 MB             PASS",
    ]


def test_a_command_that_fails_is_told_and_still_timed():
    side = bench.Side("replay", [sys.executable, "-c", "print('2 failed'); raise SystemExit(1)"], [])
    side.measure()
    assert side.complaint == "replay: exit status 1, 2 failed"
    assert side.median > 0


def test_a_command_that_does_not_end_is_told(monkeypatch):
    monkeypatch.setattr(bench, "PATIENCE", 0.2)
    side = bench.Side("replay", [sys.executable, "-c", "import time; time.sleep(60)"], [])
    side.measure()
    assert side.complaint == "replay: no end within 0.2 seconds"
    assert side.median < 60


def test_memory_is_of_the_grader_and_its_second_worker_alone():
    script = "import sys; sys.argv = ['x']; import time; time.sleep(0.5)"
    assert bench.memory([sys.executable, "-c", script]) == []
