"""This file exports to ONNX, which ONNX Runtime and others read; in eight bits too, by ONNX Runtime's own quantisation."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxscript  # noqa: F401  (torch's exporter needs it, and says so only in a traceback)
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static  # type: ignore[import-untyped]
from onnxruntime.quantization.shape_inference import quant_pre_process  # type: ignore[import-untyped]

from fer.deploy.format import Format, Read, quiet
from fer.deploy.onnx_model import BATCH, OnnxModel
from fer.deploy.reader import ExpressionReader
from fer.files import METADATA

#: What is computed in eight bits: where the time goes, and what stands between.
EIGHT_BITS = ("Conv", "Gemm", "MatMul", "Add", "Relu", "MaxPool", "AveragePool", "GlobalAveragePool")


class Onnx(Format):
    """Input `faces`, output `probabilities`; its description is the metadata `ferlab`."""

    suffix = ".onnx"

    def write(self, reader: ExpressionReader, faces: NDArray[np.uint8], path: Path, described: Mapping[str, Any]) -> None:
        """Export the graph for any number of faces at once."""
        with quiet():
            program = torch.onnx.export(
                reader,
                (torch.from_numpy(faces),),
                dynamo=True,
                input_names=["faces"],
                output_names=["probabilities"],
                dynamic_shapes={"faces": {0: torch.export.Dim("n")}},
                verbose=False,
            )
        assert program is not None, "only without dynamo is there nothing"
        save(program.model_proto, path, described)

    def open(self, path: Path, *, threads: int) -> Read:
        """What reads faces by ONNX Runtime."""
        return OnnxModel(path, threads=threads)

    def require_int8(self) -> None:
        """It has one."""

    def write_int8(self, wide: Path, faces: NDArray[np.uint8], path: Path) -> None:
        """Quantise weights by channel and activations by tensor, from the ranges that these faces cause."""
        described = {entry.key: entry.value for entry in onnx.load(wide).metadata_props}
        with tempfile.TemporaryDirectory() as folder, quiet():
            folded, narrow = Path(folder) / "folded.onnx", Path(folder) / "narrow.onnx"
            quant_pre_process(str(wide), str(folded), skip_symbolic_shape=True)  # normalisation goes into the filters
            quantize_static(
                str(folded),
                str(narrow),
                Batches(faces),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(EIGHT_BITS),
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
            )
            save(onnx.load(narrow), path, json.loads(described[METADATA]))


class Batches(CalibrationDataReader):  # type: ignore[misc]
    """Faces in batches, as the quantisation asks for them."""

    def __init__(self, faces: NDArray[np.uint8]) -> None:
        self.left: Iterator[NDArray[np.uint8]] = (faces[i : i + BATCH] for i in range(0, len(faces), BATCH))

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """The next batch under the input's name; None after the last one."""
        batch = next(self.left, None)
        return None if batch is None else {"faces": batch}


def save(model: onnx.ModelProto, path: Path, described: Mapping[str, Any]) -> None:
    """Write a graph with its description, and without the exporter's notes, which name the lines of code of this machine."""
    graphs = [model.graph, *model.functions]
    for noted in [*graphs, *(node for graph in graphs for node in graph.node), *model.graph.value_info]:
        noted.ClearField("metadata_props")
        noted.ClearField("doc_string")
    onnx.helper.set_model_props(model, {METADATA: json.dumps(described, sort_keys=True)})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


FORMAT = Onnx()
