"""Networks by name: their definitions, and where their weights come from."""
