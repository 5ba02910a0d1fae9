"""A running app: requests to it, sockets into it, and its end."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from grader.answers import Answer
from grader.expect import Trouble
from grader.report import Outcome

if TYPE_CHECKING:
    from grader.box.lives import Exit, Life
    from grader.websocket import Socket

PATIENCE = 20.0  # seconds for one answer: far beyond what a correct program needs on a busy machine
PINGS = 25  # answers after which twenty requests have been begun too
STUCK = "Something in your program waits and does not stop waiting: a loop, a lock, or a call that lets nobody else in."
LONGEST_BODY = 4 * 1024 * 1024
BASE_URL = "http://127.0.0.1:8000"


def written(value: object, limit: int = 120) -> str:
    """A value as the board shows it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "…"


class App:
    """One life of the student's app, from outside."""

    def __init__(self, life: "Life", path: Path, end: Callable[..., "Exit"]) -> None:
        """`path` is the Unix socket it listens on; `end` ends the life."""
        self.life = life
        self.path = path
        self.end = end
        self.timeline: list[str] = []
        self.default = False  # begun as configured by default
        self.trouble_at_start: Trouble | None = None
        self.client = httpx.Client(
            # A new connection for each request: after a 500 uvicorn closes the old one without saying so.
            transport=httpx.HTTPTransport(
                uds=str(path), verify=False, limits=httpx.Limits(max_connections=None, max_keepalive_connections=0)
            ),
            base_url=BASE_URL, timeout=PATIENCE, headers={"Accept-Encoding": "identity"}, trust_env=False,
        )  # fmt: skip

    def request(
        self, method: str, path: str, *, token: str | None = None, json: Any = None, form: dict[str, str] | None = None,
        params: dict[str, Any] | None = None, headers: dict[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Send one request and read the answer.

        Raises:
            Trouble: there is no answer: the program ended, took too long, or hung up.
        """
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        request = self.client.build_request(method, path, json=json, data=form, params=params, headers=headers)
        did = f"{method} {request.url.raw_path.decode()}" + (f" {written(json)}" if json is not None else "")
        did += f" as a form: {written(form)}" if form is not None else ""
        return self._send(request, did, path)

    def _send(self, request: httpx.Request, did: str, path: str) -> Answer:
        end = time.monotonic() + PATIENCE
        body = b""
        try:
            response = self.client.send(request, stream=True)
            try:
                for piece in response.iter_raw():
                    body += piece
                    if len(body) > LONGEST_BODY or time.monotonic() > end:
                        raise Trouble(
                            Outcome.FAILED, did, "an answer of reasonable size", f"{len(body)} bytes, and no end",
                            life=self.life, path=path,
                        )  # fmt: skip
            finally:
                response.close()
        except httpx.TimeoutException as problem:
            raise self.trouble(did, path, late=True) from problem
        except httpx.HTTPError as problem:
            raise self.trouble(did, path) from problem
        return Answer(did, response.status_code, dict(response.headers), body, path, self.life)

    def trouble(self, did: str, path: str = "", *, late: bool = False, expected: str = "an answer") -> Trouble:
        """Why there was no answer; the program's own end is the first thing to look for."""
        if not late:
            self.life.over.wait(3)
        over = self.life.exit if not self.life.asked else None
        outcome, got = Outcome.FAILED, "the connection was closed without one"
        if over:
            outcome = {"memory": Outcome.MEMORY, "deadline": Outcome.TIMEOUT}.get(over.reason, Outcome.CRASHED)
            got = f"your program is gone: {over}"
        elif late or self.life.reason == "deadline":
            outcome, got = Outcome.TIMEOUT, f"nothing within {PATIENCE:g} seconds"
        found = Trouble(outcome, did, expected, got, life=self.life, path=path)
        found.why = STUCK if outcome is Outcome.TIMEOUT else ""
        if not any(self.life.records("started")):
            found.did = "start your program: uvicorn app.main:app"
            self.trouble_at_start = found
        return found

    def get(self, path: str, **options: Any) -> Answer:
        """GET; the keywords are those of `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        """POST."""
        return self.request("POST", path, **options)

    def patch(self, path: str, **options: Any) -> Answer:
        """PATCH."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        """DELETE."""
        return self.request("DELETE", path, **options)

    def together(
        self, calls: Sequence[Callable[[], Any]], held: AbstractContextManager[object] | None = None
    ) -> list[Any]:
        """Make these calls at the same moment, each in a thread; their results, in order.

        Args:
            calls: what to call.
            held: a lock on the file, which is kept until they all had the time to come to it, for a second at most.

        Raises:
            Trouble: the first one that any call raised.
        """
        if held:
            self.get("/openapi.json")  # it has started by then, and its file is there
        with ThreadPoolExecutor(len(calls) + 1) as pool:
            with held or nullcontext():
                futures = [pool.submit(call) for call in calls]
                end = time.monotonic() + 1
                for _ in range(PINGS if held else 0):
                    if not wait([pool.submit(self.get, "/openapi.json")], max(0.0, end - time.monotonic())).done:
                        break
            return [future.result() for future in futures]

    def socket(self, client_id: str, **options: Any) -> "Socket":
        """Connect to /ws/{client_id}; a context manager. See grader/websocket.py."""
        from grader.websocket import connect  # noqa: PLC0415 -- a chapter's first checks need no socket, and it loads slowly

        return connect(self, f"/ws/{quote(client_id, safe='')}", client_id, **options)

    def stop(self) -> "Exit":
        """End the program as Ctrl-C in a terminal would let it: politely, and for sure."""
        self.client.close()
        return self.end(self.life, signal.SIGTERM)

    def kill(self) -> "Exit":
        """End the program at once, in the middle of whatever it does."""
        self.client.close()
        return self.end(self.life)

    def errors(self) -> Iterator[dict[str, Any]]:
        """The errors nobody caught, as the program itself recorded them."""
        return self.life.records("error")

    def statements(self) -> list[str]:
        """The SQL statements so far, as the program itself recorded them."""
        return [str(record.get("text", "")) for record in self.life.records("sql")]
