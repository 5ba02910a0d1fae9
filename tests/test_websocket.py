"""A WebSocket into a running app: every frame, and every frame that did not come, is kept for the timeline."""

import threading
from types import SimpleNamespace

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import unix_serve

from grader import websocket
from grader.expect import CheckFailed, Trouble
from grader.report import Outcome
from grader.websocket import connect


def handle(connection):
    """A server whose behaviour is in the path."""
    what = connection.request.path.rpartition("/")[2]
    if what == "closes":
        connection.close(1008)
    elif what == "bytes":
        connection.send(b"xyz")
    elif what == "talks":
        for number in range(5):
            connection.send(f"frame {number}")
    try:
        for message in connection:
            connection.send(message)
    except ConnectionClosed:
        pass


def answer(connection, request):
    """Refuse a handshake where the path says so."""
    if request.path.endswith("/refuses"):
        return connection.respond(403, "no\n")
    return None


class FakeApp:
    """What a socket uses of an app."""

    def __init__(self, path):
        self.path = path
        self.timeline = []
        self.life = SimpleNamespace(over=threading.Event(), asked=False)

    def trouble(self, did, path="", *, late=False, expected="an answer"):
        outcome = Outcome.TIMEOUT if late else Outcome.CRASHED
        return Trouble(outcome, did, expected, "nothing", path=path)


@pytest.fixture
def app(tmp, monkeypatch):
    monkeypatch.setattr(websocket, "PATIENCE", 0.5)
    monkeypatch.setattr(websocket.Socket.receive, "__defaults__", (0.5,))
    with unix_serve(handle, str(tmp / "s"), process_request=answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield FakeApp(tmp / "s")
        server.shutdown()
        thread.join()


def test_frames_go_both_ways_and_are_kept(app):
    with connect(app, "/ws/echo", "mira") as socket:
        socket.open().send("hello")
        socket.expect("hello")
        socket.send(b"123")
        assert socket.receive() == "3 bytes, binary"
    assert [line.split(None, 1)[1] for line in app.timeline] == [
        "-- connected", "-> hello", "<- hello", "-> 3 bytes, binary", "<- 3 bytes, binary",
    ]  # fmt: skip


def test_another_frame_fails_the_check(app):
    with connect(app, "/ws/talks", "mira") as socket, pytest.raises(CheckFailed) as caught:
        socket.expect("frame 9", why="because", look="chat")
    assert (caught.value.expected, caught.value.got, caught.value.why) == ("frame 9", "frame 0", "because")


def test_a_frame_that_does_not_come_is_too_slow_and_marked_in_the_timeline(app):
    with connect(app, "/ws/echo", "mira") as socket, pytest.raises(Trouble) as caught:
        socket.expect("hello", look="chat")
    assert (caught.value.outcome, caught.value.look) == (Outcome.TIMEOUT, "chat")
    assert app.timeline[-1].endswith("<- … nothing; missing: hello")


def test_frames_can_be_taken_until_one_comes(app):
    with connect(app, "/ws/talks", "mira") as socket:
        assert socket.until("frame 2") == ["frame 0", "frame 1"]
        with pytest.raises(Trouble) as caught:
            socket.until("frame 9")
    assert caught.value.got == "2 other frames, the last: frame 4"
    with connect(app, "/ws/talks", "mira") as socket, pytest.raises(CheckFailed):
        socket.until("frame 4", most=2)


def test_a_closed_socket_is_told_with_its_code(app):
    for wait in ("expect", "until"):
        with connect(app, "/ws/closes", "mira") as socket, pytest.raises(CheckFailed, match="closed \\(code 1008\\)"):
            getattr(socket, wait)("hello")


def test_a_program_that_ends_while_we_wait_crashed(app):
    app.life.over.set()
    with connect(app, "/ws/closes", "mira") as socket, pytest.raises(Trouble) as caught:
        socket.expect("hello")
    assert caught.value.outcome is Outcome.CRASHED


@pytest.mark.parametrize(("path", "refused"), [("refuses", True), ("closes", True), ("talks", False), ("echo", False)])
def test_a_refusal_is_an_answer_to_the_handshake_or_a_close_before_any_frame(app, path, refused):
    with connect(app, f"/ws/{path}", "mira") as socket:
        assert socket.refused() is refused


def test_a_refused_handshake_fails_a_check_that_needs_a_socket(app):
    with connect(app, "/ws/refuses", "mira") as socket, pytest.raises(CheckFailed, match="HTTP 403"):
        socket.open()


def test_whoever_aborts_is_gone_and_may_still_be_closed(app):
    with connect(app, "/ws/echo", "mira") as socket:
        socket.abort()
        socket.send("into the void")
    assert "gone, without a goodbye" in app.timeline[1]


def test_a_check_that_fails_leaves_its_sockets_to_the_end_of_the_program(app):
    with pytest.raises(CheckFailed), connect(app, "/ws/talks", "mira") as socket:
        socket.expect("frame 9")
    socket.send("after")
    assert socket.until("after")[-1] == "frame 4"
    socket.close()


def test_nobody_at_the_other_end_is_trouble(tmp):
    with pytest.raises(Trouble) as caught:
        connect(FakeApp(tmp / "nobody"), "/ws/x", "mira")
    assert (caught.value.outcome, caught.value.expected) == (Outcome.CRASHED, "an answer to the handshake")
