"""python -m googlenet export WEIGHTS: a trained network for other programs, as ONNX or for PyTorch."""

from __future__ import annotations

import argparse
import json
import os
import textwrap
from pathlib import Path

from googlenet.commandline import not_empty
from googlenet.report.text import printable
from googlenet.weights import load_model
from googlenet.weights.onnx_export import OPSET, try_onnx, write_onnx
from googlenet.weights.torch_export import SUFFIXES, python_lines, try_torch, why_not_torchvision, write_torch


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `export`, with its options."""
    c = commands.add_parser(
        "export",
        help="weights for other programs: ONNX, PyTorch",
        description="Write a trained network as an ONNX file, in evaluation mode, which onnxruntime and many others "
        "run; or its weights as a state dict for PyTorch, which torchvision's googlenet loads where it is the same "
        "network (preset torchvision). A file of that name is replaced.",
        epilog="examples:\n"
        "  python -m googlenet export runs/pets/best.safetensors --onnx pets.onnx\n"
        "  python -m googlenet export best.safetensors --onnx pets.onnx --any-size\n"
        "  python -m googlenet export best.safetensors --torch pets.pth\n"
        "  python -m googlenet export best.safetensors --torch pets.safetensors --json",
    )
    c.add_argument("file", type=not_empty, metavar="WEIGHTS", help="that train.py or import has written")
    what = c.add_mutually_exclusive_group(required=True)
    what.add_argument("--onnx", type=not_empty, metavar="OUT", help="a network, OUT.onnx")
    what.add_argument("--torch", type=not_empty, metavar="OUT", help="a state dict: OUT.pth, which needs PyTorch, or "
                      "OUT.safetensors, which does not")  # fmt: skip
    c.add_argument("--any-size", action="store_true", help="with --onnx: for images of any height and width (of "
                   "those that it was trained with alone)")  # fmt: skip
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Check what can be checked before the work; load, write, tell."""
    weights, out = Path(args.file), Path(args.onnx or args.torch)
    check(weights, out, args)
    model, info = load_model(weights)
    if args.onnx:
        write_onnx(out, model, info, any_size=args.any_size)
        size = "H, W" if args.any_size else f"{info['image_size']}, {info['image_size']}"
        kind, how, lines = "onnx", f"ONNX, opset {OPSET}", onnx_lines(out, f"(N, {info['in_channels']}, {size})")
    else:
        write_torch(out, model, info)
        kind, how, lines = "torch", "a state dict for PyTorch, with torchvision's names", python_lines(out, model)
    different = "" if args.onnx else why_not_torchvision(model)
    count = out.stat().st_size
    if args.json:
        record = {"file": str(out), "kind": kind, "bytes": count, "preset": info["preset"], "python": lines,
                  "num_classes": info["num_classes"], "torchvision_differs": different or None}  # fmt: skip
        print(json.dumps(record))
        return
    print(f"{printable(str(out))}: {how}, {count / 1e6:.1f} MB (preset {info['preset']})")
    if different:
        text = f"torchvision's googlenet does not load it, as this network has {different}."
        print(textwrap.fill(text, 80, break_on_hyphens=False))
    print("\n".join(["", *lines]))


def check(weights: Path, out: Path, args: argparse.Namespace) -> None:
    """ValueError, OSError or ImportError for what would come to nothing."""
    option, suffixes = ("--onnx", (".onnx",)) if args.onnx else ("--torch", SUFFIXES)
    if out.suffix.lower() not in suffixes:
        raise ValueError(f"{option}: got {out}, expected a name that ends in {', '.join(suffixes)}")
    if args.any_size and not args.onnx:
        raise ValueError("--any-size: does nothing beside --torch, whose weights take images of any size")
    if os.path.exists(out) and os.path.exists(weights) and os.path.samefile(out, weights):
        raise ValueError(f"{option}: {out} is the file that is exported; choose another name")
    if args.onnx:
        try_onnx()
    elif out.suffix.lower() != ".safetensors":
        try_torch()


def onnx_lines(out: Path, shape: str) -> list[str]:
    """The Python that runs the file; shape: that of the images."""
    return [
        "import onnxruntime",
        f"session = onnxruntime.InferenceSession({str(out)!r})",
        f"# images: float32 {shape}",
        '(logits,) = session.run(["logits"], {"images": images})',
    ]
