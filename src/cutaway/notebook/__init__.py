"""What needs a notebook that runs: widgets. Still results show themselves without it."""
