"""How a picture is called in messages: always one printable line."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

__all__ = ["shown", "shown_url"]

# Joiners inside emoji are invisible but harmless, and without them the emoji falls apart.
_KEPT = "\u200d\u200c"

_LONGEST_URL = 200  # data: addresses hold a whole picture


def shown(name: str) -> str:
    r"""Give a file name that prints on one line: what cannot be printed is escaped, all else is as it is.

    >>> print(shown("猫 🐈.jpg"))
    猫 🐈.jpg
    >>> print(shown("two\nlines.png"))
    two\nlines.png
    """
    return "".join(
        letter if letter.isprintable() or letter in _KEPT else letter.encode("unicode_escape").decode()
        for letter in name
    )


def shown_url(url: str) -> str:
    """Give a web address for messages: without user name and password.

    >>> shown_url("https://me:secret@example.org/cat.jpg")
    'https://example.org/cat.jpg'
    """
    try:
        parts = urlsplit(url)
        bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        bare = url.rpartition("@")[2]
    return shown(bare if len(bare) <= _LONGEST_URL else f"{bare[:_LONGEST_URL]}…")
