"""Frames to the bytes of a moving picture: GIF and WebP by Pillow, MP4 by PyAV where it is there."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from cutaway.errors import BadSetting

__all__ = ["check_mp4", "gif_bytes", "mp4_bytes", "webp_bytes", "write_mp4"]

# Sounds that players expect in an MP4.
_SOUNDS = ("aac", "mp3", "ac3", "opus")


def gif_bytes(frames: Sequence[UInt8[np.ndarray, "h w 3"]], rate: float) -> bytes:
    r"""Encode frames as a GIF that begins anew at its end, each with 256 colours of its own.

    Args:
        frames: of one size.
        rate: frames a second; a GIF counts in hundredths of a second.

    >>> gif_bytes([np.zeros((2, 2, 3), np.uint8)] * 2, 10.0)[:6]
    b'GIF89a'
    """
    images = [Image.fromarray(one).quantize(256) for one in frames]
    return _animated(images, "GIF", rate, disposal=1, optimize=False)


def webp_bytes(frames: Sequence[UInt8[np.ndarray, "h w 3"]], rate: float) -> bytes:
    r"""Encode frames as an animated WebP that begins anew at its end.

    Args:
        frames: of one size.
        rate: frames a second.

    >>> webp_bytes([np.zeros((2, 2, 3), np.uint8)] * 2, 10.0)[8:12]
    b'WEBP'
    """
    return _animated([Image.fromarray(one) for one in frames], "WEBP", rate, quality=85, method=4)


def mp4_bytes(frames: Sequence[UInt8[np.ndarray, "h w 3"]], rate: float) -> bytes:
    """Encode frames as an MP4 that browsers play (H.264; MPEG-4 where the build of PyAV lacks it).

    Sides are made even by repeating the last row or column, as the format wants them.

    Args:
        frames: of one size.
        rate: frames a second.

    Raises:
        BadSetting: where PyAV is not installed.
    """
    buffer = io.BytesIO()
    write_mp4(buffer, frames, Fraction(rate).limit_denominator(1000))
    return buffer.getvalue()


def write_mp4(
    target: io.BufferedIOBase,
    frames: Iterable[UInt8[np.ndarray, "h w 3"]],
    rate: Fraction,
    sound: str | None = None,
) -> int:
    """Encode frames as they come, as `mp4_bytes` does, and give how many there were.

    Args:
        target: what is written to.
        frames: of one size; at least one.
        rate: frames a second.
        sound: a file whose sound is copied, if it has one that an MP4 holds.

    Raises:
        BadSetting: where PyAV is not installed, or there is no frame.
    """
    check_mp4()
    import av

    count = 0
    with av.open(target, "w", format="mp4") as container:
        stream: Any = None
        copied: Any = None
        heard: Any = av.open(sound) if sound is not None else None
        try:
            for one in frames:
                h, w = one.shape[:2]
                if stream is None:
                    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
                    stream = container.add_stream(codec, rate=rate)
                    stream.width, stream.height, stream.pix_fmt = w + w % 2, h + h % 2, "yuv420p"
                    stream.options = {"crf": "18"} if codec == "libx264" else {"qscale": "3"}
                    copied = _sound(container, heard)
                even = np.pad(one, ((0, h % 2), (0, w % 2), (0, 0)), mode="edge")
                container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
                count += 1
            if stream is None:
                raise BadSetting("a film needs at least one frame")
            container.mux(stream.encode())
            if copied is not None:
                for packet in heard.demux(heard.streams.audio[0]):
                    if packet.dts is not None:
                        packet.stream = copied
                        container.mux(packet)
        finally:
            if heard is not None:
                heard.close()
    return count


def _sound(container: Any, heard: Any) -> Any:
    """Make room for the sound of another file, or tell that there is none that an MP4 holds."""
    if heard is None or not heard.streams.audio or heard.streams.audio[0].codec_context.name not in _SOUNDS:
        return None
    return container.add_stream_from_template(heard.streams.audio[0])


def check_mp4() -> None:
    """Tell in words where an MP4 cannot be written.

    Raises:
        BadSetting: where PyAV is not installed.
    """
    try:
        import av  # noqa: F401
    except ImportError:
        raise BadSetting(
            "an .mp4 needs PyAV: pip install 'cutaway[video]', or take .gif or .webp, which need nothing"
        ) from None


def _animated(images: Sequence[Image.Image], kind: str, rate: float, **settings: object) -> bytes:
    buffer = io.BytesIO()
    images[0].save(
        buffer,
        kind,
        save_all=True,
        append_images=images[1:],
        duration=max(10, round(1000 / rate)),
        loop=0,
        **settings,
    )
    return buffer.getvalue()
