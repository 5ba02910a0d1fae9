"""What an instructor would write first: the program imported into pytest's own process."""

import sqlite3

from app.database import DATABASE_URL, engine


def test_speaks_to_the_file():
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (value TEXT)")
        connection.exec_driver_sql("INSERT INTO notes VALUES ('x')")
    with sqlite3.connect(DATABASE_URL.removeprefix("sqlite:///")) as db:
        assert db.execute("SELECT count(*) FROM notes").fetchone() == (1,)
    db.close()


def test_get_db_yields_a_session():
    from app.database import get_db  # noqa: PLC0415 -- what is missing fails one test

    assert next(get_db()).execute is not None


def test_create_tables():
    from app.database import create_tables  # noqa: PLC0415 -- what is missing fails one test

    create_tables()


def test_unknown_users_are_refused():
    from app.main import app  # noqa: PLC0415 -- the same
    from fastapi.testclient import TestClient  # noqa: PLC0415 -- the same

    with TestClient(app) as client:
        assert client.post("/token", data={"username": "x", "password": "y"}).status_code == 401
