"""Which parts of a face speak for the label that a trained network gives it, and whether that can be believed."""
