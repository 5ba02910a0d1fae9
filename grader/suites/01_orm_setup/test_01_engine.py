"""the engine"""

from grader.check import check
from grader.expect import expect
from grader.student import Student

WHY = "The engine is made for one URL. It must be the one that make_engine is given, or the data go somewhere else."
LOOK = "make_engine.create_engine"


@check("1.1", points=4, lesson="the-engine")
def test_speaks_to_the_file(student: Student) -> None:
    """the engine writes to the file that DATABASE_URL names"""
    value = student.name()
    did = f"from app.database import engine; CREATE TABLE notes; INSERT INTO notes VALUES ('{value}')"
    student.probe("01_orm_setup.engine_row", did, table="notes", value=value)
    made = student.database.path.is_file()
    expect(
        made and student.database.value("SELECT value FROM notes") == value,
        did=did,
        expected="the row in the file that DATABASE_URL names",
        got="it is not there" if made else "that file was not even made",
        why=WHY,
        look=LOOK,
    )
