"""How long `cutaway --help` takes, beside `import typer` alone: at most 1.5 times is what we want.

Both run in fresh processes, in turn, so that what else the machine does falls on both alike; medians of nine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 9
BAR = 1.5
CASES = {
    "python -c 'import typer'": ["-c", "import typer"],
    "cutaway --help": ["-m", "cutaway", "--help"],
}


def main() -> None:
    """Measure, print a table and write results/help_time.json."""
    seconds: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, arguments in CASES.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    unit, ours = medians.values()
    for name, median in medians.items():
        print(f"{name:28} {1000 * median:6.0f} ms   {median / unit:.2f}")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    report = {"seconds": medians, "ratio": round(ours / unit, 3), "bar": BAR, "rounds": ROUNDS}
    (results / "help_time.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    sys.exit(ours / unit > BAR)


if __name__ == "__main__":
    main()
