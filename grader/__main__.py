"""`python -m grader`: the command line with its exit statuses."""

import sys

from grader.cli_authors import app
from grader.course import UsageError


def main() -> None:
    """Run a command; a mistake in it is one sentence and status 2, Ctrl-C is status 130."""
    try:
        app()
    except UsageError as mistake:
        sys.stderr.write(f"{mistake}\n")
        sys.exit(UsageError.exit_status)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Nothing was changed, and nothing is left running.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
