"""Style in one forward pass: the network that is trained for it, its file, and what it makes of frames."""
