"""What a client hears when the database refuses, or when a task is not written yet. Given."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError


async def not_written_yet(_request: Request, todo: Exception) -> JSONResponse:
    """Say which task a route waits for."""
    return JSONResponse({"detail": str(todo)}, status_code=501)


async def busy(_request: Request, problem: Exception) -> JSONResponse:
    """Another program kept the database locked for too long. Anything else is our mistake: 500."""
    if "database is locked" not in str(problem):
        raise problem
    detail = "The database is busy. Please try again."
    return JSONResponse({"detail": detail}, status_code=503, headers={"Retry-After": "1"})


async def overtaken(_request: Request, _problem: Exception) -> JSONResponse:
    """Somebody deleted the row, or what it belongs to, while the request was on its way."""
    return JSONResponse({"detail": "Somebody else was faster. Please look again."}, status_code=409)


def add_error_handlers(app: FastAPI) -> None:
    """Tell the app which answer belongs to which exception."""
    app.add_exception_handler(NotImplementedError, not_written_yet)
    app.add_exception_handler(OperationalError, busy)
    app.add_exception_handler(IntegrityError, overtaken)
    app.add_exception_handler(StaleDataError, overtaken)
