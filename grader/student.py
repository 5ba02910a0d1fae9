"""The handles a check uses. `Submission` is one for the run; every check gets a `Student` of its own."""

import os
import random
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import intake
from grader.app import App
from grader.box.control import Launcher, LauncherGoneError
from grader.box.lives import Exit, Life
from grader.database import Database
from grader.expect import Trouble
from grader.probing import Probe
from grader.report import Outcome

PROBES = Path(__file__).parent / "probes"
NAMES = ("mira", "tomas", "noor", "ines", "jonas", "aiko", "lena", "omar", "petra", "ravi", "sofia", "yusuf")
# Coverage writes its data when a process ends politely; a life that is not measured can be killed at once.
LAST_SIGNAL = signal.SIGTERM if "COVERAGE_PROCESS_CONFIG" in os.environ else signal.SIGKILL


@dataclass
class Folder:
    """The places of one life: its working directory, its database, the socket it listens on."""

    root: Path
    database: Path = field(init=False)

    def __post_init__(self) -> None:
        """Make them."""
        self.database = self.root / "db" / "chat.db"
        for folder in (self.root / "cwd", self.database.parent):
            folder.mkdir(parents=True)

    def listen(self) -> tuple[socket.socket, Path]:
        """A listening socket: nothing is lost between the start of the app and its first accept."""
        path = self.root / f"s{secrets.token_hex(2)}"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(256)
        return listener, path


class Submission:
    """One version of one chapter's app, taken in, with a launcher to run it."""

    def __init__(self, app: Path, launcher: Launcher) -> None:
        """Copy the folder `app`; what happens to it later does not matter to this run."""
        self.launcher = launcher
        self.run = Path(tempfile.mkdtemp(prefix="wb-", dir=tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp"))  # noqa: PLR2004, S108 -- a socket's path may have 103 bytes
        self.root = self.run / "submission"
        self.notes = intake.take(app, self.root / "app") if app.is_dir() else ()
        self.database_url = "sqlite:///{path}"
        self.secret_key = secrets.token_hex(32)
        self.never_started: Trouble | None = None
        self.warm = ThreadPoolExecutor(1, thread_name_prefix="spare")
        self.spare: Future[App] | None = None
        self.spare_folder: Folder | None = None
        self.numbers = iter(range(1, 1_000_000))
        self.numbers_lock = threading.Lock()
        self.warm.submit(self.begin, self.folder(), "compile")

    def folder(self) -> Folder:
        """Fresh places for a life."""
        with self.numbers_lock:
            number = next(self.numbers)
        return Folder(self.run / str(number))

    def environment(self, folder: Folder, changes: dict[str, str | None]) -> dict[str, str]:
        """The environment variables of a life; a change to None removes one."""
        home = str(folder.root / "cwd")
        variables: dict[str, str | None] = {
            "PATH": os.defpath, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "BCRYPT_ROUNDS": "4",
            "SECRET_KEY": self.secret_key, "DATABASE_URL": self.database_url.format(path=folder.database),
        }  # fmt: skip
        return {name: value for name, value in (variables | changes).items() if value is not None}

    def begin(self, folder: Folder, do: str, *, cwd: Path | None = None, root: Path | None = None,
              env: dict[str, str | None] | None = None, listener: socket.socket | None = None, **more: Any) -> Life:  # fmt: skip
        """Begin a life."""
        request = {
            "do": do, "app": str(root or self.root), "cwd": str(cwd or folder.root / "cwd"),
            "bytecode": str(self.run / "bytecode"),
            "env": self.environment(folder, env or {}), **more,
        }  # fmt: skip
        try:
            return self.launcher.begin(request, listener)
        except LauncherGoneError as problem:
            raise Trouble(
                Outcome.CRASHED, "start your program", "a process that runs", "the process that starts it was killed"
            ) from problem

    def serve(self, folder: Folder, **options: Any) -> App:
        """Start the app with uvicorn."""
        listener, path = folder.listen()
        return App(self.begin(folder, "serve", listener=listener, **options), path, self.launcher.end)

    def take_spare(self) -> tuple[Folder, App]:
        """A life of the app as configured by default, begun while the check before was running."""
        if self.spare is None or self.spare_folder is None:
            self.make_spare()
        assert self.spare is not None and self.spare_folder is not None
        folder, app = self.spare_folder, self.spare
        self.make_spare()
        return folder, app.result()

    def make_spare(self) -> None:
        """Begin the next one."""
        self.spare_folder = folder = self.folder()
        self.spare = self.warm.submit(self.serve, folder)

    def close(self) -> None:
        """Remove all that this run made."""
        self.warm.shutdown()
        if self.spare and not self.spare.exception() and LAST_SIGNAL != signal.SIGKILL:
            self.spare.result().end(self.spare.result().life, LAST_SIGNAL)
        shutil.rmtree(self.run, ignore_errors=True)


class Student:
    """What one check may do with the student's program."""

    def __init__(self, submission: Submission) -> None:
        """Nothing is started yet."""
        self.submission = submission
        self.lives: list[Life] = []
        self.apps: list[App] = []
        self._folder: Folder | None = None

    @property
    def folder(self) -> Folder:
        """The places of this check's program."""
        if self._folder is None:
            self._folder = self.submission.folder()
        return self._folder

    @property
    def database(self) -> Database:
        """The file that DATABASE_URL names."""
        return Database(self.folder.database, self.lives[-1] if self.lives else None)

    def name(self) -> str:
        """A name nobody has: "mira-4821"."""
        return f"{random.choice(NAMES)}-{secrets.randbelow(9_000_000) + 1_000_000}"  # noqa: S311 -- not a secret

    def start(self, **options: Any) -> App:
        """Start the app: a fresh process, and this check's own database.

        Args:
            options: `cwd`, `root` (a folder that holds another copy of app/) and `env` (changes to the environment);
                with none of them a life that was begun ahead is taken.
        """
        if not options and self.submission.never_started:
            raise self.submission.never_started
        if not options and self._folder is None:
            self._folder, app = self.submission.take_spare()
            app.default = True
        else:
            app = self.submission.serve(self.folder, **options)
        self.lives.append(app.life)
        self.apps.append(app)
        return app

    def writable_copy(self) -> Path:
        """A folder that holds a copy of app/ which the program may write beside."""
        copy = self.folder.root / "copy"
        shutil.copytree(self.submission.root, copy)
        return copy

    def probing(self, function: str, did: str, *, env: dict[str, str | None] | None = None, **arguments: Any) -> Probe:
        """Run a probe of grader/probes in a life of its own; a context manager.

        Args:
            function: "module.function", with the folder of the chapter: "01_orm_setup.engine_rows".
            did: what it does, in the words of the board.
            env: changes to the environment.
            arguments: its keywords, JSON.
        """
        module, _, name = function.rpartition(".")
        life = self.submission.begin(
            self.folder, "probe", env=env, probe=str(PROBES / f"{module}.py"), function=name, arguments=arguments
        )
        self.lives.append(life)
        return Probe(life, did, self.submission.launcher.end)

    def probe(self, function: str, did: str, **options: Any) -> Any:
        """Run a probe to its end; the last value it gave."""
        with self.probing(function, did, **options) as probe:
            return probe.finish()

    def expire(self) -> None:
        """Time is up: end every life of this check."""
        for life in self.lives:
            life.stop_for("deadline")

    def close(self) -> None:
        """End what this check started; the launcher sweeps up after each life."""
        for app in self.apps:
            app.client.close()
            if app.default and app.trouble_at_start:
                self.submission.never_started = app.trouble_at_start
        for life in self.lives:
            life.asked = True
            if LAST_SIGNAL == signal.SIGKILL:
                life.signal(LAST_SIGNAL)
            else:
                self.submission.launcher.end(life, LAST_SIGNAL)
