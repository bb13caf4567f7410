"""The one thread that runs networks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["Thinking"]

T = TypeVar("T")


class Thinking:
    """The one thread that runs networks: what reads a network's layers is global to the process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "network")

    async def do(self, function: Callable[..., T], *arguments: Any, **settings: Any) -> T:
        """Run a function there, and wait without holding up anybody."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*arguments, **settings))
