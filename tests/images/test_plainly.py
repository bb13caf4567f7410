"""Warnings of the decoders stay inside, those of others do not; also between threads."""

from __future__ import annotations

import threading
import warnings

import pytest
from PIL import Image

from cutaway.errors import BadImage, BadSetting
from cutaway.images.plainly import plainly, quietly, reason_for


def warn_like_pillow() -> None:
    warnings.warn_explicit("odd tag", UserWarning, "TiffImagePlugin.py", 1, module="PIL.TiffImagePlugin")


def test_pillows_warnings_are_kept_inside_even_where_warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quietly():
            warn_like_pillow()
            with pytest.raises(UserWarning, match="mine"):
                warnings.warn("mine", stacklevel=1)
        with pytest.raises(UserWarning, match="odd tag"):
            warn_like_pillow()


def test_threads_that_overlap_leave_the_filters_as_found():
    before = list(warnings.filters)
    first_is_in, second_is_in, first_is_out = threading.Event(), threading.Event(), threading.Event()
    faults: list[BaseException] = []

    def first() -> None:
        with quietly():
            first_is_in.set()
            second_is_in.wait(10)
        first_is_out.set()

    def second() -> None:
        first_is_in.wait(10)
        with quietly():
            second_is_in.set()
            first_is_out.wait(10)
            try:
                warn_like_pillow()
            except UserWarning as fault:
                faults.append(fault)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not faults
    assert before == list(warnings.filters)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (OSError(5, "Input/output error"), "reading stopped: Input/output error"),
        (EOFError(), "ends too early"),
        (OSError("image file is truncated (3 bytes not processed)"), "ends too early"),
        (Image.DecompressionBombError("…"), "more pixels"),
        (KeyError("x"), "damaged"),
        (RecursionError(), "RecursionError"),
        (ValueError("bad\nsecond line"), r"\(bad\)"),
        (ValueError("bell\a"), r"\(bell\\x07\)"),
    ],
)
def test_reasons_are_plain_and_on_one_line(error, words):
    with pytest.raises(BadImage, match=words) as refused, plainly("x.png", "PNG"):
        raise error
    assert refused.value.path == "x.png"
    assert refused.value.reason == reason_for(error, "PNG")
    assert str(refused.value).isprintable()


def test_our_own_errors_and_interrupts_pass():
    with pytest.raises(BadSetting, match="as it is"), plainly("x.png", "PNG"):
        raise BadSetting("as it is")
    with pytest.raises(KeyboardInterrupt), plainly("x.png", "PNG"):
        raise KeyboardInterrupt
