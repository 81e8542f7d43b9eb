"""This file defines Gabor, the magnitudes of a face's responses to Gabor filters."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError
from fer.models.classical.features import Features, require_size
from fer.models.classical.lbp import require_cells

#: The width of a filter's envelope in radians of its wave, σ = π of Lyons et al. 1998: half a wavelength.
ENVELOPE = np.pi

Complex = NDArray[np.complex64]


class Gabor(Features):
    """Magnitudes of Gabor filters (Lyons et al., Coding facial expressions with Gabor wavelets, 1998), averaged in cells.

    A filter a wavelength and orientation: a wave exp(i k·x) in a Gaussian envelope of deviation π / |k|, made blind to even
    light as in the paper. The defaults are the eight orientations and five wavelengths of Bartlett et al. (2003), who use
    48 × 48 faces too: 6 × 6 cells × 40 filters = 1,440 numbers. Responses are taken every `step` pixels, after the mean
    grey value was subtracted, with nothing beyond the border. Differs from both papers, which take single points (marked
    facial points, or every pixel): magnitudes are averaged in cells of `cell` pixels, and a face's numbers are divided by
    their length, so that contrast does not matter.
    """

    def __init__(
        self,
        size: int = 48,
        cell: int = 8,
        wavelengths: Sequence[float] = (4, 5.657, 8, 11.314, 16),
        orientations: int = 8,
        step: int = 2,
    ) -> None:
        self.size, self.cell, self.step = require_size(size), require_cells(cell, size), step
        if not wavelengths or min(wavelengths) < 2 or orientations < 1:
            raise ConfigError(
                f"features: found wavelengths={list(wavelengths)}, orientations={orientations}, "
                f"expected wavelengths of at least 2 pixels and at least 1 orientation"
            )
        if step < 1 or cell % step:
            raise ConfigError(f"features.step: found {step}, expected cells of {cell} pixels to be whole steps")
        self.orientations, deviations = orientations, ENVELOPE / (2 * np.pi) * np.array(wavelengths)
        angles = np.tile(np.pi * np.arange(orientations) / orientations, len(wavelengths))
        length = ENVELOPE / deviations.repeat(orientations)
        self._across = self.filters(length * np.cos(angles), deviations)
        self._down = self.filters(length * np.sin(angles), deviations)

    def filters(self, frequencies: NDArray[np.float64], deviations: NDArray[np.float64]) -> Complex:
        """One-dimensional filters (F + W, positions, size): a row times a column of them is a Gabor filter.

        `frequencies` (F,) are those of the waves along this side in radians a pixel, wavelength by wavelength;
        `deviations` (W,) the widths of their envelopes in pixels. The last W filters are the envelopes alone.
        """
        frequency = np.concatenate([frequencies, np.zeros(len(deviations))])[:, None, None]
        deviation = np.concatenate([deviations.repeat(self.orientations), deviations])[:, None, None]
        away = np.arange(self.size)[None, :] - np.arange(self.step // 2, self.size, self.step)[:, None]
        envelope = np.exp(-(away**2) / (2 * deviation**2)) / (np.sqrt(2 * np.pi) * deviation)
        filters: Complex = (envelope * np.exp(1j * frequency * away)).astype(np.complex64)
        return filters

    def compute(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The mean magnitudes (n, filters · cells²) float32 of faces (n, size, size) uint8, each row of length 1 or 0."""
        pooled = np.stack([self.pooled(np.abs(self.responses(face))) for face in faces])
        length = np.linalg.norm(pooled, axis=1, keepdims=True)
        unit: NDArray[np.float32] = np.divide(pooled, length, out=np.zeros_like(pooled), where=length > 0)
        return unit

    def responses(self, face: NDArray[np.uint8]) -> Complex:
        """The responses (filters, positions, positions) complex64 of one face, every `step` pixels."""
        grey = face.astype(np.float32)
        centred = (grey - grey.mean()).astype(np.complex64)
        filtered = self._down @ centred @ self._across.transpose(0, 2, 1)
        waves = len(filtered) // (self.orientations + 1) * self.orientations
        even = filtered[waves:].repeat(self.orientations, axis=0)
        responses: Complex = filtered[:waves] - np.complex64(np.exp(-(ENVELOPE**2) / 2)) * even
        return responses

    def pooled(self, magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mean of magnitudes (filters, positions, positions) in each cell, (filters · cells²,) float32."""
        cells, inside = self.size // self.cell, self.cell // self.step
        blocks = magnitudes.reshape(-1, cells, inside, cells, inside)
        pooled: NDArray[np.float32] = blocks.mean(axis=(2, 4)).ravel()
        return pooled
