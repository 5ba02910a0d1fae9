"""Grading in earnest: a submission that nobody has read, confined or not at all. There is a report whatever happens."""

import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from grader import run
from grader.box.choice import chosen
from grader.box.confined import RefusedError
from grader.course import Chapter, UsageError
from grader.report import CheckResult, Report
from grader.submissions.handed_in import admit


def grade(
    chapter: Chapter, submission: Path, revision: str | None = None, *, require: str | None = None, tasks: tuple[str, ...] = (),
    workers: int = 1, heard: Callable[[CheckResult], None] = lambda _result: None,
) -> Report:  # fmt: skip
    """Grade a submission.

    Args:
        chapter: whose suite.
        submission: a folder, an archive or a git repository.
        revision: of the repository.
        require: a level of confinement; the best one that works when None.
        tasks: only these tasks and what they need; all when empty.
        workers: processes that share the checks.
        heard: called with each result as it comes.

    Returns:
        The report; when the grader could not do its work, one without checks that says why.

    Raises:
        UsageError: there is no such submission or revision.
    """
    try:
        with (
            chosen(require) as level,
            tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder,
        ):
            handed_in = admit(submission, revision, chapter, Path(folder, "taken"))
            report = run.grade(
                chapter, Path(folder, "taken"), "submission", tasks=tasks, level=level, heard=heard, workers=workers
            )
            return report.model_copy(update={"folder": handed_in.place, "notes": handed_in.notes + report.notes})
    except UsageError:
        raise
    except RefusedError as refused:
        return ungraded(chapter, str(refused))
    except OSError as problem:
        return ungraded(chapter, f"The grader could not do its work: {problem}.")
    except Exception:  # noqa: BLE001 -- a fault of ours must not look like a grade: Python's own exit status would be 1
        traceback.print_exc(file=sys.stderr)
        return ungraded(chapter, "The grader has a fault, and could not do its work.")


def ungraded(chapter: Chapter, why: str) -> Report:
    """A report without checks, and so without a score."""
    return Report(
        chapter=chapter.number, title=chapter.title, source="submission", folder=".", level="none", tasks=(), checks=(), notes=(why,)
    )  # fmt: skip
