"""A trained style as an ONNX file, for programs without PyTorch."""

from __future__ import annotations

import logging
import os
import warnings
from importlib import import_module
from pathlib import Path

import torch

from cutaway.errors import BadSetting, OutOfSpace
from cutaway.faststyle.style_file import read_style
from cutaway.view.atomic import atomic_write

__all__ = ["write_onnx"]


def write_onnx(style: str | os.PathLike[str], out: str | os.PathLike[str]) -> Path:
    """Write a trained style as ONNX: input "photo" and output "painted", (n,3,h,w) of any size, colours of 0..1.

    Needs the extra `onnx`.

    Args:
        style: the file that `cutaway.train_style` wrote.
        out: the file to write, .onnx.

    Raises:
        BadSetting: for another ending, or where the extra is not installed.
        OutOfSpace: where the disk is full.
        WeightsUnavailable: for a file that is no style.

    >>> write_onnx("wave.safetensors", "wave.pb")
    Traceback (most recent call last):
    cutaway.errors.BadSetting: an ONNX file ends in .onnx, got 'wave.pb'
    """
    target = Path(out)
    if target.suffix.lower() != ".onnx":
        raise BadSetting(f"an ONNX file ends in .onnx, got {str(out)!r}")
    try:
        for name in ("onnx", "onnxscript"):
            import_module(name)
    except ImportError:
        raise BadSetting("ONNX files need the extra onnx: pip install 'cutaway[onnx]'") from None
    transformer, about = read_style(style)
    any_size = {0: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it tells of every step
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                transformer,
                # No side a multiple of four: that is the way with a border, which serves the others too.
                (torch.rand(2, 3, 61, 90),),
                input_names=["photo"],
                output_names=["painted"],
                dynamic_shapes=(any_size,),
                external_data=False,
                verbose=False,
            )
    finally:
        logging.disable(before)
    assert program is not None
    program.model.metadata_props["cutaway.style"] = str(about["name"])
    try:
        atomic_write(target, program.model_proto.SerializeToString())
    except OSError as error:
        raise OutOfSpace(f"{target} cannot be written: {error.strerror}") from error
    return target
