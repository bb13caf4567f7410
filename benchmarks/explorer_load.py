"""The explorer under load and under odd questions.

    python benchmarks/explorer_load.py [SCHEMATHESIS]

wrk (Debian's package of that name) asks for a page, a list and a thumbnail from 16 connections for ten seconds each
while a job runs. SCHEMATHESIS is the program `st` of the package schemathesis, installed apart; it asks every address
of the OpenAPI description what that allows and what it does not, and any answer of 5xx is a fault.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from interleaved import RESULTS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import cutaway as cw  # noqa: E402
from cutaway.faststyle.style_file import write_style  # noqa: E402
from cutaway.faststyle.transformer import Transformer  # noqa: E402
from tests.web.served import Served  # noqa: E402

SECONDS, CONNECTIONS = 10, 16


def loaded(served: Served, path: str) -> dict[str, float]:
    """Ask for one address as fast as it answers."""
    words = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--timeout", "10s", "--latency"]
    bearer = f"authorization: Bearer {served.token}"
    done = subprocess.run(
        [*words, "-H", bearer, served.base + path], capture_output=True, text=True, check=True
    )
    errors = re.search(r"Socket errors: (.*)", done.stdout)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    assert rate is not None, done.stdout
    assert slow is not None, done.stdout
    return {
        "requests a second": float(rate[1]),
        "milliseconds of 99 %": float(slow[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[slow[2]],
        "errors": sum(map(int, re.findall(r"\d+", errors[1] if errors else ""))),
        "refused": int(refused[1]) if refused else 0,
    }


def probed(served: Served, program: str) -> dict[str, object]:
    """Let schemathesis ask; give its last lines."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                program,
                "run",
                f"{served.base}/api/openapi.json",
                *("--header", f"authorization: Bearer {served.token}"),
                *("--checks", "not_a_server_error,response_schema_conformance,content_type_conformance"),
                *("--max-examples", "60", "--seed", "1", "--request-timeout", "60"),
            ],
            capture_output=True,
            text=True,
            cwd=folder,
        )
    return {"exit code": done.returncode, "said": done.stdout.strip().splitlines()[-25:]}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        index, painter = f"{folder}/photos.index", f"{folder}/wave.safetensors"
        layers = ["fire5.cat", "fire9.cat", "@logits"]
        cw.scan("squeezenet1_1", ROOT / "examples" / "photos", index, layers=layers, engine="serial")
        write_style(Path(painter), Transformer(4, 1), {"name": "wave"})
        served = Served(Path(folder) / "kept", "--index", index, "--painter", painter)
        photo = served.photo()
        job = {"photo": photo, "method": "rise", "target": 285, "full": True}
        body = json.dumps(job).encode()
        started = served.ask("POST", "/api/jobs", body, content_type="application/json").json
        found: dict[str, object] = {
            path.replace(photo, "…"): loaded(served, path)
            for path in ("/explain", "/api/photos", f"/api/photos/{photo}/thumb")
        }
        found["job while asked"] = served.ask("GET", f"/api/jobs/{started['id']}").json["state"]
        if len(sys.argv) > 1:
            found["schemathesis"] = probed(served, sys.argv[1])
        found["ended with"] = served.stop()
    (RESULTS / "explorer_load.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
