"""The handle a check has on the student's program."""

import random
import secrets
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.app import App
from grader.database import Database
from grader.probing import Probe
from grader.submission import LAST_SIGNAL, Folder, Submission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.box.lives import Life

PROBES = Path(__file__).parent / "probes"
NAMES = ("mira", "tomas", "noor", "ines", "jonas", "aiko", "lena", "omar", "petra", "ravi", "sofia", "yusuf")


def probe_source(module: str) -> str:
    """The text of a module of probes, behind what it shares with others of its chapter: NN_slug_shared.py."""
    shared = (path for path in PROBES.glob("*_shared.py") if module.startswith(path.stem.removesuffix("shared")))
    return "\n".join(path.read_text("utf-8") for path in (*shared, PROBES / f"{module}.py"))


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
        """A name nobody has: "mira-4821307". All are equally long: a text that is cut is cut at the same place."""
        name = random.choice(NAMES)  # noqa: S311 -- not a secret
        smallest = 10 ** (10 - len(name))
        return f"{name}-{smallest + secrets.randbelow(9 * smallest)}"

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
        copy = self.folder.root / self.submission.place
        shutil.copytree(self.submission.root, copy)
        self.submission.hand_over(copy)
        return copy

    def directory(self, name: str) -> Path:
        """An empty directory of that name, in which the program may write."""
        found = self.folder.root / name
        found.mkdir()
        self.submission.hand_over(found)
        return found

    def probing(
        self, function: str, did: str, *, env: "Mapping[str, str | None] | None" = None, **arguments: Any
    ) -> Probe:
        """Run a probe of grader/probes in a life of its own; a context manager.

        Args:
            function: "module.function", with the folder of the chapter: "01_orm_setup.engine_rows". What several
                modules need stands in NN_slug_shared.py, whose text goes before theirs.
            did: what it does, in the words of the board.
            env: changes to the environment.
            arguments: its keywords, JSON.
        """
        module, _, name = function.rpartition(".")
        life = self.submission.begin(
            self.folder, "probe", env=env, probe=str(PROBES / f"{module}.py"), source=probe_source(module),
            function=name, arguments=arguments,
        )  # fmt: skip
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
