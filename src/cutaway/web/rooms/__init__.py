"""The addresses of each room, each a few lines: what they do lies elsewhere."""
