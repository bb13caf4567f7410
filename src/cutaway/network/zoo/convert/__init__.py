"""From the files that packages carry to state dicts with the names of our definitions: one file for each origin."""
