"""Lives: how they begin, how they end, and that nothing of them is left."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from grader.box import control, kernel
from grader.box.control import Launcher
from grader.box.lives import Exit, Life
from grader.box.recorder import Recorder
from grader.box.sandbox import MEGABYTE, Practice
from grader.box.started import LauncherGoneError, Twin

NOBODY = -1  # in place of a colleague's process: the other end is held here
PROBE = '''
import atexit, ctypes, json, os, signal, subprocess, sys, threading, time

def exits(status):
    os._exit(status)

def raises():
    raise ValueError("no")

def leaves():
    sys.exit(3)

def dies(number):
    os.kill(os.getpid(), number)

def sleeps():
    time.sleep(60)

def eats():
    kept = []
    while True:
        kept.append(b"x" * 10_000_000)

def shouts():
    while True:
        print("x" * 10_000)

def prints(text):
    print(text, end="")
    print("to the other", file=sys.stderr)

def has_child():
    """A grandchild in a session of its own, forked twice, which closes everything."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 100)
            os.chdir("/")
            time.sleep(60)
        os._exit(0)
    os.wait()

def fathers_many():
    for _ in range(20):
        subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"], start_new_session=True)

def parts():
    threading.Thread(target=lambda: (threading.main_thread().join(), print("a thread ends"))).start()
    atexit.register(print, "what was registered runs")
    cycle = [never_awaited()]
    cycle.append(cycle)
    sys.stdout.reconfigure(line_buffering=False)  # it keeps its lines until it is flushed

async def never_awaited():
    pass

def closes():
    sys.stdout.close()
    sys.stderr = None

def kills_launcher():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)

def where():
    return {"cwd": os.getcwd(), "env": dict(os.environ), "path": sys.path[0], "session": os.getsid(0) == os.getpid(),
            "grader": [name for name in sys.modules if name.startswith("grader")], "fds": sorted(map(int, os.listdir("/dev/fd")))}

def too_large():
    with open("big", "wb") as file:
        file.truncate(65 * 1024 * 1024)
        file.seek(64 * 1024 * 1024)
        file.write(b"x")
'''


@pytest.fixture(scope="module")
def launcher():
    launcher = Launcher(Practice())
    yield launcher
    launcher.close()
    assert kernel.descendants(os.getpid()) == [] or set(kernel.descendants(os.getpid())) <= launcher.spare


@pytest.fixture
def begin(launcher, tmp_path):
    """A function that begins a life which runs one function of the probe above."""
    (tmp_path / "probe.py").write_text(PROBE)
    lives = []

    def run(function, of=launcher, **arguments):
        request = {
            "do": "probe", "app": str(tmp_path), "cwd": str(tmp_path), "bytecode": str(tmp_path), "env": {"A": "b"},
            "probe": "probe.py", "source": (tmp_path / "probe.py").read_text("utf-8"), "function": function, "arguments": arguments,
        }  # fmt: skip
        lives.append((of, of.begin(request)))
        return lives[-1][1]

    yield run
    for of, life in lives:
        of.end(life)


def over(life):
    assert life.over.wait(30)
    return life.exit


@pytest.mark.parametrize(
    ("function", "arguments", "status", "words"),
    [
        ("exits", {"status": 0}, 0, "it ended by itself, with exit status 0"),
        ("exits", {"status": 7}, 7, "it ended by itself, with exit status 7"),
        ("leaves", {}, 3, "it ended by itself, with exit status 3"),
        ("raises", {}, 1, "it ended by itself, with exit status 1"),
        ("dies", {"number": signal.SIGSEGV}, -signal.SIGSEGV, "it was ended by the signal SIGSEGV"),
        ("too_large", {}, 1, "it ended by itself, with exit status 1"),
    ],
)
def test_a_life_that_ends_is_known_by_its_status(begin, function, arguments, status, words):
    found = over(begin(function, **arguments))
    assert (os.waitstatus_to_exitcode(found.status), found.reason, str(found)) == (status, "", words)


def test_what_a_life_put_off_to_its_end_is_done(begin):
    life = begin("parts")
    assert over(life).status == 0
    assert bytes(life.stdout.kept) == b"a thread ends\nwhat was registered runs\n"
    assert ["coroutine 'never_awaited' was never awaited" in each["message"] for each in life.records("warning")] == [
        True
    ]


def test_a_life_may_have_closed_what_it_prints_to(begin):
    assert over(begin("closes")).status == 0


def test_a_life_that_is_over_before_we_know_its_process_is_no_trouble(begin, monkeypatch):
    def too_late(_pid):
        raise ProcessLookupError

    monkeypatch.setattr(kernel, "open_process", too_late)
    assert over(begin("exits", status=3)).status == 3 << 8


def test_a_life_that_takes_too_much_memory_is_stopped(begin):
    life = begin("eats")
    highest = 0
    while not life.over.wait(0.02):
        highest = max(highest, kernel.usage(life.pid, kernel.process_table())[0])
    assert life.exit.reason == "memory"
    assert "more memory than it may" in str(life.exit)
    assert highest < 4096 * MEGABYTE


def test_a_life_that_prints_without_end_is_stopped_and_little_is_kept(begin):
    life = begin("shouts")
    assert over(life).reason == "output"
    assert "printed more than it may" in str(life.exit)
    assert len(life.stdout.kept) <= MEGABYTE


def test_what_a_life_prints_is_kept_apart(begin):
    life = begin("prints", text="without a newline")
    over(life)
    assert life.stdout.text() == "without a newline"
    assert "to the other" in life.stderr.text()


def test_a_life_is_ended_at_once(begin, launcher):
    life = begin("sleeps")
    assert os.WTERMSIG(launcher.end(life).status) == signal.SIGKILL
    assert life.pid not in kernel.process_table()
    assert launcher.end(life) is life.exit


def test_a_life_that_is_out_of_time_says_so(begin):
    life = begin("sleeps")
    life.stop_for("deadline")
    assert str(over(life)) == "it took longer than it may, and was stopped"


@pytest.mark.parametrize("function", ["has_child", "fathers_many"])
def test_what_a_life_leaves_behind_is_dead_when_it_is(begin, launcher, function):
    over(begin(function))
    assert set(kernel.descendants(os.getpid())) - launcher.spare == {launcher.process.pid}


def test_one_life_can_end_while_another_goes_on(begin, launcher):
    other = begin("sleeps")
    over(begin("has_child"))
    assert other.exit is None
    assert other.pid in kernel.process_table()
    launcher.end(other)


def test_a_life_has_a_place_of_its_own_and_nothing_of_the_graders(begin, tmp_path):
    life = begin("where")
    said = life.talk.recv(100_000).decode()
    over(life)
    for part in (
        f'"cwd": "{tmp_path}"',
        '"env": {"A": "b"}',
        f'"path": "{tmp_path}"',
        '"session": true',
        '"grader": []',
    ):
        assert part in said
    assert f'"nonce": "{life.nonce}"' in said


def test_a_process_that_was_there_before_is_none_of_a_launchers_business(begin):
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as other:
        own = Launcher(Practice())
        over(begin("exits", of=own, status=0))
        own.close()
        assert other.poll() is None
        other.communicate(b"\n")
    assert other.returncode == 0


def test_a_launcher_killed_by_its_own_life_is_noticed_and_the_next_life_works(begin, tmp_path):
    own = Launcher(Practice())
    try:
        life = begin("kills_launcher", of=own)
        own.process.process.wait(10)
        assert over(begin("exits", of=own, status=4)).status == 4 << 8
        assert str(life.exit) == "the process that starts your program was killed"
    finally:
        own.close()


@pytest.fixture
def twins():
    """A launcher and its twin; nothing is left of them."""
    before = set(kernel.descendants(os.getpid()))
    ours, theirs = socket.socketpair()
    found = Launcher(Practice()), Launcher(Practice(), control=ours)
    found[0].double(theirs, colleague=NOBODY)
    yield found
    for each in reversed(found):
        each.close()
    assert set(kernel.descendants(os.getpid())) <= before


@pytest.mark.parametrize("function", ["has_child", "fathers_many"])
def test_twins_sweep_up_after_their_own_lives_alone(begin, twins, function):
    staying = [begin("sleeps", of=each) for each in twins]
    for each in twins:
        over(begin(function, of=each))
    assert [life.exit for life in staying] == [None, None]
    twin = twins[1].process.pid
    assert kernel.descendants(twin) == [staying[1].pid]
    assert set(kernel.descendants(twins[0].process.pid)) == {twin, *(life.pid for life in staying)}


@pytest.mark.parametrize("killed", [0, 1])
def test_whoever_kills_a_launcher_leaves_its_twin_alone(begin, twins, killed):
    staying = begin("sleeps", of=twins[1 - killed])
    for status in (4, 5):
        assert over(begin("kills_launcher", of=twins[killed])).reason == "launcher"
        assert over(begin("exits", of=twins[killed], status=status)).status == status << 8
    assert staying.exit is None


@pytest.mark.parametrize("words", [b"", b'{"forked": 1}\n'])
def test_who_adopts_the_life_of_a_twin_that_is_gone_is_not_taken_for_the_twin(words):
    ours, theirs = socket.socketpair()
    theirs.sendall(words)
    twin = Twin(ours)
    twin.bore(os.getpid())
    assert twin.pid == os.getppid()
    twin.bore(1)
    assert twin.pid == os.getppid()
    theirs.close()
    late = Twin(ours)
    late.bore(os.getpid())
    assert late.pid == 0
    ours.close()


def test_a_twin_that_has_parted_is_forgotten(begin, launcher, wait_for):
    for _ in range(2):
        ours, theirs = socket.socketpair()
        launcher.double(theirs, colleague=NOBODY)
        twin = Launcher(Practice(), control=ours)
        assert over(begin("exits", of=twin, status=4)).status == 4 << 8
        assert launcher.twins == {twin.process.pid}
        twin.close()
        over(begin("exits", of=launcher, status=0))  # said after the twin has parted
        assert wait_for(lambda: not launcher.twins)


def test_a_launcher_that_does_not_answer_is_gone(begin, monkeypatch):
    monkeypatch.setattr(control, "BIRTH_DEADLINE", 0.2)
    own = Launcher(Practice())
    try:
        own.process.process.send_signal(signal.SIGSTOP)
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        with ours, pytest.raises(LauncherGoneError):
            own.begin({"do": "serve", "app": "/", "cwd": "/", "bytecode": "/", "env": {}}, theirs)
        assert theirs.fileno() == -1
    finally:
        own.close()


def test_nothing_is_left_of_a_launcher_that_was_closed(begin, launcher):
    before = set(kernel.descendants(os.getpid()))
    own = Launcher(Practice())
    life = begin("fathers_many", of=own)
    begin("sleeps", of=own)
    over(life)
    own.close()
    assert set(kernel.descendants(os.getpid())) == before


def test_the_student_s_line_is_recorded_however_deep_the_library_below_it_fails(tmp_path):
    reader, writer = os.pipe()
    recorder = Recorder(writer, tmp_path)
    own = compile("def create_user(deep):\n    deep(60)\n", str(tmp_path / "app" / "crud.py"), "exec")
    names: dict = {}
    exec(own, names)

    def deep(number):
        return 1 / number + deep(number - 1)

    try:
        names["create_user"](deep)
    except ZeroDivisionError as problem:
        recorder.error(problem, "http")
    os.close(writer)
    with os.fdopen(reader) as said:
        record = json.loads(said.read())
    assert record["frames"][-1][:3] == ["app/crud.py", 2, "create_user"]
    assert record["via"][-1] == "deep"


def test_an_error_that_goes_into_the_log_is_recorded(tmp_path):
    reader, writer = os.pipe()
    recorder = Recorder(writer, tmp_path)
    try:
        int("x")
    except ValueError:
        caught = sys.exc_info()
    for info in (None, (None, None, None), caught):
        assert recorder.logged("uvicorn.error", 40, "", 1, "not stored", (), info).getMessage() == "not stored"
    os.close(writer)
    with os.fdopen(reader) as said:
        records = [json.loads(line) for line in said]
    assert [(record["kind"], record["type"]) for record in records] == [("logged", "builtins.ValueError")]


def test_records_are_read_and_forgeries_passed_over():
    life = Life(1, "n")
    for descriptor in life.hand_over():
        os.close(descriptor)
    life.testimony.kept += b'{"kind": "sql"}\n[1]\nno json\n{"kind": "error"}\n3\n{"ki'
    assert [record["kind"] for record in life.records()] == ["sql", "error"]
    life.testimony.kept += b'}\n{"kind": "warning", "message": "' + 1501 * b"x" + b'"}\n{"kind": "sql", "text": 7}\n'
    assert len(list(life.records("sql"))) == 1
    life.finish(Exit(reason="launcher"))
    life.finish(Exit(status=5))
    assert life.exit == Exit(reason="launcher")
    for tap in life.taps:
        tap.close()
        tap.close()
    life.talk.close()
