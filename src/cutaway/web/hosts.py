"""Under which names a server may be called: a page elsewhere must not reach it by a name of its own."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

__all__ = ["Hosts", "is_loopback"]


def is_loopback(name: str) -> bool:
    """Whether a name or address is this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Hosts:
    """The names that a Host header may give.

    A page of another site can have its own name point to this machine, and would then be "the same site" to the
    browser; it cannot give an address of digits. So any address is fine where the server listens beyond loopback, and
    of names only the machine's own.

    Args:
        bound: the address that the server listens on.

    >>> Hosts("127.0.0.1").allow("localhost:8765"), Hosts("127.0.0.1").allow("evil.example:8765")
    (True, False)
    >>> Hosts("0.0.0.0").allow("192.168.1.7:8765"), Hosts("127.0.0.1").allow("192.168.1.7:8765")
    (True, False)
    """

    bound: str

    def allow(self, header: str) -> bool:
        """Whether a Host header names this server."""
        name = _without_port(header.strip().lower())
        if not name:
            return False
        if is_loopback(name):
            return True
        if is_loopback(self.bound):
            return False
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            own = socket.gethostname().lower()
            return name in {own, f"{own}.local", self.bound.lower()}
        return True


def _without_port(header: str) -> str:
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    name, colon, port = header.rpartition(":")
    if not colon:
        return header
    return name if port.isascii() and port.isdecimal() else ""
