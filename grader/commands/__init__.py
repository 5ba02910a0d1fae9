"""The command line: one app, to which each module of this folder adds its commands."""

from grader.commands import attacks, authors, day, grade, mistakes, proofs, reading  # for their commands
from grader.commands.cli import app

__all__ = ["app", "attacks", "authors", "day", "grade", "mistakes", "proofs", "reading"]
