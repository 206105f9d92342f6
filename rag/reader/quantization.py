"""Products with stored weights computed in int8, which takes about half the time of fp32 (decisions/0007)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from onnx import GraphProto, NodeProto, TensorProto

LEAST_OUTPUTS = 32
"""A product with fewer is a score, where rounding would show and no time be saved."""


def quantize_products(graph: GraphProto) -> None:
    """Rewrites each ``MatMul`` of a graph by a stored matrix so that integers are multiplied.

    Inputs are quantised as they come (uint8, one scale for all of them), weights when the graph is loaded (int8, one
    scale for each output; see :func:`rag.graphs.pick_tensor`), as in Jacob et al. 2018.

    :param graph: whose weights are stubs, stored elsewhere under their names.
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
        if weight in stored:
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


def multiply_integers(node: NodeProto, inputs: dict[str, str]) -> Iterator[NodeProto]:
    """The nodes in the place of one product.

    :param inputs: input to its quantised name; what several products share is quantised once.
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
    """A tensor of ``size`` bytes that is stored elsewhere and handed over when the graph is loaded."""
    from onnx import TensorProto

    stub = TensorProto(name=name, dims=list(shape), data_type=kind)
    stub.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "weights"), ("offset", "0"), ("length", str(size))):
        stub.external_data.add(key=key, value=value)
    return stub
