"""From a check that failed to what the student is told: the outcome, the line, the reason."""

import re
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import diagnosis, source
from grader.box.lives import Life
from grader.check import Check
from grader.course import Chapter
from grader.diagnosis import Concept
from grader.expect import CheckFailed
from grader.markers import parts
from grader.report import Finding, Line, Outcome
from grader.scrub import scrub
from grader.transcript import transcript

TODO = re.compile(r"TODO ([0-9]+\.[0-9]+)")
FAILED_INSIDE = re.compile(r"(HTTP )?500\b|the socket was closed \(code \d+\)")
# What they are searched in is the program's word: each begins where a run of its characters does, or a long run would
# be walked once for each of its characters.
TEMPORARY = re.compile(r"(?<![^\s\"'(])[^\s\"'(]*/submission/(?=app/)")  # where the submission was copied to
SQL = re.compile(r"(?<!\s)\s*\[SQL:.*", re.DOTALL)  # and its parameters, among them hashes, and a link
ENDPOINT = re.compile(r"(?<!\s)\s*File \"[^\"\n]*\", line \d+, in .*", re.DOTALL)  # FastAPI's; the board shows the line
# What a forgotten await shows itself as, further on: it says less than the warning, which knows the line.
FORGOTTEN = re.compile(r"ResponseValidationError|coroutine")
LAST_WORDS = 1.0  # seconds we wait for a record that is on its way


@dataclass(frozen=True)
class Verdict:
    """Outcome, the task it waits for (when blocked), and the finding."""

    outcome: Outcome
    waits_for: str
    finding: Finding | None


def last_words(life: Life, kind: str) -> list[dict[str, Any]]:
    """Its records of one kind; what is on its way is waited for, unless the life is over and has said everything."""
    end = time.monotonic() + LAST_WORDS
    while not (records := list(life.records(kind))) and time.monotonic() < end and not life.exit:
        time.sleep(0.01)
    return records


def errors_at(failure: CheckFailed) -> list[dict[str, Any]]:
    """What went wrong in the life, the errors at the failure's own path first, the latest first."""
    life = failure.life
    if life is None:
        return []
    if FAILED_INSIDE.match(failure.got):
        last_words(life, "error")
    errors, path = list(life.records("error"))[::-1], failure.path.partition("?")[0]
    own = [error for error in errors if not error.get("path") or error.get("path") == path]
    return own or errors or (list(life.records("logged"))[::-1] if failure.caught else [])


def stuck_at(failure: CheckFailed) -> Line | None:
    """The line of the student's at which a program is that does not answer; None when it is nowhere in particular."""
    life = failure.life
    if life is None or failure.outcome is not Outcome.TIMEOUT or not life.signal_works():
        return None
    life.signal(signal.SIGUSR1)
    records = last_words(life, "stuck")
    return source.frame(records[-1]) if records else None


def warnings_of(lives: Iterable[Life]) -> list[dict[str, Any]]:
    """Coroutines of the student's that nobody awaited; a warning whose coroutine a library made is not theirs."""
    found = []
    for record in (record for life in lives for record in life.records("warning")):
        created = diagnosis.CREATED_AT.findall(str(record.get("message", "")))
        if (
            diagnosis.AWAITED.search(str(record.get("message", "")))
            and created
            and "/submission/app/" in created[-1][0]
        ):
            path, number = created[-1]
            frame = ("app/" + path.rpartition("/submission/app/")[2], int(number), "", "")
            found.append(record | {"frames": [frame]})
    return found


def explained_by(
    failure: CheckFailed, errors: list[dict[str, Any]], lives: Sequence[Life], chapter: Chapter
) -> tuple[Concept, dict[str, Any]] | None:
    """The entry that explains a failure, and the record it explains: an error, or a coroutine that nobody awaited.

    An error that only shows a forgotten await, in another file than it stands in, says less than the warning.
    """
    shows = bool(errors) and bool(FORGOTTEN.search(f"{errors[0].get('type')} {errors[0].get('message')}"))
    if shows and failure.life:
        last_words(failure.life, "warning")  # it is said when the coroutine is thrown away, behind the answer
    forgotten = warnings_of([failure.life] if failure.life else lives)
    at = (errors[0].get("frames") or [("",)])[-1][0] if errors else ""
    first = shows and forgotten and at != forgotten[0]["frames"][0][0]
    return diagnosis.explain([*forgotten, *errors] if first else [*errors, *forgotten], chapter)


def waits_for(failure: CheckFailed, errors: list[dict[str, Any]]) -> str:
    """The task whose TODO the program ran into, or ""."""
    if failure.got.startswith("501"):
        found = TODO.search(failure.got)
        return found[1] if found else ""
    for error in errors:
        if str(error.get("type", "")).endswith("NotImplementedError"):
            found = TODO.search(str(error.get("message", "")))
            return found[1] if found else ""
    return ""


def located(line: Line | None, folder: Path) -> Line | None:
    """The same line with the task whose part it is in, and with its text, where the record had none."""
    if line is None:
        return None
    try:  # the name is the program's word: nothing but its own files is read for it
        lines = source.files(folder)[line.path].read_text("utf-8", "replace").splitlines()
        text = line.text or scrub(lines[line.number - 1], source.LONGEST_LINE)
    except (OSError, LookupError):
        return line
    return line.model_copy(update={"text": text, "task": source.owner(lines, line.number)})


def quoted(failure: CheckFailed, error: dict[str, Any] | None) -> str:
    """What came back; where the program failed inside, its own error says it better than "500"."""
    got, record = failure.got, error or {}
    inside = FAILED_INSIDE.match(got)
    if record.get("kind") == "error" and (inside or failure.outcome is not Outcome.FAILED):
        got = f"{inside[0] + '  ' if inside else ''}{source.named(record)}"
    if record.get("kind") == "logged":
        got = f"{got}  In the log: {source.named(record)}"
    return TEMPORARY.sub("", ENDPOINT.sub("", SQL.sub("", got)))


def judge(check: Check, failure: CheckFailed, chapter: Chapter, folder: Path, untouched: set[str],
          timeline: Iterable[str] = (), lives: Sequence[Life] = ()) -> Verdict:  # fmt: skip
    """Say what a failed check means.

    Args:
        check: what failed.
        failure: how.
        chapter: whose tables explain it.
        folder: the submission as taken in (holds app/).
        untouched: the tasks that are not begun.
        timeline: the frames of the check's sockets.
        lives: those of the check, asked for coroutines when the failure names none.
    """
    errors = errors_at(failure)
    waiting = waits_for(failure, errors)
    if check.task in untouched or waiting == check.task:
        return Verdict(Outcome.TODO, "", None)
    if waiting:
        return Verdict(Outcome.BLOCKED, waiting, None)
    explained = explained_by(failure, errors, lives, chapter)
    error = explained[1] if explained else errors[0] if errors else None

    def defined(name: str) -> Line | None:
        if not name:
            return None
        own = {part.file for part in parts(chapter.solution) if part.task == check.task}
        return source.definition(folder, name, own)

    seen = source.frame(error) if error else stuck_at(failure)
    line = located(defined(explained[0].look if explained else "") or seen or defined(failure.look), folder)
    cause = ""
    if error:
        cause = f"{explained[0].id if explained else error.get('type')} {line.path}:{line.number}" if line else ""
    sql = transcript(str(record.get("text", "")) for record in failure.life.records("sql")) if failure.life else ""
    finding = Finding(
        did=scrub(failure.did), expected=scrub(failure.expected), got=scrub(quoted(failure, error)), line=line,
        why=explained[0].why if explained else failure.why,
        lesson=explained[0].place if explained else lesson(check, chapter, error),
        concept=cause, rows=(sql,) if sql else (), timeline=tuple(scrub(each, 90) for each in list(timeline)[-8:]),
        printed=scrub(failure.life.stdout.text()[-600:], 400, lines=True) if failure.life else "",
        traceback=source.traceback(error) if error else "",
    )  # fmt: skip
    return Verdict(failure.outcome, "", finding)


def without_testimony(check: Check, failure: CheckFailed, chapter: Chapter) -> Verdict:
    """The same of what we saw alone, for testimony that cannot be read."""
    finding = Finding(
        did=scrub(failure.did), expected=scrub(failure.expected), got=scrub(failure.got), why=failure.why,
        lesson=lesson(check, chapter),
    )  # fmt: skip
    return Verdict(failure.outcome, "", finding)


def lesson(check: Check, chapter: Chapter, error: dict[str, Any] | None = None) -> str:
    """Where the lesson helps with a check: the section it names, else its task's own; or with a file that cannot be read."""
    if any(name in ("", "<module>") for _, _, name, _ in (error or {}).get("frames") or []):
        return f"chapters/{chapter.slug}/README.md#common-errors"
    title = re.sub(r"[^\w\- ]", "", f"{check.task} {chapter.tasks.get(check.task, '')}")
    return f"chapters/{chapter.slug}/README.md#{(check.lesson or title.replace(' ', '-')).lower()}"
