"""Runs: all jobs, what they take on the disk, and reports."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Body, FastAPI
from pydantic import BaseModel, ConfigDict, Field

from cutaway import __version__
from cutaway.errors import BadSetting
from cutaway.web.atlas import identity
from cutaway.web.records import ENDED
from cutaway.web.rooms.around import MODEL, Around, Id

__all__ = ["add"]


class Report(BaseModel):
    """A report that is made by a job."""

    model_config = ConfigDict(extra="forbid")
    of: Literal["photo", "network", "data"]
    model: str = Field("", pattern=MODEL)
    photo: str | None = Field(None, pattern="^[0-9a-f]{16}$")
    index: str | None = Field(None, pattern=MODEL)
    sections: list[Annotated[str, Field(pattern="^[a-z]{1,20}$")]] | None = Field(
        None, min_length=1, max_length=12
    )
    megabytes: float = Field(10.0, ge=1, le=100, allow_inf_nan=False)


def add(app: FastAPI, around: Around) -> None:
    """Add the addresses of the room."""

    @app.post("/api/reports", status_code=202)
    def _report(wanted: Annotated[Report, Body()]) -> dict[str, Any]:
        """Queue a report: a page in one file, of a photo, a network or a data set."""
        settings = wanted.model_dump()
        if wanted.of != "photo" and wanted.photo is not None:
            raise BadSetting("a photo belongs to a report of a photo: leave it out")
        if wanted.of == "photo":
            if wanted.photo is None:
                raise BadSetting("a report of a photo needs the photo")
            around.desk.photos.kept(wanted.photo)
        if wanted.of == "data" or wanted.index is not None:
            around.desk.index(wanted.index or "")
            settings["index"] = wanted.index or next(iter(around.desk.indexes))
            settings["scanned"] = identity(around.desk.index(settings["index"]))
        opened = around.desk.opened(wanted.model)
        settings |= {"model": opened.id, "weights": opened.weights, "version": __version__}
        return around.told(around.queue.add("report", settings))

    @app.post("/api/jobs/{job}/pause")
    def _pause(job: Id) -> dict[str, Any]:
        """Let a job wait at its next step; others go on."""
        around.job(job)
        return around.told(around.queue.pause(job))

    @app.post("/api/jobs/{job}/continue")
    def _continue(job: Id) -> dict[str, Any]:
        """Let a paused job go on."""
        around.job(job)
        return around.told(around.queue.go_on(job))

    @app.post("/api/jobs/{job}/repeat")
    def _repeat(job: Id) -> dict[str, Any]:
        """Queue a job again that failed or was cancelled."""
        told = around.job(job)
        return around.told(around.queue.add(told["kind"], told["settings"]))

    @app.delete("/api/jobs/{job}/record")
    def _forget(job: Id) -> dict[str, int]:
        """Remove a job that has ended, and what it made."""
        around.job(job)
        return {"jobs": 1, "bytes": around.queue.forget(job)}

    @app.delete("/api/jobs")
    def _forget_ended() -> dict[str, int]:
        """Remove all jobs that have ended, and what they made."""
        ended = [one.id for one in around.queue.records.all() if one.state in ENDED]
        return {"jobs": len(ended), "bytes": sum(around.queue.forget(one) for one in ended)}

    @app.get("/api/disk")
    def _disk() -> dict[str, Any]:
        """Tell what lies on the disk."""
        return around.disk()

    @app.delete("/api/photos")
    def _prune() -> dict[str, int]:
        """Remove the photos that no job is of."""
        return around.desk.photos.pruned(0, around.queue.records.photos())
