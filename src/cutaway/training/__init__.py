"""Training a small network on a folder of photos: batches, the loop, and checkpoints to go on from."""
