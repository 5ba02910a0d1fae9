"""`python -m grader`: the command line with its exit statuses."""

import sys

from grader.commands import app
from grader.course import UsageError

INTERRUPTED = 130  # what typer makes of Ctrl-C, without a word


def main() -> None:
    """Run a command; a mistake in it is one sentence and status 2, a full disk status 3, Ctrl-C status 130."""
    # A mistake is answered in the words of the sessions of nox, which pass on what stands behind their "--".
    for command in app.registered_commands:
        command.options_metavar = "--"
    options: dict[str, list[str]] = {} if "--help" in sys.argv else {"help_option_names": []}
    try:
        app(prog_name="nox -s", **options)
    except UsageError as mistake:
        sys.stderr.write(f"{mistake}\n")
        sys.exit(UsageError.exit_status)
    except OSError as problem:
        sys.stderr.write(f"The grader could not do its work: {problem}.\n")
        sys.exit(3)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            sys.stderr.write("Stopped. Nothing was changed, and nothing is left running.\n")
        raise


if __name__ == "__main__":
    main()
