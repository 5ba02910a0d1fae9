"""One version of a chapter's app, taken in and ready to run: its lives begin here."""

import os
import secrets
import signal
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.app import App
from grader.box.control import Launcher
from grader.box.lives import Life
from grader.box.started import LauncherGoneError
from grader.expect import Trouble
from grader.report import Outcome
from grader.submissions import intake

# Coverage writes its data when a process ends politely; a life that is not measured can be killed at once.
LAST_SIGNAL = signal.SIGTERM if "COVERAGE_PROCESS_CONFIG" in os.environ else signal.SIGKILL


@dataclass
class Folder:
    """The places of one life: its working directory, its database, the socket it listens on."""

    root: Path
    sockets: Path  # out of the program's reach
    database: Path = field(init=False)

    def __post_init__(self) -> None:
        """Make them."""
        self.database = self.root / "db" / "chat.db"
        for folder in (self.root / "cwd", self.database.parent):
            folder.mkdir(parents=True)

    def listen(self) -> tuple[socket.socket, Path]:
        """A listening socket: nothing is lost between the start of the app and its first accept."""
        path = self.sockets / f"s{secrets.token_hex(4)}"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(256)
        return listener, path


class Submission:
    """One version of one chapter's app, taken in, with a launcher to run it."""

    def __init__(self, app: Path, run: Path, launcher: Launcher, place: str = "submission") -> None:
        """Copy the folder `app`; what happens to it later does not matter to this run.

        Args:
            app: the folder to copy.
            run: the folder of the run: an empty one, with a short path, for there will be sockets in it.
            launcher: what runs it.
            place: the name of the copy within the folder of the run.

        Raises:
            OSError: the disk is full.
        """
        self.launcher = launcher
        self.run = run
        self.refuge = launcher.level.refuge
        self.place = place
        self.root = (self.refuge.program if self.refuge else self.run) / place
        self.notes = intake.take(app, self.root / "app") if app.is_dir() else ()
        self.database_url = "sqlite:///{path}"
        self.secret_key = secrets.token_hex(32)
        self.never_started: Trouble | None = None
        self.warm = ThreadPoolExecutor(1, thread_name_prefix="spare")
        self.spare: tuple[Folder, Future[App]] | None = None
        self.numbers = iter(range(1, 1_000_000))
        self.numbers_lock = threading.Lock()
        self.compiling: Future[Life] | None = None
        if self.refuge is None:  # else nothing may be written beside the program
            self.compiling = self.warm.submit(self.begin, self.folder(), "compile")

    def folder(self) -> Folder:
        """Fresh places for a life."""
        with self.numbers_lock:
            number = next(self.numbers)
        folder = Folder((self.refuge.lives if self.refuge else self.run) / str(number), self.run)
        self.hand_over(folder.root)
        return folder

    def hand_over(self, folder: Path) -> None:
        """Give a folder and what is in it to the user that the program runs as."""
        if self.refuge and self.refuge.uid is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.refuge.uid, self.refuge.uid, follow_symlinks=False)

    def environment(self, folder: Folder, changes: Mapping[str, str | None]) -> dict[str, str]:
        """The environment variables of a life; a change to None removes one."""
        home = str(folder.root / "cwd")
        variables: dict[str, str | None] = {
            "PATH": os.defpath, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "BCRYPT_ROUNDS": "4",
            "SECRET_KEY": self.secret_key, "DATABASE_URL": self.database_url.format(path=folder.database),
        }  # fmt: skip
        return {name: value for name, value in {**variables, **changes}.items() if value is not None}

    def begin(self, folder: Folder, do: str, *, cwd: Path | None = None, root: Path | None = None,
              env: Mapping[str, str | None] | None = None, listener: socket.socket | None = None, **more: Any) -> Life:  # fmt: skip
        """Begin a life."""
        request = {
            "do": do, "app": str(root or self.root), "cwd": str(cwd or folder.root / "cwd"),
            "env": self.environment(folder, env or {}), "own": str(folder.root),
            "confine": self.launcher.level.rules(folder.root), **more,
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
        folder, app = self.spare or self.begin_spare()
        self.spare = self.begin_spare()
        return folder, app.result()

    def begin_spare(self) -> tuple[Folder, "Future[App]"]:
        """Begin the next one."""
        folder = self.folder()
        return folder, self.warm.submit(self.serve, folder)

    def close(self) -> None:
        """End every life that this run began; its folder can be removed then."""
        self.warm.shutdown()
        if self.spare and not self.spare[1].exception():
            app = self.spare[1].result()
            app.end(app.life, LAST_SIGNAL)
        if self.compiling and not self.compiling.exception():
            self.launcher.end(self.compiling.result())
        for life in list(self.launcher.lives.values()):
            if life.asked:  # it has been killed, and may be writing its last
                life.over.wait(5)
