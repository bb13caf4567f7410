"""Jobs: listed, followed, stopped; and what they made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, StreamingResponse

from cutaway.web.records import ENDED
from cutaway.web.rooms.around import Around, Id

__all__ = ["add"]


def add(app: FastAPI, around: Around) -> None:
    """Add the addresses of jobs; each room queues its own."""

    @app.get("/api/jobs")
    def _all() -> list[dict[str, Any]]:
        """Every job, the newest first."""
        return [one.told() for one in around.queue.records.all()]

    @app.get("/api/jobs/{job}")
    def _job(job: Id) -> dict[str, Any]:
        """Tell of one job."""
        return around.job(job)

    @app.delete("/api/jobs/{job}")
    def _cancel(job: Id) -> dict[str, Any]:
        """Stop a job at its next step."""
        around.job(job)
        return around.queue.cancel(job).told()

    @app.get("/api/jobs/{job}/result")
    def _result(job: Id) -> FileResponse:
        """Give what a job made."""
        if around.job(job)["state"] != "done":
            raise HTTPException(404, "this job is not done")
        return FileResponse(around.queue.result(job), media_type="application/octet-stream")

    @app.get("/api/jobs/{job}/events")
    def _events(job: Id) -> StreamingResponse:
        """Tell of a job each time that something changed, until it has ended."""
        around.job(job)

        async def events() -> AsyncIterator[str]:
            last = ""
            while not around.closing():
                record = around.queue.records.find(job)
                told = json.dumps(record.told()) if record is not None else ""
                if told != last:
                    last = told
                    yield f"data: {told}\n\n"
                if record is None or record.state in ENDED:
                    return
                await asyncio.sleep(0.1)

        return StreamingResponse(
            events(), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )
