"""This file says how much each pixel of a face speaks for a label: relevance maps in [-1, 1], by Grad-CAM or by occlusion."""

from typing import Literal

import cv2
import numpy as np
import torch
from captum.attr import LayerAttribution, LayerGradCam, Occlusion
from numpy.typing import NDArray
from torch import Tensor, nn

from fer.deploy.format import Read
from fer.errors import ConfigError
from fer.explain.network import Network
from fer.models.classifier import ExpressionClassifier

Method = Literal["gradcam", "occlusion"]

#: What the methods are called, and where they are from.
TITLES: dict[Method, str] = {"gradcam": "Grad-CAM", "occlusion": "Occlusion"}
SOURCES: dict[Method, str] = {
    "gradcam": "Selvaraju et al., ICCV 2017",
    "occlusion": "Zeiler & Fergus, ECCV 2014",
}

#: Squares that a face's side holds: an eye or a mouth each. They move by half their side.
SQUARES = 6

#: Covered faces that are read at once.
COVERED_AT_ONCE = 128

#: The deviation of the Gaussian that replaces pixels, as a share of the face's side. On FER2013 a network that gave 24 test
#: faces 0.57 on average gives faces that are blurred with 1/16 still 0.17 and with 1/4 0.16, another one 0.22 and 0.15 of
#: 0.31, which is what an even grey gets (0.16 and 0.15); a seventh is 0.14.
BLUR = 1 / 4


def method_for(network: Network, asked: Method | None) -> Method:
    """The method that is asked for, or Grad-CAM where the network has a layer for it and occlusion elsewhere.

    Raises ConfigError for Grad-CAM of a network without such a layer.
    """
    layer = spatial_layer(network)
    if asked == "gradcam" and layer is None:
        raise ConfigError(
            f"--method gradcam: {type(network.classifier.backbone).__name__} has no layer whose cells tile the face. "
            f"Use --method occlusion."
        )
    return asked or ("occlusion" if layer is None else "gradcam")


def spatial_layer(network: Network) -> nn.Module | None:
    """The layer that Grad-CAM weighs; None where the backbone names none, or one that gives tokens rather than an image."""
    layer, backbone = network.classifier.backbone.explained_layer(), network.classifier.backbone
    if layer is None:
        return None
    shapes: list[tuple[int, ...]] = []
    handle = layer.register_forward_hook(lambda module, given, made: shapes.append(tuple(getattr(made, "shape", ()))))
    with torch.inference_mode():
        network.classifier(network.given(np.zeros((1, backbone.spec.size, backbone.spec.size), np.uint8)))
    handle.remove()
    square = len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][2] == shapes[0][3] > 1  # others have channels last
    return layer if square else None


def relevance(network: Network, face: NDArray[np.uint8], label: int, method: Method) -> NDArray[np.float32]:
    """How much each pixel of a face (S, S) or (S, S, 3) speaks for (above 0) or against a label, (S, S) in [-1, 1]."""
    if method == "occlusion":
        return occlusion(network.read, face, label)
    layer = spatial_layer(network)
    assert layer is not None, "method_for has refused it"
    return grad_cam(network.classifier, layer, network.given(face[None]), label)


def grad_cam(classifier: ExpressionClassifier, layer: nn.Module, faces: Tensor, label: int) -> NDArray[np.float32]:
    """The activations of a layer, weighed by the mean gradient of the label's logit, enlarged to one face's size (1, …).

    What speaks against the label is kept, where Selvaraju et al. cut it off, so that the pixels have an order.
    """
    images = classifier.as_input(faces).requires_grad_()
    found = LayerGradCam(classifier.logits, layer).attribute(images, target=label)
    enlarged = LayerAttribution.interpolate(found, tuple(images.shape[2:]), "bilinear")
    return scaled(enlarged[0, 0].detach().float().cpu().numpy())


def occlusion(read: Read, face: NDArray[np.uint8], label: int) -> NDArray[np.float32]:
    """How far the probability of the label falls when a square around each pixel is blurred; works for anything that reads."""
    side = max(1, round(len(face) / SQUARES))
    last = face.shape[2:]
    found = Occlusion(lambda faces: torch.from_numpy(read(faces.numpy().astype(np.uint8)))).attribute(
        as_floats(face),
        target=label,
        sliding_window_shapes=(side, side, *last),
        strides=(max(1, side // 2), max(1, side // 2), *last),
        baselines=as_floats(blurred(face)),
        perturbations_per_eval=COVERED_AT_ONCE,
    )
    fallen = found[0].numpy().astype(np.float32)
    return scaled(fallen.mean(2) if last else fallen)


def as_floats(face: NDArray[np.uint8]) -> Tensor:
    """One face as captum wants it, its bytes unchanged."""
    return torch.from_numpy(face[None].astype(np.float32))


def blurred(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The light on a face without the face: what stands for pixels that are taken away.

    An even grey would draw edges around what is left, and a network reads edges.
    """
    return np.asarray(cv2.GaussianBlur(face, (0, 0), BLUR * len(face)), np.uint8)


def scaled(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map whose largest value is 1 or -1; zeros where nothing speaks for or against."""
    largest = np.abs(found).max()
    return found / largest if largest > 0 else np.zeros_like(found)
