"""This file finds the principal directions of features through the origin, exactly and by the shorter way."""

import numpy as np
from scipy.linalg import eigh

from fer.models.classical.classifier import Floats


def principal_directions(features: Floats, dimensions: int) -> Floats:
    """The first right singular vectors (d, D) float32 of `features` (N, D), the longest first.

    They span the linear subspace of d dimensions that lies nearest to the rows, d being `dimensions` or the rank if that is
    less. Found as eigenvectors of the smaller of the two matrices of products, in float64.
    """
    if dimensions == 0:
        return np.zeros((0, features.shape[1]), np.float32)
    rows = features.astype(np.float64)
    wide = rows.shape[1] > rows.shape[0]
    products = rows @ rows.T if wide else rows.T @ rows
    size = len(products)
    values, vectors = eigh(products, subset_by_index=[max(0, size - dimensions), size - 1])
    kept = values > size * np.finfo(np.float64).eps * max(values[-1], 0)
    values, vectors = values[kept][::-1], vectors[:, kept][:, ::-1]
    directions = (rows.T @ vectors / np.sqrt(values)).T if wide else vectors.T
    return np.ascontiguousarray(directions, np.float32)
