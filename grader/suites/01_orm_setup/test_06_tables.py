"""the tables"""

from grader.check import check
from grader.expect import expect
from grader.student import Student

COMMAND = 'python -c "from app.database import create_tables; create_tables()"'
IMPORTED = "create_all(engine), when it is called, makes the tables that Base knows in the file of that engine. Base knows a class once its module has been imported."


START = "Nobody called create_tables: what the server does at each start is in the lifespan that FastAPI(...) is given."
EACH = "That one table is there says nothing of another: each that is missing has to be made. create_all asks for each."
ONLY = "Only what is missing may be created: drop_all, or a table made anew, takes the data with it."


def expect_tables(student: Student, did: str, why: str, look: str) -> None:
    """Fail unless the file holds both tables."""
    found = student.database.tables() if student.database.path.is_file() else set()
    expect(
        {"users", "messages"} <= found, did=did, expected="the tables users and messages", look=look, why=why,
        got=f"the tables {', '.join(sorted(found))}" if found else "no table at all",
    )  # fmt: skip


@check("1.6", points=2, needs=("1.4", "1.5"), lesson="creating-the-tables")
def test_from_the_command_line(student: Student) -> None:
    """create_tables makes both tables, without a server"""
    student.probe("01_orm_setup_models.create_tables", COMMAND, times=1)
    expect_tables(student, COMMAND, IMPORTED, "create_tables.create_all")


@check("1.6", points=2, needs="1.6/from-the-command-line")
def test_twice_without_harm(student: Student) -> None:
    """what is missing is made, a second call harms nothing, and the data stay"""
    did = f"make the table users alone, store a user, then {COMMAND}, twice"
    student.probe("01_orm_setup_models.table_of_users", did)
    student.probe("01_orm_setup_models.users", did, usernames=["mira"])
    student.probe("01_orm_setup_models.create_tables", did, times=2)
    student.database.expect_rows(1, "users", did=did, look="create_tables.drop_all", why=ONLY)
    expect_tables(student, did, EACH, "create_tables")


@check("1.6", points=2, needs="1.6/from-the-command-line")
def test_at_start_up(student: Student) -> None:
    """the server makes the tables when it starts"""
    did = "uvicorn app.main:app, then GET /"
    student.start().get("/").expect(200, look="page")
    expect_tables(student, did, START, "app")


@check("1.6", points=1, needs="1.6/at-start-up")
def test_a_file_with_data(student: Student) -> None:
    """a start on a file that already holds data keeps them"""
    student.probe("01_orm_setup_models.create_tables", COMMAND, times=1)
    student.probe("01_orm_setup_models.users", "store 30 users", usernames=[f"{student.name()}-{n}" for n in range(30)])
    app = student.start()
    app.get("/").expect(200, look="page")
    student.database.expect_rows(
        30, "users", did="start the server on a file with 30 users", look="create_tables.drop_all", why=ONLY
    )
