"""Explain a photo: which classes, and where the evidence lies."""

from pathlib import Path

import cutaway as cw

HERE = Path(__file__).parent
net = cw.load("squeezenet1_1")
grid = cw.explain(net, HERE / "photos" / "chelsea.png")
for guess in grid.provenance["photos"][0]["top"][:3]:
    print(f"{100 * guess['probability']:5.1f} %  {guess['label']}")
print(grid.save("explained.png"))
