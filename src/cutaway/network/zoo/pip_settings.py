"""Which package indexes pip is set up with, so that a company's mirror is used here too."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PipSettings", "pip_settings", "told"]


_VARIABLES = {
    "index-url": "PIP_INDEX_URL",
    "extra-index-url": "PIP_EXTRA_INDEX_URL",
    "cert": "PIP_CERT",
    "proxy": "PIP_PROXY",
}


@dataclass(frozen=True)
class PipSettings:
    """What of pip's settings a download needs.

    Args:
        indexes: their addresses, each ending in "/", in pip's order.
        certificates: a file or folder of certificates to trust, or None for the system's.
        proxy: the proxy for http and https, or None for the one of the environment.
    """

    indexes: tuple[str, ...]
    certificates: str | None
    proxy: str | None = None


def pip_settings(environment: Mapping[str, str] = os.environ) -> PipSettings:
    """Ask for pip's settings: its environment variables, then its configuration files, then PyPI.

    >>> pip_settings({"PIP_INDEX_URL": "https://a/simple", "PIP_CONFIG_FILE": os.devnull})
    PipSettings(indexes=('https://a/simple/',), certificates=None, proxy=None)
    """
    # As in pip, an empty variable counts as none, and this one value turns the configuration files off.
    given = {key: environment[name] for key, name in _VARIABLES.items() if environment.get(name)}
    alone = len(given) == len(_VARIABLES) or environment.get("PIP_CONFIG_FILE") == os.devnull
    found = given if alone else _configured() | given
    first = (found.get("index-url") or "https://pypi.org/simple").split()
    indexes = [*first, *found.get("extra-index-url", "").split()]
    # Where its own settings name no certificates, pip asks these two as well.
    others = environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE")
    return PipSettings(
        indexes=tuple(url.rstrip("/") + "/" for url in indexes),
        certificates=found.get("cert") or others or None,
        proxy=found.get("proxy") or None,
    )


def _configured() -> dict[str, str]:
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}  # no pip here: its settings cannot be asked for
    return told(done.stdout)


def told(text: str) -> dict[str, str]:
    r"""Read what `pip config list` prints; a setting for one command wins over one for all.

    >>> told("global.index-url='https://a/simple'\nglobal.extra-index-url='\\nhttps://b\\nhttps://c'")
    {'index-url': 'https://a/simple', 'extra-index-url': '\nhttps://b\nhttps://c'}
    """
    found = {}
    for section in ("global", "install", "download"):
        for key, value in re.findall(rf"^{section}\.([a-z-]+)=(['\"].*)$", text, re.MULTILINE):
            found[key] = str(ast.literal_eval(value))
    return found
