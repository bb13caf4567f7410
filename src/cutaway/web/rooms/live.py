"""Live: frames of a camera, answered one by one."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from cutaway.errors import CutawayError
from cutaway.network.network import Network
from cutaway.web.desk import Desk
from cutaway.web.frames import Frame
from cutaway.web.live import looked
from cutaway.web.live_layers import looked_at_channels, shown_layers
from cutaway.web.live_style import painted
from cutaway.web.rooms.around import Around, Model

__all__ = ["add"]


def add(app: FastAPI, around: Around) -> None:
    """Add the addresses of the room."""

    @app.get("/api/live/layers")
    async def _layers(m: Model = "") -> list[dict[str, Any]]:
        """The layers whose channels can be watched."""
        return await around.thinking.do(shown_layers, around.desk.opened(m).network)

    @app.websocket("/api/live")
    async def _frames(socket: WebSocket) -> None:
        """Answer one frame after the other: the page sends the next when the answer is there."""
        await socket.accept()
        try:
            network = around.desk.opened(socket.query_params.get("m", "")).network
            while True:
                data = await socket.receive_bytes()
                try:
                    reply = await around.thinking.do(_answer, around.desk, network, Frame.of(data))
                except CutawayError as error:
                    await socket.send_text(json.dumps({"error": type(error).__name__, "detail": str(error)}))
                else:
                    await socket.send_bytes(reply)
        except CutawayError as error:
            await socket.send_text(json.dumps({"error": type(error).__name__, "detail": str(error)}))
            await socket.close(1008)
        except (WebSocketDisconnect, KeyError):  # KeyError: text where bytes were expected
            return


def _answer(desk: Desk, network: Network, frame: Frame) -> bytes:
    if frame.way == "style":
        reply = painted(desk, frame, str(network.device))
    elif frame.way in ("channels", "strongest"):
        reply = looked_at_channels(network, frame)
    else:
        reply = looked(network, frame)
    return reply.packed()
