"""A package index on this machine, for what the real one cannot be asked for: wrong, broken and hostile answers."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import pickle
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from cutaway.network.preprocessing import Preprocessing
from cutaway.network.zoo.entry import OnIndex, ZooEntry
from cutaway.network.zoo.index import PackageFile
from cutaway.network.zoo.tensor_hash import tensor_hash
from cutaway.network.zoo.unpickle import arrays_of

NUMBERS = {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "bias": np.ones(2, np.float32)}


@dataclass
class Answer:
    """What the server says to one address."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    announced: int | None = None  # the length that it says, where that is a lie


@dataclass
class SmallIndex:
    """A running index: what it answers, and what it was asked."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def page(self, project: str, links: str, **headers: str) -> None:
        packed = gzip.compress(links.encode()) if headers.get("Content_Encoding") else links.encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[f"/simple/{project}/"] = Answer(packed, {"Content-Type": "text/html", **named})

    def hold(self, file: PackageFile, archive: bytes) -> None:
        """List a file on its project's page, and answer with these bytes when asked for it."""
        self.page(
            file.project, f'<a href="../../files/{file.filename}#sha256={file.sha256}">{file.filename}</a>'
        )
        self.answers[f"/files/{file.filename}"] = Answer(archive)


@contextmanager
def running() -> Iterator[SmallIndex]:
    class Handler(http.server.BaseHTTPRequestHandler):
        index: ClassVar[SmallIndex]

        def do_GET(self) -> None:
            self.index.asked.append((self.path, self.headers.get("Authorization")))
            answer = self.index.answers.get(self.path, Answer(b"not here", status=404))
            self.send_response(answer.status)
            length = len(answer.body) if answer.announced is None else answer.announced
            for name, value in {"Content-Length": str(length), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.index = SmallIndex(f"http://127.0.0.1:{server.server_port}/simple")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Handler.index
        finally:
            server.shutdown()
            thread.join()


def tar_gz(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"tiny-1.0/src/{name}.pkl")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def wheel(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, data in files.items():
            opened.writestr(f"tiny/{name}.pkl", data)
    return buffer.getvalue()


def pickled(values: object) -> bytes:
    return pickle.dumps(values, protocol=4)


def state_of(data: bytes) -> dict[str, Tensor]:
    return {name: torch.from_numpy(value.copy()) for name, value in arrays_of(data).items()}


def pinned(
    archive: bytes, data: bytes, filename: str = "tiny-1.0.tar.gz", inner: str = "weights.pkl"
) -> PackageFile:
    return PackageFile(
        "tiny-weights",
        filename,
        hashlib.sha256(archive).hexdigest(),
        inner,
        hashlib.sha256(data).hexdigest(),
        "MIT",
    )


def tiny_entry(file: PackageFile, expected: str | None = None, name: str = "tiny") -> ZooEntry:
    """A network of the zoo whose weights are NUMBERS in a file of the index."""
    known = tensor_hash({key: torch.from_numpy(value) for key, value in NUMBERS.items()})
    return ZooEntry(
        name,
        lambda: nn.Linear(3, 2),
        Preprocessing(size=8),
        OnIndex(file, state_of, expected or known, 0.1),
        classes=False,
        about="for tests",
    )
