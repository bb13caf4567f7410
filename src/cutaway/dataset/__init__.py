"""A folder of photos folded into an index, and what can be read from it."""
