"""The addresses, each a few lines: what they do lies elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, HTTPException, Path, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, HTMLResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.gzip import GZipMiddleware

from cutaway import __version__
from cutaway.errors import BadSetting, CutawayError
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.web.desk import Desk, Opened
from cutaway.web.frames import LIVE_METHODS, Frame
from cutaway.web.live import looked
from cutaway.web.looks import EXAMPLES, colours, titles
from cutaway.web.maps import QUICK, SLOW, answered, made_map
from cutaway.web.queue import Queue
from cutaway.web.records import ENDED
from cutaway.web.refusals import REFUSALS, refuse_in_words

__all__ = ["make_app"]

T = TypeVar("T")
STATIC = FilePath(str(files("cutaway.web"))) / "static"
PhotoId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
JobId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Model = Annotated[str, Query(alias="m", pattern=r"^[A-Za-z0-9_.-]{0,80}$")]
FOREVER = {"cache-control": "private, max-age=31536000, immutable"}


class Wanted(BaseModel):
    """A job that the page asks for."""

    model_config = ConfigDict(extra="forbid")
    photo: str = Field(pattern="^[0-9a-f]{16}$")
    model: str = Field("", pattern=r"^[A-Za-z0-9_.-]{0,80}$")
    method: str = Field(pattern=r"^[a-z+-]{1,40}$")
    target: int = Field(ge=0, lt=2**31)
    full: bool = False


class Thinking:
    """The one thread that runs networks: what reads a network's layers is global to the process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "network")

    async def do(self, function: Callable[..., T], *arguments: Any, **settings: Any) -> T:
        """Run a function there, and wait without holding up anybody."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*arguments, **settings))


def make_app(desk: Desk, queue: Queue, closing: Callable[[], bool] = lambda: False) -> FastAPI:
    """Put the addresses together; the guard is not among them.

    Args:
        desk: networks and photos.
        queue: jobs.
        closing: whether the server is about to end; what streams looks at it.
    """
    app = FastAPI(
        title="cutaway",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=REFUSALS,
    )
    thinking = Thinking()
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC), minimum_size=500))
    refuse_in_words(app)
    _pages(app)
    _nouns(app, desk, thinking)
    _jobs(app, desk, queue, closing)
    _live(app, desk, thinking)
    return app


def _pages(app: FastAPI) -> None:
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    for place in ("/", "/live", "/explain"):
        app.add_api_route(place, page, response_class=HTMLResponse, include_in_schema=False)

    @app.get("/explain/{photo}", response_class=HTMLResponse, include_in_schema=False)
    def _explain(photo: PhotoId) -> FileResponse:
        return page()

    @app.get("/favicon.ico", include_in_schema=False)
    def _icon() -> FileResponse:
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


def _nouns(app: FastAPI, desk: Desk, thinking: Thinking) -> None:
    def about(one: Opened) -> dict[str, Any]:
        settings = known_preprocessing(one.network.preprocessing, one.network.name)
        side = min(settings.example_size())
        return {"id": one.id, "name": one.network.name, "classes": one.network.class_count, "side": side}

    @app.get("/api/explorer")
    async def _explorer() -> dict[str, Any]:
        """What is open, and what can be asked."""
        models = [await thinking.do(about, one) for one in desk.models.values()]
        return {
            "version": __version__,
            "models": models,
            "live": LIVE_METHODS,
            "quick": QUICK,
            "slow": SLOW,
            "titles": titles((*QUICK, *SLOW)),
            "examples": list(EXAMPLES),
        }

    @app.get("/api/colours")
    def _colours() -> Response:
        """The colour maps and the rule of overlays, as the pictures of Python have them."""
        return Response(json.dumps(colours()), media_type="application/json")

    @app.get("/api/classes")
    async def _classes(m: Model = "") -> list[str]:
        """Every class's name, in order."""
        network = desk.opened(m).network
        count = await thinking.do(lambda: network.class_count)
        return [network.class_name(k) for k in range(count or 0)]

    @app.get("/api/photos")
    def _recent() -> list[dict[str, Any]]:
        """The photos given last."""
        return [vars(one) for one in desk.photos.recent()]

    @app.post(
        "/api/photos",
        openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
    )
    async def _add(request: Request) -> dict[str, Any]:
        """Keep a photo: the body is the file."""
        data = await request.body()
        kept = await asyncio.to_thread(desk.photos.add, data)
        return vars(kept)

    @app.post("/api/examples/{name}")
    async def _example(name: Annotated[str, Path(pattern="^[a-z]{1,20}$")]) -> dict[str, Any]:
        """Keep one of the photos that come with the program."""
        if name not in EXAMPLES:
            raise HTTPException(404, f"examples are {', '.join(EXAMPLES)}")
        data = (STATIC / "examples" / f"{name}.jpg").read_bytes()
        return vars(await asyncio.to_thread(desk.photos.add, data))

    @app.get("/api/photos/{photo}")
    def _photo(photo: PhotoId) -> dict[str, Any]:
        """Tell of one photo."""
        return vars(desk.photos.kept(photo))

    @app.get("/api/photos/{photo}/pixels")
    def _pixels(photo: PhotoId) -> FileResponse:
        """Give one photo, as it was written anew."""
        desk.photos.kept(photo)
        return FileResponse(desk.photos.path(photo), media_type="image/png", headers=FOREVER)

    @app.get("/api/photos/{photo}/thumb")
    def _thumb(photo: PhotoId) -> Response:
        """Give a small copy of one photo."""
        return Response(desk.photos.thumb(photo, 192), media_type="image/jpeg", headers=FOREVER)

    @app.get("/api/photos/{photo}/answer")
    async def _answer(
        photo: PhotoId, m: Model = "", also: Annotated[list[int] | None, Query(max_length=4)] = None
    ) -> list[dict[str, Any]]:
        """Tell what a network says of a photo: its most probable classes, and those in `also`."""
        network = desk.opened(m).network
        picture = await asyncio.to_thread(desk.photos.read, photo)
        named = [network.class_index(k) for k in also or ()]
        return await thinking.do(answered, network, picture, 6, named)

    @app.get("/api/photos/{photo}/maps/{method}")
    async def _map(
        photo: PhotoId,
        method: Annotated[str, Path(pattern=r"^[a-z+-]{1,40}$")],
        c: Annotated[int, Query(ge=0, lt=2**31)],
        m: Model = "",
    ) -> Response:
        """Give a quick method's map of one class."""
        if method not in QUICK:
            raise BadSetting(f"made at once are {', '.join(QUICK)}; {method} is a job")
        network = desk.opened(m).network
        picture = await asyncio.to_thread(desk.photos.read, photo)
        data = await thinking.do(made_map, network, picture, method, c)
        return Response(data, media_type="application/octet-stream")


def _jobs(app: FastAPI, desk: Desk, queue: Queue, closing: Callable[[], bool]) -> None:
    @app.post("/api/jobs", status_code=202)
    def _queue(wanted: Wanted) -> dict[str, Any]:
        """Queue a job; the same one twice is one."""
        opened = desk.opened(wanted.model)
        desk.photos.kept(wanted.photo)
        if wanted.method not in (*QUICK, *SLOW):
            raise BadSetting(f"methods are {', '.join((*QUICK, *SLOW))}, got {wanted.method!r}")
        settings = wanted.model_dump() | {
            "model": opened.id,
            "weights": opened.weights,
            "version": __version__,
        }
        return queue.add("map", settings).told()

    @app.get("/api/jobs")
    def _all() -> list[dict[str, Any]]:
        """Every job, the newest first."""
        return [one.told() for one in queue.records.all()]

    @app.get("/api/jobs/{job}")
    def _job(job: JobId) -> dict[str, Any]:
        """Tell of one job."""
        return _found(queue, job)

    @app.delete("/api/jobs/{job}")
    def _cancel(job: JobId) -> dict[str, Any]:
        """Stop a job at its next step."""
        _found(queue, job)
        return queue.cancel(job).told()

    @app.get("/api/jobs/{job}/result")
    def _result(job: JobId) -> FileResponse:
        """Give what a job made."""
        if _found(queue, job)["state"] != "done":
            raise HTTPException(404, "this job is not done")
        return FileResponse(queue.result(job), media_type="application/octet-stream")

    @app.get("/api/jobs/{job}/events")
    def _events(job: JobId) -> StreamingResponse:
        """Tell of a job each time that something changed, until it has ended."""
        _found(queue, job)

        async def events() -> AsyncIterator[str]:
            last = ""
            while not closing():
                record = queue.records.find(job)
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


def _found(queue: Queue, job: str) -> dict[str, Any]:
    record = queue.records.find(job)
    if record is None:
        raise HTTPException(404, "there is no such job, or no longer")
    return record.told()


def _live(app: FastAPI, desk: Desk, thinking: Thinking) -> None:
    @app.websocket("/api/live")
    async def _frames(socket: WebSocket) -> None:
        """Answer one frame after the other: the page sends the next when the answer is there."""
        await socket.accept()
        try:
            network = desk.opened(socket.query_params.get("m", "")).network
            while True:
                data = await socket.receive_bytes()
                try:
                    reply = await thinking.do(looked, network, Frame.of(data))
                except CutawayError as error:
                    await socket.send_text(json.dumps({"error": type(error).__name__, "detail": str(error)}))
                else:
                    await socket.send_bytes(reply.packed())
        except CutawayError as error:
            await socket.send_text(json.dumps({"error": type(error).__name__, "detail": str(error)}))
            await socket.close(1008)
        except (WebSocketDisconnect, KeyError):  # KeyError: text where bytes were expected
            return
