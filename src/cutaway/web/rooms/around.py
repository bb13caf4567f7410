"""What the addresses of every room work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import HTTPException, Path, Query

from cutaway.web.desk import Desk
from cutaway.web.queue import Queue
from cutaway.web.thinking import Thinking

__all__ = ["FOREVER", "LAYER", "MODEL", "Around", "Id", "Layer", "Model"]

# No parameter of any address is a path or an address: a name, or the hash of what is meant.
MODEL = r"^[A-Za-z0-9_.-]{0,80}$"
LAYER = r"^[A-Za-z0-9_.:-]{1,160}$"
Id = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Layer = Annotated[str, Path(pattern=LAYER)]
Model = Annotated[str, Query(alias="m", pattern=MODEL)]
FOREVER = {"cache-control": "private, max-age=31536000, immutable"}


@dataclass(frozen=True)
class Around:
    """What is there to answer with.

    Args:
        desk: networks and photos.
        queue: jobs.
        thinking: the thread in which networks run.
        closing: whether the server is about to end; what streams looks at it.
    """

    desk: Desk
    queue: Queue
    thinking: Thinking
    closing: Callable[[], bool] = lambda: False

    def job(self, name: str) -> dict[str, Any]:
        """Tell of a job.

        Raises:
            HTTPException: 404 where there is none.
        """
        record = self.queue.records.find(name)
        if record is None:
            raise HTTPException(404, "there is no such job, or no longer")
        return record.told()
