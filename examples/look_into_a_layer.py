"""Look at what a layer answers: all channels, the strongest one, and before and after the ReLU."""

from pathlib import Path

import cutaway as cw

photo = cw.read(Path(__file__).parent / "photos" / "chelsea.png")
net = cw.load("squeezenet1_1")
print(cw.activations(net, photo, layer="conv1").save("conv1.png"))
print(cw.activations(net, photo, layer="conv1", strongest=1).save("conv1-strongest.png"))
print(
    cw.activations(net, photo, layer="fire6-relu_squeeze1x1", channels=[3, 5], relu=True).save(
        "fire6-relu.png"
    )
)
