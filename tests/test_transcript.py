"""What ran on the database is told in a word or two for each statement."""

import pytest

from grader import transcript


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("INSERT INTO users (a) VALUES (1)", "INSERT users"),
        ("insert or ignore into users values (1)", "INSERT users"),
        ('UPDATE "users" SET a = 1', "UPDATE users"),
        ("DELETE FROM users", "DELETE users"),
        ("SELECT a,\n b FROM messages JOIN users", "SELECT messages"),
        ("CREATE TABLE users (id)", "CREATE users"),
        ("COMMIT", "COMMIT"),
        ("BEGIN (implicit)", "BEGIN"),
        ("???", "???"),
    ],
)
def test_a_statement_is_shown_in_a_word_or_two(sql, name):
    assert transcript.short(sql) == name


def test_a_transcript_shows_the_last_statements_without_pragmas():
    assert transcript.transcript(["PRAGMA foreign_keys=ON", "BEGIN", "COMMIT"]) == "BEGIN, COMMIT"
    assert transcript.transcript(["SELECT 1", "BEGIN", "BEGIN", "COMMIT"], most=2) == "… BEGIN (2 times), COMMIT"


def test_a_transcript_shows_a_change_once_however_many_cascades_it_has():
    told = ["DELETE FROM users WHERE id = 1", "DELETE FROM users WHERE id = 1", "DELETE FROM users WHERE id = 2"]
    assert transcript.transcript([*told, "SELECT 1", "SELECT 1"]) == "DELETE users (2 times), SELECT 1 (2 times)"
