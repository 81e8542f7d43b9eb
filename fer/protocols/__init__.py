"""Evaluation protocols: how the faces are cut into training, validation and test parts."""
