"""What is kept of a run and what is computed from its predictions; imports neither torch nor lightning."""
