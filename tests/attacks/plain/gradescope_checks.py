"""The plain checks as gradescope-utils has them: unittest, weights, results.json. Run it in the submission's folder."""

import unittest
from pathlib import Path

from gradescope_utils.autograder_utils.decorators import weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner


class Checks(unittest.TestCase):
    """One check of plain_checks.py each."""

    @weight(1)
    def test_speaks_to_the_file(self):
        import plain_checks  # noqa: PLC0415 -- what cannot be imported fails a test, and leaves a report

        plain_checks.test_speaks_to_the_file()

    @weight(1)
    def test_get_db_yields_a_session(self):
        import plain_checks  # noqa: PLC0415 -- the same

        plain_checks.test_get_db_yields_a_session()

    @weight(1)
    def test_create_tables(self):
        import plain_checks  # noqa: PLC0415 -- the same

        plain_checks.test_create_tables()

    @weight(1)
    def test_unknown_users_are_refused(self):
        import plain_checks  # noqa: PLC0415 -- the same

        plain_checks.test_unknown_users_are_refused()


if __name__ == "__main__":
    with Path("results.json").open("w", encoding="utf-8") as stream:
        JSONTestRunner(stream=stream, visibility="visible").run(
            unittest.defaultTestLoader.loadTestsFromTestCase(Checks)
        )
