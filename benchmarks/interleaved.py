"""Time several ways of doing one job in turn, so that noise of the machine hits all of them alike."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cutaway as cw

__all__ = ["allocator", "compare"]

KEPT, PLAIN = "--freed-memory-kept", "--allocator-as-it-comes"
RESULTS = Path(__file__).parent / "results"


def compare(
    name: str, jobs: dict[str, Callable[[], object]], *, rounds: int = 15, equal: str, warm: int = 2
) -> dict[str, float]:
    """Run the jobs in turn, print and keep the median ratio of each to the first, by process CPU time.

    Args:
        name: of the comparison; the result is written to results/NAME.json.
        jobs: the first is the unit.
        rounds: how often each runs.
        equal: how it was checked that the jobs do the same, in words, with the figure.
        warm: rounds before counting.
    """
    times: dict[str, list[float]] = {job: [] for job in jobs}
    for count in range(rounds + warm):
        for job, run in jobs.items():
            start = time.process_time()
            run()
            if count >= warm:
                times[job].append(time.process_time() - start)
    unit = next(iter(jobs))
    ratios = {
        job: statistics.median(t / u for t, u in zip(spent, times[unit], strict=True))
        for job, spent in times.items()
    }
    print(f"{name}   ({equal})")
    for job, spent in times.items():
        print(f"  {ratios[job]:6.3f} ×   {1000 * statistics.median(spent):8.1f} ms   {job}")
    RESULTS.mkdir(exist_ok=True)
    told = {
        "unit": unit,
        "rounds": rounds,
        "equal": equal,
        "median_ratio": ratios,
        "median_ms": {job: 1000 * statistics.median(spent) for job, spent in times.items()},
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n")
    return ratios


def allocator() -> str:
    """Run the script twice, in processes of their own, and give what the names of their results end with.

    Once with the allocator as it comes; then with freed memory kept for all that is compared (`cutaway.keep_freed`,
    which the command line turns on).
    """
    if KEPT in sys.argv:
        sys.argv.remove(KEPT)
        cw.keep_freed()
        return ""
    if PLAIN in sys.argv:
        sys.argv.remove(PLAIN)
        return "_allocator_as_it_comes"
    for way in (PLAIN, KEPT):
        subprocess.run([sys.executable, *sys.argv, way], check=True)
    sys.exit()
