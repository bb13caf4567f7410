"""Whether the explorer's worker stays as it was: a job cancelled a hundred times, and the memory each time."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import cutaway as cw
from cutaway.web.desk import Opening
from cutaway.web.photos import Photos
from cutaway.web.queue import Queue
from cutaway.web.records import ENDED
from cutaway.web.run import steps_path

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
PHOTO = Path(__file__).parents[1] / "examples" / "photos" / "chelsea.png"
DREAM = {
    "model": "squeezenet1_1",
    "layer": "fire5.cat",
    "octaves": 4,
    "factor": 1.4,
    "steps": 200,
    "rate": 1.5,
    "jitter": 16,
    "size": None,
    "frames": 1,
    "zoom": 1.05,
}


def of_process(pid: int, name: str) -> float:
    """A figure of a process's status, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000


def main() -> None:
    """Print the figures as JSON."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        queue = Queue(folder, Opening(("squeezenet1_1",), str(folder)))
        photo = Photos(folder / "photos").add(PHOTO.read_bytes()).id
        sizes, waits, pids = [], [], set()
        for k in range(ROUNDS):
            job = queue.add("dream", DREAM | {"photo": photo, "seed": k}).id
            while not steps_path(queue.run(job)).is_file():
                time.sleep(0.005)
            time.sleep(0.05 * (k % 7))
            asked = time.perf_counter()
            queue.cancel(job)
            while queue.records.get(job).state not in ENDED:
                time.sleep(0.002)
            waits.append(time.perf_counter() - asked)
            assert queue.hand is not None
            pids.add(queue.hand.pid)
            sizes.append(of_process(queue.hand.pid, "VmRSS"))
        assert queue.hand is not None
        told = {
            "rounds": ROUNDS,
            "processes": len(pids),
            "states": sorted({one.state for one in queue.records.all()}),
            "results": sum(queue.result(one.id).is_file() for one in queue.records.all()),
            "threads": int(1000 * of_process(queue.hand.pid, "Threads")),
            "cancel_ms_median": round(1000 * sorted(waits)[len(waits) // 2]),
            "cancel_ms_most": round(1000 * max(waits)),
            "rss_mb_at_10": round(sizes[min(9, len(sizes) - 1)], 1),
            "rss_mb_at_end": round(sizes[-1], 1),
            "rss_mb_most": round(max(sizes), 1),
            "version": cw.__version__,
        }
        queue.close()
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
