"""The ONNX graph of all-MiniLM-L6-v2, written operator by operator from its weights (needs the `train` extra).

Input `input_ids`, int64 (texts, tokens): texts of one batch have the same number of tokens, so that nothing is padded
and nothing masked. Output `embedding`, float32 (texts, 384): the mean over the tokens, L2-normalised.

BERT after Devlin et al. 2018 (arXiv:1810.04805), post-layer-norm, with the exact (erf) GELU; sizes from the model's own
`config.json`.

How the int8 graph keeps a text's vector independent of its neighbours: activations are quantised per row (per token)
with a scale of their own, not per tensor as `onnxruntime.quantization.quantize_dynamic` does, whose vectors moved by up
to 0.026 per component (cosine 0.990) with the batch they were read in. Rows cost 14 % more CPU time than tensors and
bring the mean cosine to fp32 from 0.9936 to 0.9967 (400 classified ads).

Weights are int8 per output channel within [-63, 63] and activations uint8: then no pair of products exceeds 16 bits
(2 * 255 * 63 = 32,130), which CPUs without VNNI instructions would saturate silently; the integers come out equal on
every CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto

LAYERS = 6
WIDTH = 384
HEADS = 12
HEAD_WIDTH = WIDTH // HEADS
MAX_TOKENS = 256
LAYER_NORM_EPSILON = 1e-12
WEIGHT_LEVELS = 63
WORD_LEVELS = 127
OPSET = 21
IR_VERSION = 10
RUNTIME_DOMAIN = "com.microsoft"

# Layer-norm outputs lie about zero; GELU never goes below -0.17 (its minimum is -0.16997), so its zero point is low and
# almost all levels serve the positive side.
CENTRED_ZERO = 128
GELU_ZERO = 16
GELU_FLOOR = 0.17
SMALLEST_SCALE = 1e-12


class GraphWriter:
    """Collects nodes and constants; each operator is named after its output, so that names are unique and stable."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, NDArray[np.generic]] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add a constant once and return its name."""
        self._constants.setdefault(name, np.ascontiguousarray(value))
        return name

    def integers(self, *values: int) -> str:
        """A constant int64 vector, for shapes and axes."""
        return self.constant("i" + "_".join(str(value) for value in values), np.array(values, np.int64))

    def apply(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add an operator of the standard set with one output, and return the output's name."""
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def split(self, source: str, outputs: list[str], width: int) -> list[str]:
        """Split the last axis into parts of `width` columns."""
        sizes = self.integers(*[width] * len(outputs))
        self._nodes.append(helper.make_node("Split", [source, sizes], outputs, name=outputs[0] + "_split", axis=-1))
        return outputs

    def model(self, metadata: Mapping[str, str]) -> ModelProto:
        """The whole model; `metadata` becomes part of the file and so of its hash."""
        constants = [numpy_helper.from_array(value, name) for name, value in self._constants.items()]
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])
        embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", WIDTH])
        graph = helper.make_graph(self._nodes, "all-MiniLM-L6-v2", [ids], [embedding], constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME_DOMAIN, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="tracemark", ir_version=IR_VERSION)
        helper.set_model_props(model, dict(sorted(metadata.items())))
        return model


class MiniLMGraph:
    """Writes the model's graph, in float32 or with int8 weights.

    `weights` are the tensors of the safetensors file by name, float32, linear weights as (out, in).
    """

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], *, quantised: bool) -> None:
        self._weights = weights
        self._quantised = quantised
        self._writer = GraphWriter()
        self._rows: dict[str, tuple[str, str, str]] = {}

    def write(self, metadata: Mapping[str, str] | None = None) -> ModelProto:
        """The complete model, with `metadata` written into it."""
        states = self._embed()
        for layer in range(LAYERS):
            states = self._encode_layer(states, layer)
        self._pool(states)
        return self._writer.model(metadata or {})

    def _embed(self) -> str:
        """Word, position and type embeddings, normalised: (texts * tokens, 384)."""
        writer, weights = self._writer, self._weights
        words = weights["embeddings.word_embeddings.weight"]
        if self._quantised:
            scales = _scales(words, axis=1, levels=WORD_LEVELS)
            writer.constant("word_rows", np.rint(words / scales).astype(np.int8))
            writer.constant("word_scales", scales)
            rows = writer.apply("Gather", ["word_rows", "input_ids"], "word_integers")
            rows = writer.apply("Cast", [rows], "word_floats", to=TensorProto.FLOAT)
            scale = writer.apply("Gather", ["word_scales", "input_ids"], "word_scale")
            rows = writer.apply("Mul", [rows, scale], "words")
        else:
            rows = writer.apply("Gather", [writer.constant("word_rows", words), "input_ids"], "words")
        # A single text has one segment, so its type row is added to every position beforehand.
        places = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
        places = places + weights["embeddings.token_type_embeddings.weight"][0]
        writer.apply("Shape", ["input_ids"], "shape")
        start, axis = writer.integers(0), writer.integers(1)
        texts = writer.apply("Slice", ["shape", start, axis], "texts")
        tokens = writer.apply("Slice", ["shape", axis, writer.integers(2)], "tokens")
        place = writer.apply("Slice", [writer.constant("places", places), start, tokens, start], "place")
        writer.apply("Concat", [texts, tokens, writer.integers(WIDTH)], "states_shape", axis=0)
        writer.apply("Concat", [texts, tokens, writer.integers(HEADS, HEAD_WIDTH)], "heads_shape", axis=0)
        summed = writer.apply("Add", [rows, place], "embedded")
        normed = self._normalise(summed, "embeddings.LayerNorm")
        return writer.apply("Reshape", [normed, writer.integers(-1, WIDTH)], "states")

    def _encode_layer(self, states: str, layer: int) -> str:
        prefix = f"encoder.layer.{layer}."
        attended = self._attend(states, prefix)
        projected = self._project(attended, [prefix + "attention.output.dense"])
        summed = self._writer.apply("Add", [projected, states], prefix + "attention.sum")
        states = self._normalise(summed, prefix + "attention.output.LayerNorm")
        inner = self._project(states, [prefix + "intermediate.dense"])
        inner = self._writer.apply("Gelu", [inner], prefix + "gelu")
        projected = self._project(inner, [prefix + "output.dense"], zero=GELU_ZERO)
        summed = self._writer.apply("Add", [projected, states], prefix + "sum")
        return self._normalise(summed, prefix + "output.LayerNorm")

    def _attend(self, states: str, prefix: str) -> str:
        """Scaled dot-product attention over the tokens of each text: (texts * tokens, 384)."""
        writer = self._writer
        parts = [prefix + f"attention.self.{part}" for part in ("query", "key", "value")]
        joined = self._project(states, parts)
        orders = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
        heads = []
        for part, order in zip(writer.split(joined, parts, WIDTH), orders, strict=True):
            by_head = writer.apply("Reshape", [part, "heads_shape"], part + "_heads")
            heads.append(writer.apply("Transpose", [by_head], part + "_turned", perm=order))
        query, key, value = heads
        scale = writer.constant("attention_scale", np.array(1 / np.sqrt(HEAD_WIDTH), np.float32))
        scores = writer.apply("MatMul", [query, key], prefix + "scores")
        scores = writer.apply("Mul", [scores, scale], prefix + "scaled_scores")
        shares = writer.apply("Softmax", [scores], prefix + "shares", axis=-1)
        mixed = writer.apply("MatMul", [shares, value], prefix + "mixed")
        mixed = writer.apply("Transpose", [mixed], prefix + "mixed_back", perm=[0, 2, 1, 3])
        return writer.apply("Reshape", [mixed, writer.integers(-1, WIDTH)], prefix + "attended")

    def _project(self, source: str, names: list[str], *, zero: int = CENTRED_ZERO) -> str:
        """The linear layers `names` side by side, as one product with their biases."""
        writer = self._writer
        output = names[0] + "_projected"
        matrix = np.concatenate([self._weights[name + ".weight"] for name in names]).T
        bias = writer.constant(output + "_bias", np.concatenate([self._weights[name + ".bias"] for name in names]))
        if not self._quantised:
            product = writer.apply("MatMul", [source, writer.constant(output + "_matrix", matrix)], output + "_product")
            return writer.apply("Add", [product, bias], output)
        rows, scale, zero_point = self._quantise_rows(source, zero)
        scales = _scales(matrix, axis=0, levels=WEIGHT_LEVELS)
        integers = writer.constant(output + "_matrix", np.rint(matrix / scales).astype(np.int8))
        columns = writer.constant(output + "_scales", scales[0])
        one = writer.constant("one", np.array(1, np.float32))
        product = writer.apply(
            "MatMulIntegerToFloat",
            [rows, integers, one, columns, zero_point],
            output + "_product",
            domain=RUNTIME_DOMAIN,
        )
        product = writer.apply("Mul", [product, scale], output + "_scaled")
        return writer.apply("Add", [product, bias], output)

    def _quantise_rows(self, source: str, zero: int) -> tuple[str, str, str]:
        """Each row as uint8 about `zero`: the rows, their scales as a column, the zero point."""
        if source in self._rows:
            return self._rows[source]
        writer = self._writer
        last = writer.integers(-1)
        largest = writer.apply("ReduceMax", [source, last], source + "_max", keepdims=0)
        if zero == CENTRED_ZERO:
            least = writer.apply("ReduceMin", [source, last], source + "_min", keepdims=0)
            largest = writer.apply("Max", [largest, writer.apply("Neg", [least], source + "_neg")], source + "_abs")
        smallest = GELU_FLOOR / zero if zero == GELU_ZERO else SMALLEST_SCALE
        step = writer.constant(f"step_{zero}", np.array([1 / (255 - zero)], np.float32))
        floor = writer.constant(f"floor_{zero}", np.array([smallest], np.float32))
        scale = writer.apply("Mul", [largest, step], source + "_step")
        scale = writer.apply("Max", [scale, floor], source + "_scale")
        zeros = writer.apply("Shape", [scale], source + "_rows")
        zeros = writer.apply(
            "Expand", [writer.constant(f"zeros_{zero}", np.array([zero], np.uint8)), zeros], source + "_z"
        )
        rows = writer.apply("QuantizeLinear", [source, scale, zeros], source + "_integers", axis=0)
        column = writer.apply("Unsqueeze", [scale, writer.integers(1)], source + "_column")
        self._rows[source] = (rows, column, writer.constant(f"zero_{zero}", np.array(zero, np.uint8)))
        return self._rows[source]

    def _normalise(self, source: str, name: str) -> str:
        gain = self._writer.constant(name + ".weight", self._weights[name + ".weight"])
        bias = self._writer.constant(name + ".bias", self._weights[name + ".bias"])
        return self._writer.apply("LayerNormalization", [source, gain, bias], name, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def _pool(self, states: str) -> None:
        """Sum over the tokens (the mean's direction), then L2.

        The sum is a product with a row of ones: onnxruntime's own sums group their additions by the size of the batch
        (middle axis) or by where a row lies in memory (last axis), and so give other last digits beside other texts.
        """
        writer = self._writer
        by_text = writer.apply("Reshape", [states, "states_shape"], "by_text")
        one = helper.make_tensor("value", TensorProto.FLOAT, [1], [1])
        ones_shape = writer.apply("Concat", [writer.integers(1), "tokens"], "ones_shape", axis=0)
        ones = writer.apply("ConstantOfShape", [ones_shape], "ones", value=one)
        summed = writer.apply("MatMul", [ones, by_text], "summed_row")
        summed = writer.apply("Squeeze", [summed, writer.integers(1)], "summed")
        writer.apply("LpNormalization", [summed], "embedding", axis=1, p=2)


def _scales(matrix: NDArray[np.float32], *, axis: int, levels: int) -> NDArray[np.float32]:
    """The step of each row (axis 1) or column (axis 0) so that its largest magnitude is `levels`; 1 where all is 0."""
    scales = (np.abs(matrix).max(axis=axis, keepdims=True) / levels).astype(np.float32)
    return np.where(scales == 0, np.float32(1), scales)
