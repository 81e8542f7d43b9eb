"""Databases, their contract, prepared faces, augmentation and the search for leaks."""
