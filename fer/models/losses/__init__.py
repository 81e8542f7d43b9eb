"""Losses that a network can be trained with, one file each."""
