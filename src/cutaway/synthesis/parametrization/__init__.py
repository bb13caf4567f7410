"""What an image is made of while it is being made: pixels, a spectrum, a generator's input."""
