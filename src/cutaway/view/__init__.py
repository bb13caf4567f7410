"""Pixels only: results that draw themselves, keep their raw numbers, and know where they come from."""
