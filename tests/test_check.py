"""@check: what a test of a suite says about itself."""

import pytest

from grader.check import Check, check


def test_a_check_knows_its_id_its_label_and_what_it_needs():
    @check("1.8", points=4, needs="1.6", testimony=True, lesson="transactions")
    def test_taken_name():
        """a taken name is refused.

        More, which is not on the board.
        """

    expected = Check(
        "1.8/taken-name", "1.8", "a taken name is refused", 4, ("1.6",), testimony=True, lesson="transactions"
    )
    assert test_taken_name.__check__ == expected


def test_several_needs_are_kept_in_order():
    @check("1.8", points=4, needs=("1.6", "1.7/limits"))
    def test_x():
        """label"""

    assert test_x.__check__.needs == ("1.6", "1.7/limits")


def test_a_check_without_a_label_is_refused():
    with pytest.raises(ValueError, match="test_silent needs a docstring"):

        @check("1.1", points=1)
        def test_silent(): ...
