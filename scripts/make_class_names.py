"""Write ImageNet's class names from an installed torchvision (BSD-3): read as text, nothing of it is imported."""

from __future__ import annotations

import ast
from importlib.metadata import files
from pathlib import Path


def main() -> None:
    """Write src/cutaway/network/zoo/weights/imagenet_classes.txt."""
    source = next(f for f in files("torchvision") or [] if str(f) == "torchvision/models/_meta.py")
    tree = ast.parse(source.read_text())
    lists = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.List)
    }
    names = lists["_IMAGENET_CATEGORIES"]
    assert len(names) == len(set(names)) == 1000
    path = Path(__file__).parents[1] / "src/cutaway/network/zoo/weights/imagenet_classes.txt"
    path.write_text("\n".join(names) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
