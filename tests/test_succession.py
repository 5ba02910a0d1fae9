"""What a chapter taught is there when the next one begins."""

import pytest

from grader.day import succession

BEFORE = {
    "crud.py": "def create(): ...\nasync def read(): ...\nx = 1\n",
    "models.py": "class User:\n    def method(self): ...\n",
    "database.py": "def make_engine(): ...\n",
    "main.py": 'router = APIRouter(prefix="/users")\n@app.get("/")\ndef page(): ...\n@router.post("/me", status_code=201)\ndef me(): ...\n@listens_for("x")\ndef heard(): ...\n',
}


@pytest.fixture
def trees(tmp_path):
    """A function that writes two programs: the second one is the first but for some files."""

    def write(changes):
        for name, files in (("before", BEFORE), ("after", BEFORE | changes)):
            (tmp_path / name / "app").mkdir(parents=True)
            for file, text in files.items():
                (tmp_path / name / "app" / file).write_text(text)
        return tmp_path / "before", tmp_path / "after"

    return write


def test_routes_are_found_with_the_prefix_of_their_router(trees):
    assert succession.routes(trees({})[0]) == {"get /", "post /users/me"}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, []),
        ({"crud.py": "def create(): ...\n", "crud_more.py": "async def read(): ...\n"}, []),
        ({"database.py": "class DatabaseManager: ...\n"}, []),
        ({"crud.py": "async def read(): ...\n"}, ["create"]),
        ({"models.py": ""}, ["User"]),
        ({"main.py": BEFORE["main.py"].replace('"/me"', '"/you"')}, ["post /users/me"]),
    ],
)
def test_what_is_missing_is_named(trees, changes, missing):
    assert list(succession.forgotten(*trees(changes))) == missing
