"""The commands: train.py and fer."""
