"""Live: frames of a camera, answered one by one."""

from __future__ import annotations

import json

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from cutaway.errors import CutawayError
from cutaway.web.frames import Frame
from cutaway.web.live import looked
from cutaway.web.rooms.around import Around

__all__ = ["add"]


def add(app: FastAPI, around: Around) -> None:
    """Add the address of the room."""

    @app.websocket("/api/live")
    async def _frames(socket: WebSocket) -> None:
        """Answer one frame after the other: the page sends the next when the answer is there."""
        await socket.accept()
        try:
            network = around.desk.opened(socket.query_params.get("m", "")).network
            while True:
                data = await socket.receive_bytes()
                try:
                    reply = await around.thinking.do(looked, network, Frame.of(data))
                except CutawayError as error:
                    await socket.send_text(json.dumps({"error": type(error).__name__, "detail": str(error)}))
                else:
                    await socket.send_bytes(reply.packed())
        except CutawayError as error:
            await socket.send_text(json.dumps({"error": type(error).__name__, "detail": str(error)}))
            await socket.close(1008)
        except (WebSocketDisconnect, KeyError):  # KeyError: text where bytes were expected
            return
