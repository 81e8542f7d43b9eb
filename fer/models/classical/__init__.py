"""Features of faces, and classifiers that learn from them without a network."""
