"""How an address says no: always the error's name and, in words, what to do instead."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cutaway.errors import BadImage, CutawayError, UnknownClass, UnknownModel

__all__ = ["REFUSALS", "Refusal", "refuse_in_words"]


class Refusal(BaseModel):
    """What was refused.

    >>> Refusal(error="BadImage", detail="the photo: it is empty").error
    'BadImage'
    """

    error: str
    detail: str


REFUSALS: dict[int | str, dict[str, object]] = {
    404: {"model": Refusal, "description": "There is no such thing, or no longer"},
    413: {"model": Refusal, "description": "The body is too large"},
    422: {"model": Refusal, "description": "Refused, with what to do instead"},
}


def refuse_in_words(app: FastAPI) -> None:
    """Make every refusal of an app a Refusal."""

    @app.exception_handler(CutawayError)
    def _refused(request: Request, error: Exception) -> JSONResponse:
        gone = isinstance(error, UnknownModel | UnknownClass) or (
            isinstance(error, BadImage) and request.method == "GET"
        )
        return _answer(404 if gone else 422, type(error).__name__, str(error))

    @app.exception_handler(RequestValidationError)
    def _not_valid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return _answer(422, "BadSetting", said)

    @app.exception_handler(HTTPException)
    def _no(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return _answer(error.status_code, "Refused", error.detail)


def _answer(status: int, name: str, text: str) -> JSONResponse:
    # A lone surrogate, which JSON of a request may hold, cannot be written as UTF-8.
    return JSONResponse({"error": name, "detail": text.encode("utf-8", "replace").decode()}, status)
