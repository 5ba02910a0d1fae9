"""One life of the student's app: what a forked child of the launcher does, from birth to exit."""

import asyncio
import atexit
import contextlib
import gc
import importlib
import inspect
import json
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from grader.box import kernel, landlock, seccomp
from grader.box.recorder import Recorder

UVICORN_OPTIONS: dict[str, Any] = {
    "ws": "websockets-sansio", "http": "h11", "loop": "asyncio", "access_log": False, "timeout_graceful_shutdown": 2,
}  # fmt: skip
STDOUT, STDERR = 1, 2


def live(request: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Settle in the child process, then do what was asked; never returns to the launcher."""
    stdout, stderr, testimony, talk, *listener = descriptors
    os.setsid()
    kernel.die_with_parent()
    settle(request, stdout, stderr)
    channel = socket.socket(fileno=talk)
    channel.sendall(struct.pack("i", os.getpid()))  # the kernel adds who really sent it
    recorder = Recorder(testimony, Path(request["app"]))
    recorder.install()
    sys.path.insert(0, str(Path(request["app"])))
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]
    if request["do"] == "compile":
        compile_all(Path(request["app"]))
    if request["do"] == "serve":
        serve(recorder, socket.socket(fileno=listener[0]))
    gc.enable()
    probe(request, recorder, channel)


def settle(request: dict[str, Any], stdout: int, stderr: int) -> None:
    """Take on the life's own streams, limits, environment and folder."""
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (stdout, STDOUT), (stderr, STDERR)):
        os.dup2(source, target)
        os.close(source)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr] # both are TextIOWrapper here
    for name, value in request["limits"].items():
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # Of processor time the first limit says why it ends (SIGXCPU), the second ends it.
        grace = 5 if name == "RLIMIT_CPU" and hard == resource.RLIM_INFINITY else 0
        resource.setrlimit(number, (allowed, allowed + grace))
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["uvicorn", "app.main:app"]
    sys.dont_write_bytecode = True
    if rules := request.get("confine"):
        landlock.enter([*rules["read"], f"/proc/{os.getpid()}"], rules["write"])
        seccomp.enter()


def compile_all(root: Path) -> NoReturn:
    """Compile the app once for all lives after this one; nothing of it is run here."""
    import compileall
    import py_compile

    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(root / "app", quiet=2, invalidation_mode=mode)
    leave()


def serve(recorder: Recorder, listener: socket.socket) -> NoReturn:
    """Serve app.main:app with uvicorn on the listening socket."""
    import uvicorn

    with recorder.phase("import"):
        app = importlib.import_module("app.main").app
    gc.enable()  # an import makes much and drops little
    with recorder.phase("start"):
        uvicorn.Server(uvicorn.Config(recorder.watch(app), **UVICORN_OPTIONS)).run(sockets=[listener])
    leave()


def probe(request: dict[str, Any], recorder: Recorder, channel: socket.socket) -> NoReturn:
    """Run one probe of grader/probes and send what it returns, marked with this life's nonce.

    A probe that is a generator sends every value it yields, and waits for a byte from the grader after each.
    """
    module = ModuleType("probe")
    exec(compile(request["source"], request["probe"], "exec"), module.__dict__)  # noqa: S102 -- the grader's own words

    def send(value: object) -> None:
        channel.sendall(json.dumps({"nonce": request["nonce"], "value": value}).encode() + b"\n")

    with recorder.phase("probe"):
        result = getattr(module, request["function"])(**request["arguments"])
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        if isinstance(result, Generator):
            for value in result:
                send(value)
                if not channel.recv(1):
                    break
        else:
            send(result)
        result = None  # a generator that nobody asks for more ends here, as it would with its script
    leave()


def leave() -> NoReturn:
    """End with status 0 as the interpreter would, but leave the modules as they are: to clear them touches every page."""
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 -- as multiprocessing ends a forked child
    atexit._run_exitfuncs()  # noqa: SLF001 -- the same
    gc.collect()  # what warns when it is thrown away does
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):  # put away, closed, nobody listens
            stream.flush()
    os._exit(0)
