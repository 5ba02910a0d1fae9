"""The front door: `nox -l` lists what there is, `nox -s chapter-01` grades chapter 01.

Every session uses one environment, .nox/workbook, made from the lock files when they change.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nox
from nox.virtualenv import HAS_UV, UV

ROOT = Path(__file__).parent
ENVIRONMENT = ROOT / ".nox" / "workbook"
PYTHON = ENVIRONMENT / "bin" / "python"
CACHE = ROOT / ".mypy_cache"  # one for all: most of it is about the libraries
LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "none"  # see `prepare`: one environment for all, ready in no time
nox.options.sessions = ["welcome"]


def fingerprint(lock: str) -> str:
    """What an environment made from a lock file depends on."""
    return hashlib.sha256(f"{sys.version}{(ROOT / lock).read_text()}".encode()).hexdigest()


def prepare(session: nox.Session, lock: str = LOCK) -> None:
    """Make the environment, or bring it up to date; costs nothing when it is."""
    stamp = ENVIRONMENT / f".{lock}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == fingerprint(lock):
        return
    session.log(f"Setting up .nox/workbook from {lock}: once, and whenever it changes.")
    if HAS_UV:
        make = [UV, "venv", "--quiet", "--allow-existing", "--python", sys.executable]
        install = [UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    else:
        make = [sys.executable, "-m", "venv"]
        install = [str(PYTHON), "-m", "pip", "install", "--quiet"]
    session.run_install(*make, str(ENVIRONMENT), external=True, silent=True)
    if session.run_install(*install, "-r", str(ROOT / lock), external=True) is None:
        return  # nox was asked not to install
    stamp.write_text(fingerprint(lock))
    if lock == DEV_LOCK:  # which holds all of the smaller one
        (ENVIRONMENT / f".{LOCK}").write_text(fingerprint(LOCK))


def grader(session: nox.Session, *arguments: str, lock: str = LOCK) -> None:
    """Run `python -m grader ...`; its exit status is that of nox, without further words."""
    prepare(session, lock)
    process = subprocess.Popen([PYTHON, "-m", "grader", *arguments, *session.posargs], cwd=ROOT)
    while process.returncode is None:
        with contextlib.suppress(KeyboardInterrupt):  # the grader hears it too, and ends in its own time
            process.wait()
    say_what_nox_is()
    if process.returncode:
        raise SystemExit(process.returncode)


def say_what_nox_is() -> None:
    """Boards say `nox`; tell who started it by its path how to make that short."""
    folder = Path(sys.argv[0]).absolute().parent
    if shutil.which("nox") is None and (folder / "activate").is_file() and folder.is_relative_to(Path.cwd()):
        place = folder.relative_to(Path.cwd())
        sys.stderr.write(
            f"({place / 'nox'} is your nox; to type just nox in this terminal: source {place / 'activate'})\n"
        )


def develop(session: nox.Session, *command: str, **options: str) -> None:
    """Run a tool of the larger environment."""
    prepare(session, DEV_LOCK)
    session.run(str(PYTHON), "-m", *command, external=True, env=options or None)


@nox.session
def welcome(session: nox.Session) -> None:
    """Say where you are, and what to do next."""
    if PYTHON.exists():
        grader(session, "welcome")
        return
    session.log("Chapter 01 waits for you: read chapters/01_orm_setup/README.md, then: nox -s watch -- 01")
    session.log("All there is: nox -l")


DAY = {
    "watch": "Check the task you are at whenever you save: nox -s watch, nox -s watch -- 02, nox -s watch -- 2.5.",
    "hint": "Show a hint for a task, one step at a time: nox -s hint -- 1.8.",
    "explain": "Write a task, your part and its failure as Markdown for a tutor: nox -s explain -- 2.5.",
    "progress": "Show all chapters and tasks on one page, and what has changed since they were done.",
    "diff": "Compare yours with the reference, or two chapters: nox -s diff -- 02, -- 2.5, -- 02 --from starter, -- 01 02.",
    "solution": "Show the reference of one task and why it is so: nox -s solution -- 2.5.",
    "serve": "Run your version of a chapter, to try it by hand: nox -s serve -- 02, with --open in your browser.",
    "start": "Begin a chapter with the reference of the one before, or with your own code where it fits: nox -s start -- 02.",
    "reset": "Put a chapter or a task back to how it began, with a backup: nox -s reset -- 02, nox -s reset -- 2.5.",
    "undo": "Take the last reset back: nox -s undo; with -- --list the backups there are.",
    "doctor": "Look at the machine and the set-up, and say how to mend what is wrong.",
}
MARKING = {
    "grade": "Grade what somebody handed in, confined: nox -s grade -- 02 --submission PATH --out DIR.",
    "gradescope": "Make the autograder.zip of a chapter for Gradescope: nox -s gradescope -- 02.",
}
PROOFS = {
    "course": "Check the course as a product: starters, solutions, lessons, hints, banks, documents.",
    "starters": "Write the starters from the solutions; with -- --check prove that they are current.",
    "mistakes": "Grade a chapter's bank of wrong programs, and write a page about it; with --variations the right ones.",
    "mutants": "Change one small thing of a solution at a time, and see which check notices: nox -s mutants -- 01.",
    "suite-mutants": "Take one expectation at a time out of a suite, and see which mistake passes then.",
    "flakes": "Grade the same programs again and again with every core kept busy: nox -s flakes -- 01 --runs 200.",
    "attacks": "Try hostile submissions on the grader: nox -s attacks, with -- --level landlock, --only ID.",
    "fuzz": "Try hostile bytes on all that meets what a stranger made; with -- --plant, on a bug in each.",
    "bench": "Measure the grader against a plain in-process replay, side by side.",
}
DEVELOPERS = {"course", "fuzz", "bench"}  # they use tools of the larger environment


def add(name: str, says: str, *arguments: str) -> None:
    """Add the session that runs a command of the grader; `nox -l` shows what it says."""

    def run(session: nox.Session) -> None:
        grader(session, *arguments, lock=DEV_LOCK if name in DEVELOPERS else LOCK)

    run.__doc__ = says
    nox.session(name=name)(run)


CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*"))
for each in CHAPTERS:
    number, lesson = each.name[:2], each / "README.md"
    title = lesson.read_text("utf-8").partition("\n")[0].partition(": ")[2] if lesson.is_file() else "no lesson"
    after = f"--task {int(number)}.1, --solution, --submission PATH, --json FILE"
    add(f"chapter-{number}", f"Grade chapter {number}, {title}. After --: {after}.", "chapter", number)
for command, says in {**DAY, **MARKING, **PROOFS}.items():
    add(command, says, command)
for asked in sys.argv[1:]:  # nox itself would only say that there is no such session
    if re.fullmatch(r"chapter-\S+", asked) and asked[8:] not in {each.name[:2] for each in CHAPTERS}:
        names = ", ".join(f"chapter-{each.name[:2]}" for each in CHAPTERS)
        sys.stderr.write(f"There is no session {asked}; there are {names}.\n")
        sys.exit(2)


@nox.session
def tests(session: nox.Session) -> None:
    """Prove that the workbook works: tests with coverage, style, types."""
    prepare(session, DEV_LOCK)
    for command in (("ruff", "check", "."), ("ruff", "format", "--check", ".")):
        develop(session, *command)
    types(session)
    develop(session, "coverage", "erase")
    workers = [] if session.posargs else ["-n", str(os.cpu_count() or 1)]
    develop(session, "coverage", "run", "-m", "pytest", "--durations=15", *workers, *session.posargs)
    if not session.posargs:
        develop(session, "coverage", "combine", "--quiet")
        develop(session, "coverage", "report", "--include=grader/*", "--fail-under=90")
        develop(session, "coverage", "report", "--include=solutions/*", "--fail-under=99")


def types(session: nox.Session) -> None:
    """Check the types of the grader, and of suites and solutions one by one: their modules share names."""
    develop(session, "mypy", "grader", "noxfile.py")
    for suite in sorted((ROOT / "grader" / "suites").glob("[0-9][0-9]_*")):
        develop(session, "mypy", "--allow-any-generics", *map(str, suite.glob("*.py")))  # fixtures are functions
    for solution in sorted((ROOT / "solutions").glob("[0-9][0-9]_*")):
        with session.chdir(solution):
            develop(session, "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(CACHE), "app")


@nox.session
def lock(session: nox.Session) -> None:
    """Pin the dependencies anew, for every Python and platform, without index addresses."""
    options = ["--universal", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--quiet"]
    for target, groups in ((LOCK, []), (DEV_LOCK, ["--group", "dev"])):
        command = ["pip", "compile", "pyproject.toml", *groups, *options, "--python-version", "3.11", "-o", target]
        session.run(UV, *command, *session.posargs, external=True)
