"""One worker's run of a suite: the submission taken in, and pytest with the plugin."""

import os
import sys
from pathlib import Path

from grader.box.control import Launcher
from grader.course import Chapter
from grader.schedule import Begin

PYTEST_OPTIONS = (
    "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-p", "no:threadexception",
    "-p", "no:junitxml", "-p", "no:logging", "-p", "no:doctest", "-p", "no:debugging", "-p", "no:stepwise",
    "--import-mode=importlib", "--assert=plain", "--capture=no", "-o", "addopts=", "-o", "python_functions=test_*",
)  # fmt: skip
CONFIGURATION = Path(__file__).parent / "suites" / "pytest.ini"


def work(
    chapter: Chapter,
    folder: Path,
    run: Path,
    tasks: tuple[str, ...],
    begin: Begin,
    launcher: Launcher,
    *,
    alone: bool = False,
) -> tuple[str, ...]:
    """Run what `begin`'s source gives to claim.

    Args:
        chapter: whose suite.
        folder: the version: a folder that holds app/.
        run: an empty folder for all that this worker writes; removed by who gave it.
        tasks: only these tasks and what they need; all when empty.
        begin: told which checks are declared, where the submission was copied to and which tasks are not begun; gives
            the source of the next check.
        launcher: what runs the program; it may be warming up still.
        alone: without what the tasks need.

    Returns:
        What of the submission was left out.
    """
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # no plugin of the environment has a say in a verdict
    # httpx does without its command line, and we without click, rich and pygments: a seventh of what is imported here.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None stands for "not there"
    import pytest  # noqa: PLC0415 -- while the launcher warms up

    from grader.plugin import Grading  # noqa: PLC0415
    from grader.submission import Submission  # noqa: PLC0415

    # Coverage finds the reference by the name of its copy; of others the name says nothing.
    place = str(folder.relative_to(chapter.root)) if folder == chapter.solution else "submission"
    submission = Submission(folder / "app", run, launcher, place)
    try:
        grading = Grading(chapter, submission, tasks, begin, alone=alone)
        options = [*PYTEST_OPTIONS, f"--rootdir={chapter.suite}", "-c", str(CONFIGURATION)]
        status = pytest.main([str(chapter.suite), *options], plugins=[grading])
        if status == pytest.ExitCode.INTERRUPTED:  # pytest keeps Ctrl-C to itself
            raise KeyboardInterrupt
    finally:
        submission.close()
    return submission.notes
