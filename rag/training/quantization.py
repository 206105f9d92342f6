"""Computes products with stored weights in int8, in about half the time of fp32 (decisions/0007)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from onnx import GraphProto, NodeProto, TensorProto

LEAST_OUTPUTS = 32
"""Minimum outputs of a quantised product. Smaller ones are scores: rounding would affect them and save no time."""

LARGE_TABLE = 10_000
"""Minimum rows of a table that is taken for word embeddings."""


def quantize_products(graph: GraphProto, outliers: Mapping[str, Sequence[int]]) -> None:
    """Rewrites each ``MatMul`` with a stored matrix as a product of integers.

    Inputs are quantised at run time (uint8, one scale per input), weights when the graph is loaded (int8, one scale per
    output; see :func:`rag.machine.graphs.pick_tensor`), as in Jacob et al. 2018.

    A few channels of some inputs are a hundred times as large as the rest and would leave the rest no resolution. They
    are multiplied separately, in fp32 (LLM.int8(): Dettmers et al. 2022).

    :param graph: a graph whose weights are stubs; they are stored elsewhere under their names.
    :param outliers: the large channels of the inputs of some products, by the name of the stored matrix.
    """
    stored = {
        tensor.name: tensor
        for tensor in graph.initializer
        if tensor.external_data and len(tensor.dims) == 2 and tensor.dims[1] >= LEAST_OUTPUTS
    }
    nodes: list[NodeProto] = []
    inputs: dict[str, str] = {}
    used = set()
    for node in graph.node:
        weight = node.input[1] if node.op_type == "MatMul" else ""
        apart = list(outliers.get(weight.removesuffix(".T"), ()))
        if weight in stored and apart:
            size = stored[weight].dims[0]
            *exact, rest, total = split_channels(node, apart, size, graph)
            graph.initializer.append(stub_rows(stored[weight], apart))
            nodes += [*exact, *multiply_integers(rest, inputs), total]
            used.add(weight)
        elif weight in stored:
            nodes += multiply_integers(node, inputs)
            used.add(weight)
        else:
            nodes.append(node)
    wanted = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name not in used or tensor.name in wanted]
    made = [stub for name in sorted(used) for stub in stub_integers(stored[name])]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend([*kept, *made])


def round_embeddings(graph: GraphProto) -> None:
    """Rounds word embeddings to fp16 after the look-up.

    The table itself stays in fp32, so that it can be mapped from a file: onnxruntime would copy one in fp16 into memory
    as fp32.
    """
    from onnx import TensorProto, helper

    tables = {t.name for t in graph.initializer if t.external_data and len(t.dims) == 2 and t.dims[0] >= LARGE_TABLE}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type == "Gather" and node.input[0] in tables:
            (out,) = node.output
            found, rounded = f"{out}:fp32", f"{out}:fp16"
            nodes.append(helper.make_node("Gather", node.input, [found], f"{out}:look-up"))
            nodes.append(helper.make_node("Cast", [found], [rounded], f"{out}:round", to=TensorProto.FLOAT16))
            nodes.append(helper.make_node("Cast", [rounded], [out], f"{out}:widen", to=TensorProto.FLOAT))
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def split_channels(node: NodeProto, apart: Sequence[int], size: int, graph: GraphProto) -> Iterator[NodeProto]:
    """The nodes that multiply some channels of a product's input in fp32, then the product of the others and the sum.

    :param size: number of channels of the input.
    :param graph: the constants are added to it.
    """
    import numpy as np
    from onnx import helper, numpy_helper

    source, weight = node.input
    (out,) = node.output
    kept = np.ones(size, np.float32)
    kept[apart] = 0
    graph.initializer.append(numpy_helper.from_array(kept, f"{out}:kept"))
    graph.initializer.append(numpy_helper.from_array(np.array(apart, np.int64), f"{out}:apart"))
    yield helper.make_node("Gather", [source, f"{out}:apart"], [f"{out}:large"], f"{out}:pick", axis=-1)
    yield helper.make_node("MatMul", [f"{out}:large", name_rows(weight, apart)], [f"{out}:exact"], f"{out}:exactly")
    yield helper.make_node("Mul", [source, f"{out}:kept"], [f"{out}:small"], f"{out}:mask")
    yield helper.make_node("MatMul", [f"{out}:small", weight], [f"{out}:rest"], f"{out}:rest")
    yield helper.make_node("Add", [f"{out}:rest", f"{out}:exact"], [out], f"{out}:sum")


def name_rows(weight: str, rows: Sequence[int]) -> str:
    """The name that :func:`rag.machine.graphs.pick_tensor` expects for some rows of a matrix."""
    return f"{weight}:rows {' '.join(map(str, rows))}"


def stub_rows(tensor: TensorProto, rows: Sequence[int]) -> TensorProto:
    from onnx import TensorProto

    size = (len(rows), tensor.dims[1])
    return stub_tensor(name_rows(tensor.name, rows), size, TensorProto.FLOAT, 4 * size[0] * size[1])


def multiply_integers(node: NodeProto, inputs: dict[str, str]) -> Iterator[NodeProto]:
    """The nodes that replace one product.

    :param inputs: from each input to its quantised name; an input that several products share is quantised once.
    """
    from onnx import TensorProto, helper

    source, weight = node.input
    (out,) = node.output
    if source not in inputs:
        inputs[source] = f"{source}:uint8"
        yield helper.make_node(
            "DynamicQuantizeLinear", [source], [inputs[source], f"{source}:scale", f"{source}:zero"], f"{source}:round"
        )
    yield helper.make_node(
        "MatMulInteger", [inputs[source], f"{weight}:int8", f"{source}:zero"], [f"{out}:int32"], f"{out}:multiply"
    )
    yield helper.make_node("Cast", [f"{out}:int32"], [f"{out}:float"], f"{out}:cast", to=TensorProto.FLOAT)
    yield helper.make_node("Mul", [f"{source}:scale", f"{weight}:scale"], [f"{out}:rescaled"], f"{out}:scaling")
    yield helper.make_node("Mul", [f"{out}:float", f"{out}:rescaled"], [out], f"{out}:rescale")


def stub_integers(tensor: TensorProto) -> Iterable[TensorProto]:
    """Stubs of a matrix (inputs, outputs) in int8 and of its scales (outputs,) in float32."""
    from onnx import TensorProto

    inputs, outputs = tensor.dims
    return (
        stub_tensor(f"{tensor.name}:int8", (inputs, outputs), TensorProto.INT8, inputs * outputs),
        stub_tensor(f"{tensor.name}:scale", (outputs,), TensorProto.FLOAT, 4 * outputs),
    )


def stub_tensor(name: str, shape: Iterable[int], kind: int, size: int) -> TensorProto:
    """A tensor of ``size`` bytes that is stored elsewhere and supplied when the graph is loaded."""
    from onnx import TensorProto

    stub = TensorProto(name=name, dims=list(shape), data_type=kind)
    stub.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "weights"), ("offset", "0"), ("length", str(size))):
        stub.external_data.add(key=key, value=value)
    return stub
