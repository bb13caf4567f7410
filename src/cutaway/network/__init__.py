"""The user's network, opened: its layers as named calls, what they hold, and how a photo reaches them."""
