"""Using what was trained: exported to other runtimes, and proved there on real faces."""
