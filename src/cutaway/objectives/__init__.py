"""What to explain, and what to maximise: values that add, subtract and scale like numbers."""
