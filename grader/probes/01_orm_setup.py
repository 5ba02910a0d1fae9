"""Probes of chapter 01: what a short script of the student's own would do with app.database.

They run in the student's process, hold no expected values, and are judged by what the file holds afterwards.
"""

from collections.abc import Iterator
from contextlib import suppress


def engine_row(table: str, value: str) -> None:
    """Create a table through the engine, and write a row into it."""
    from app.database import engine

    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {table} (value TEXT)")
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES (?)", (value,))


def orphans(connections: int) -> None:
    """Try to write a row that refers to nothing, on several connections that are open at the same time."""
    from app.database import engine
    from sqlalchemy.exc import IntegrityError

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE children (number INTEGER, parent INTEGER REFERENCES parents (id))")
        connection.exec_driver_sql("INSERT INTO parents VALUES (1)")
        connection.exec_driver_sql("INSERT INTO children VALUES (0, 1)")
    opened = [engine.connect() for _ in range(connections)]
    for number, connection in enumerate(opened, 1):
        with suppress(IntegrityError):
            connection.exec_driver_sql("INSERT INTO children VALUES (?, 99)", (number,))
        connection.commit()
    for connection in opened:
        connection.close()


def session_row(table: str, value: str) -> None:
    """Write a row through a session of the factory."""
    from app.database import SessionLocal
    from sqlalchemy import text

    with SessionLocal() as db:
        db.execute(text(f"CREATE TABLE {table} (value TEXT)"))
        db.execute(text(f"INSERT INTO {table} VALUES (:value)"), {"value": value})
        db.commit()


def get_db_row(table: str, value: str) -> None:
    """Write a row through the session that get_db yields."""
    from app.database import get_db
    from sqlalchemy import text

    generator = get_db()
    db = next(generator)
    db.execute(text(f"CREATE TABLE {table} (value TEXT)"))
    db.execute(text(f"INSERT INTO {table} VALUES (:value)"), {"value": value})
    db.commit()
    with suppress(StopIteration):
        next(generator)


def abandoned_session(how: str) -> Iterator[str]:
    """Leave a write unfinished in get_db's session, end the request, and wait: is the lock still held?"""
    from app.database import engine, get_db
    from sqlalchemy import text

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (value TEXT)")
    generator = get_db()
    db = next(generator)  # kept, as a request's own variables keep it
    db.execute(text("INSERT INTO notes VALUES ('unfinished')"))
    heard = False
    if how == "error":
        try:
            generator.throw(RuntimeError("the route failed"))
        except StopIteration:
            pass
        except Exception:
            heard = True
    else:
        with suppress(StopIteration):
            next(generator)
    yield "the error came out" if heard else f"ended, {type(db).__name__}"
