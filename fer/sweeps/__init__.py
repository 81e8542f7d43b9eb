"""Hyper-parameter sweeps: a W&B sweep file, carried out here through Optuna."""
