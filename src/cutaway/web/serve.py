"""Open the explorer: load the networks, listen, print the address."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from cutaway.errors import BadSetting, CutawayError
from cutaway.web.hosts import Hosts, is_loopback

__all__ = ["serve"]


def serve(
    model: str | Sequence[str] = "squeezenet1_1",
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    browser: bool = True,
    folder: str | os.PathLike[str] | None = None,
    index: str | Sequence[str] = (),
    painter: str | Sequence[str] = (),
    weights: str | None = None,
    device: str = "cpu",
    max_memory: int | str | None = None,
    max_disk: int | str = "2G",
) -> None:
    """Open the explorer, a page on which photos and networks are looked into, and serve it until Ctrl-C.

    The address that is printed holds a token; without it nothing is answered.

    Args:
        model: one or several networks, as `cutaway.load` takes them. The page can ask these and no others.
        host: where to listen; "0.0.0.0" for other machines too, which then need the token as well.
        port: to listen on; 0 takes a free one.
        browser: whether to open the page.
        folder: where photos and results are kept; $CUTAWAY_EXPLORER or the system's folder for data by default.
        index: one or several folders that `scan` made.
        painter: one or several files that `train_style` made.
        weights: a file for the first model.
        device: as `cutaway.load` takes it.
        max_memory: bytes, or a text as "4G", that the process of jobs may take: a job that needs more fails alone.
        max_disk: that photos may take, and as much again for what jobs made: beyond, the oldest that nothing needs go.

    Raises:
        BadIndex, WeightsUnavailable: for an index or a painter that is none.
        BadSetting: for a port that is taken, an address that is not this machine's, or a folder that another explorer
            works in.
        CutawayError: where the server's packages are not installed.

    >>> serve(port=99999)
    Traceback (most recent call last):
    cutaway.errors.BadSetting: port takes 0 to 65535, got 99999
    """
    if not 0 <= port <= 65535:
        raise BadSetting(f"port takes 0 to 65535, got {port}")
    try:
        import uvicorn

        from cutaway.network.memory import bytes_of
        from cutaway.web.app import make_app
        from cutaway.web.ceiling import check_ceiling
        from cutaway.web.desk import Desk, Opening, explorer_folder
        from cutaway.web.guard import Guard, Keys
        from cutaway.web.queue import Queue
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("cutaway"):
            raise
        raise CutawayError(f"the explorer needs {error.name}: pip install 'cutaway[web]'") from error

    ceiling = None if max_memory is None else bytes_of(max_memory)
    check_ceiling(ceiling)
    disk = bytes_of(max_disk)
    listening = _listening(host, port)
    port = listening.getsockname()[1]
    place = Path(folder).absolute() if folder is not None else explorer_folder()
    place.mkdir(parents=True, exist_ok=True)
    lock = FileLock(place / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        listening.close()
        raise BadSetting(
            f"another explorer works in {place}: end it, or give this one a folder of its own by --folder"
        ) from None
    opening = Opening(
        _several(model),
        str(place),
        weights,
        device,
        indexes=_several(index),
        painters=_several(painter),
        memory=ceiling,
        disk=disk,
    )
    desk = Desk(opening)
    queue = Queue(place, opening)
    keys = Keys(port)
    address = f"http://{_spoken(host)}:{port}/?token={keys.token}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"{address} ready", flush=True)
            if not is_loopback(host):
                print("other machines can reach this address; they need the token in it too", flush=True)
            if browser:  # in a thread: a browser of the terminal would hold up the server
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    app = Guard(make_app(desk, queue, lambda: server.should_exit), Hosts(host), keys)
    server = Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=2**20,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
    )
    try:
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn has ended everything by then
            server.run(sockets=[listening])
    finally:
        queue.close()
        listening.close()
        lock.release()


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise BadSetting(
            f"cannot listen on {host}:{port} ({reason}). Another port: cutaway serve --port {(port + 1) % 65536}"
        ) from error
    listening.listen(128)
    return listening


def _spoken(host: str) -> str:
    """Say where to reach an address that means every address."""
    if host == "0.0.0.0":
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host
