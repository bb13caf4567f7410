"""Jobs: listed, followed, stopped; and what they made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import FileResponse, StreamingResponse

from cutaway.web.kinds import KINDS_SHOWN
from cutaway.web.records import ENDED
from cutaway.web.rooms.around import Around, Id
from cutaway.web.run import Tail, steps_path

__all__ = ["add"]


def add(app: FastAPI, around: Around) -> None:
    """Add the addresses of jobs; each room queues its own."""

    @app.get("/api/jobs")
    def _all() -> list[dict[str, Any]]:
        """Every job, the newest first."""
        return [around.told(one) for one in around.queue.records.all()]

    @app.get("/api/jobs/{job}")
    def _job(job: Id) -> dict[str, Any]:
        """Tell of one job."""
        return around.job(job)

    @app.delete("/api/jobs/{job}")
    def _cancel(job: Id) -> dict[str, Any]:
        """Stop a job at its next step."""
        around.job(job)
        return around.told(around.queue.cancel(job))

    @app.get("/api/jobs/{job}/result", response_class=Response)
    def _result(job: Id) -> FileResponse:
        """Give what a job made."""
        told = around.job(job)
        path = around.queue.result(job)
        if told["state"] not in ENDED or not path.is_file():
            raise HTTPException(404, "this job is not done, or left nothing")
        if told["kind"] == "report":
            # Never shown from here: a page among the explorer's own could ask what it may ask.
            name = f"cutaway-{told['settings']['of']}-{job[:6]}.html"
            return FileResponse(path, media_type="text/html", filename=name)
        kind = "application/json" if told["kind"] in KINDS_SHOWN else "application/octet-stream"
        return FileResponse(path, media_type=kind)

    @app.get("/api/jobs/{job}/events", response_class=Response)
    def _events(job: Id) -> StreamingResponse:
        """Tell of a job each time that something changed, until it has ended, and of the steps of what it makes."""
        around.job(job)
        steps = Tail(steps_path(around.queue.run(job)))

        async def events() -> AsyncIterator[str]:
            last = ""
            while not around.closing():
                record = around.queue.records.find(job)
                if new := steps.more():
                    yield f"event: steps\ndata: [{','.join(new)}]\n\n"
                told = json.dumps(around.told(record)) if record is not None else ""
                if told != last:
                    last = told
                    yield f"data: {told}\n\n"
                if record is None or record.state in ENDED:
                    return
                await asyncio.sleep(0.1)

        return StreamingResponse(
            events(), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )
