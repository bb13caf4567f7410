"""What the addresses of every room work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import HTTPException, Path, Query

from cutaway.web.desk import Desk
from cutaway.web.queue import Queue
from cutaway.web.records import ENDED, Record
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
        return self.told(record)

    def told(self, record: Record) -> dict[str, Any]:
        """Tell of a job, and whether there is something that it made."""
        return record.told() | {"made": record.state in ENDED and self.queue.result(record.id).is_file()}

    def disk(self) -> dict[str, Any]:
        """Tell what lies on the disk: how many photos and jobs, their bytes, and how many there may be of each."""
        photos = self.desk.photos.sizes()
        return {
            "photos": len(photos),
            "photo_bytes": sum(photos.values()),
            "photos_used": len(self.queue.records.photos() & photos.keys()),
            "jobs": len(self.queue.records.all()),
            **self.queue.sizes(),
            "most": self.desk.most_disk,
        }

    def tidy(self, given: str) -> None:
        """Remove the oldest photos that no job is of, but the one just given, where all take more than they may."""
        self.desk.photos.pruned(self.desk.most_disk, self.queue.records.photos() | {given})
