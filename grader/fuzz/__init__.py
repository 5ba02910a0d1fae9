"""A fuzzer for the parts of the grader that meet what a stranger made: see target.py."""
