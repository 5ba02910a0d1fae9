"""The entries of a revision in a git repository that nobody has read.

Its objects are read and nothing else: no checkout, no index, no hook, no filter, no attribute, no helper, no network.
"""

import os
import shutil
import subprocess
import threading
from pathlib import Path

from grader.course import UsageError
from grader.submissions.intake import MOST_ENTRIES, Entry, UnusableError, bounded

PATIENCE = 60.0  # seconds for one command
LONGEST_LISTING = 4 * 1024 * 1024
REGULAR, LINK = ("100644", "100755"), "120000"
OPTIONS = (
    "core.fsmonitor=", "core.hooksPath=/dev/null", "core.attributesFile=/dev/null", "core.alternateRefsCommand=",
    "protocol.allow=never", "safe.directory=*", "core.commitGraph=false", "core.multiPackIndex=false",
)  # fmt: skip
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ALLOW_PROTOCOL": "",
    "HOME": os.devnull, "LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath),
}  # fmt: skip


class Repository:
    """A repository to read from."""

    def __init__(self, path: Path) -> None:
        """`path` holds .git, or is a bare repository.

        Raises:
            OSError: git is not installed.
            UsageError: it does neither.
            UnusableError: it takes objects from elsewhere: from the course, say.
        """
        if not shutil.which("git"):
            raise OSError("git is not installed")
        self.folder = path / ".git" if (path / ".git").exists() else path
        if self.folder.is_symlink() or not (self.folder / "HEAD").is_file() or not (self.folder / "objects").is_dir():
            raise UsageError(f"{path} is not a git repository of its own.")
        elsewhere = ("commondir", "objects/info/alternates", "objects/info/http-alternates")
        objects = self.folder / "objects"
        linked = objects.is_symlink() or any(place.is_symlink() for place in objects.rglob("*"))
        if linked or any((self.folder / name).exists() for name in elsewhere):
            raise UnusableError("the repository takes its objects from elsewhere")

    def git(self, *arguments: str, most: int) -> bytes:
        """What a command prints.

        Raises:
            OSError: it fails, takes too long, or prints more than `most` bytes; git is missing.
        """
        options = [word for option in OPTIONS for word in ("-c", option)]
        command = ["git", f"--git-dir={self.folder}", "--no-pager", *options, *arguments]
        process = subprocess.Popen(
            command, env=ENVIRONMENT, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )  # fmt: skip
        timer = threading.Timer(PATIENCE, process.kill)
        timer.start()
        with process:
            data = process.stdout.read(most + 1) if process.stdout else b""
            if len(data) > most:
                process.kill()
        timer.cancel()
        bounded(data, most)
        if process.returncode:
            raise OSError("git could not read it")
        return data

    def entries(self, revision: str) -> list[Entry]:
        """The entries of a revision: a commit, a tag, a branch.

        Raises:
            UsageError: there is no such revision.
            UnusableError: it cannot be read.
        """
        try:
            commit = self.git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", most=200
            )
        except OSError as problem:
            raise UsageError(f"There is no revision {revision!r} in {self.folder}.") from problem
        try:
            listing = self.git("ls-tree", "-r", "-z", "--full-tree", commit.decode().strip(), most=LONGEST_LISTING)
        except OSError as problem:
            raise UnusableError(f"revision {revision!r} cannot be read: {problem}") from problem
        return [self.entry(line) for line in listing.split(b"\0")[: MOST_ENTRIES + 1] if line]

    def entry(self, line: bytes) -> Entry:
        """One line of the listing: mode, kind, object, tab, name."""
        about, _, name = line.partition(b"\t")
        mode, _, blob = about.decode().split(" ")

        def read(most: int) -> bytes:
            if mode not in REGULAR:
                raise OSError("not a regular file")
            if int(self.git("cat-file", "-s", blob, most=50)) > most:
                raise OSError("too large")
            return self.git("cat-file", "blob", blob, most=most)

        return Entry(name.decode("utf-8", "replace"), read, mode == LINK)
