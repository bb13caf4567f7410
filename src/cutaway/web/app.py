"""The explorer put together: its page, and the addresses of its rooms."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import FastAPI, Path, Response
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from cutaway import __version__
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.recipes.origin import network_spelled
from cutaway.web.desk import Desk, Opened
from cutaway.web.frames import LIVE_WAYS
from cutaway.web.looks import EXAMPLES, colours, titles
from cutaway.web.maps import QUICK, SLOW
from cutaway.web.queue import Queue
from cutaway.web.refusals import REFUSALS, refuse_in_words
from cutaway.web.rooms import atlas, explain, jobs, layers, live, photos, runs, studio
from cutaway.web.rooms.around import LAYER, Around, Model
from cutaway.web.thinking import Thinking

__all__ = ["make_app"]

STATIC = FilePath(str(files("cutaway.web"))) / "static"
ROOMS = ("live", "explain", "layers", "atlas", "studio", "runs")
# What may stand behind a room in the page's address: the page itself reads it.
Part = Annotated[str, Path(pattern=LAYER)]


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
    around = Around(desk, queue, Thinking(), closing)
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC), minimum_size=500))
    refuse_in_words(app)
    _pages(app)
    _general(app, around)
    photos.add(app, around, STATIC / "examples")
    for room in (jobs, live, explain, layers, atlas, studio, runs):
        room.add(app, around)
    return app


def _pages(app: FastAPI) -> None:
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    def page_of(first: Part) -> FileResponse:
        return page()

    def page_of_two(first: Part, second: Part) -> FileResponse:
        return page()

    app.add_api_route("/", page, response_class=HTMLResponse, include_in_schema=False)
    for room in ROOMS:
        for rest, found in (("", page), ("/{first}", page_of), ("/{first}/{second}", page_of_two)):
            place = f"/{room}{rest}"
            app.add_api_route(place, found, response_class=HTMLResponse, include_in_schema=False)

    @app.get("/favicon.ico", include_in_schema=False, response_class=Response)
    def _icon() -> FileResponse:
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


def _general(app: FastAPI, around: Around) -> None:
    def about(one: Opened) -> dict[str, Any]:
        settings = known_preprocessing(one.network.preprocessing, one.network.name)
        side = min(settings.example_size())
        return {"id": one.id, "name": one.network.name, "classes": one.network.class_count, "side": side} | {
            "spelled": network_spelled(one.network)
        }

    def scanned(name: str, index: ActivationIndex) -> dict[str, Any]:
        of = [one.id for one in around.desk.models.values() if one.weights == index.weights]
        return {"id": name, "models": of, "photos": len(index), "layers": list(index.layers)}

    @app.get("/api/explorer")
    async def _explorer() -> dict[str, Any]:
        """What is open, and what can be asked."""
        models = [await around.thinking.do(about, one) for one in around.desk.models.values()]
        return {
            "version": __version__,
            "models": models,
            "indexes": [scanned(name, index) for name, index in around.desk.indexes.items()],
            "painters": list(around.desk.painters),
            "live": LIVE_WAYS,
            "quick": QUICK,
            "slow": SLOW,
            "titles": titles((*QUICK, *SLOW)),
            "examples": list(EXAMPLES),
        }

    @app.get("/api/colours", response_class=Response)
    def _colours() -> Response:
        """The colour maps and the rule of overlays, as the pictures of Python have them."""
        return Response(json.dumps(colours()), media_type="application/json")

    @app.get("/api/classes")
    async def _classes(m: Model = "") -> list[str]:
        """Every class's name, in order."""
        network = around.desk.opened(m).network
        count = await around.thinking.do(lambda: network.class_count)
        return [network.class_name(k) for k in range(count or 0)]
