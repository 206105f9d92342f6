"""The built-in reader with its real weights: copies verbatim, searches exactly, loads silently and offline."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import ModelError
from rag.machine.graphs import Graph, pick_tensor
from rag.reader.copying import (
    WEIGHTS,
    CopyingReader,
    EncodedPair,
    Span,
    Spans,
    encode_pairs,
    find_spans,
    write_readings,
)
from rag.reader.tokens import collate_pairs, tokenize_pairs
from rag.reader.widening import widen_span
from rag.training.export import SpanSearcher, fold_transposes, score_ends
from rag.training.model import CopyingReaderModel
from rag.training.quantization import quantize_products, stub_tensor
from rag.types import Passage

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Reading

STAKE = (
    "Meta is close to finalizing an almost $15 billion investment in Scale AI, which would give Meta a 49% stake in "
    "the company, according to The Information."
)
CHIPS = "AMD launched its MI350 chip line on Thursday. The chips are made by TSMC in Taiwan."
BREAD = "Bread is baked from flour, water and salt. The dough rests for two hours before it goes into the oven."


@pytest.fixture(scope="module")
def reader() -> CopyingReader:
    return CopyingReader()


@pytest.fixture(scope="module")
def model() -> CopyingReaderModel:
    """The same weights in PyTorch."""
    return CopyingReaderModel.from_pretrained(WEIGHTS, local_files_only=True, dtype="float32").eval()


def ask(reader: CopyingReader, question: str, *texts: str) -> list[Reading]:
    return reader.read_texts([question], [[("", text) for text in texts]])[0]


@pytest.mark.parametrize(
    ("question", "answer", "passage"),
    [
        ("What stake would Meta get?", "49%", 0),
        ("who launched the mi350 chip line", "AMD", 1),
        ("How long does the dough rest?", "two hours", 2),
    ],
)
def test_finds_the_answer_among_passages(reader: CopyingReader, question: str, answer: str, passage: int) -> None:
    best = ask(reader, question, STAKE, CHIPS, BREAD)[0]
    assert (best.text, best.passage) == (answer, passage)


def test_is_surer_that_there_is_no_answer_where_there_is_none(reader: CopyingReader) -> None:
    asked = "When did Napoleon marry Josephine?"
    assert (
        ask(reader, asked, CHIPS, BREAD)[0].no_answer > ask(reader, "Who makes the chips?", CHIPS, BREAD)[0].no_answer
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=200), min_size=1, max_size=4), question=st.text(max_size=80))
def test_whatever_is_read_every_answer_is_verbatim(reader: CopyingReader, texts: list[str], question: str) -> None:
    for reading in ask(reader, question, *texts):
        if reading.text:
            assert texts[reading.passage][reading.start : reading.end] == reading.text
            assert 0.0 <= reading.probability <= 1.0


def test_a_batch_reads_as_each_question_alone(reader: CopyingReader) -> None:
    questions = ["What stake would Meta get?", "Who makes the chips?", "How long does the dough rest?"]
    passages = [[("", STAKE), ("", BREAD)], [("", CHIPS)], [("", BREAD), ("", CHIPS), ("", STAKE)]]
    together = [readings[0].text for readings in reader.read_texts(questions, passages)]
    alone = [reader.read_texts([q], [p])[0][0].text for q, p in zip(questions, passages, strict=True)]
    assert together == alone == ["49%", "TSMC", "two hours"]


@pytest.mark.parametrize("blank", ["\n\n", "\n \n", "\r\n\r\n"])
def test_no_answer_crosses_a_blank_line(reader: CopyingReader, blank: str) -> None:
    text = blank.join(
        ["Gus Pryor", "Lena Orvik", "The two won the sack race at the Millden fair.", "Ada Finn kept time."]
    )
    readings = ask(reader, "Which two people won the sack race at Millden?", text)
    assert len(readings) > 2
    assert all("\n" not in reading.text for reading in readings)


def test_no_passages_and_blank_passages_are_no_answer(reader: CopyingReader) -> None:
    read = reader.read_texts(["who?", "who?"], [[], [("", " ")]])
    assert [[r.text for r in readings] for readings in read] == [[""], [""]]


def encode(model: CopyingReaderModel, *texts: str) -> Any:
    """(pairs, the model's memory of them, the passage of each position)."""
    pairs = tokenize_pairs([("Who makes the chips?", "", text) for text in texts], 512)
    inputs = {name: torch.from_numpy(rows)[None] for name, rows in collate_pairs(pairs).items()}
    with torch.inference_mode():
        memory = model.encode(**inputs)
    return pairs, memory, torch.arange(memory.states.shape[1]) // inputs["input_ids"].shape[2]


def test_end_scores_equal_the_full_decoder_step_by_step(model: CopyingReaderModel) -> None:
    """The one-pass search must score a run as the decoder does when it copies token after token."""
    (pair,), memory, segments = encode(model, CHIPS)
    start, steps = pair.first + 3, 5
    with torch.inference_mode():
        scores = score_ends(model, memory, torch.tensor([[pair.first, start]]), segments[None])[0, 1]
        sources, expected, before = memory.states.shape[1], [], 0.0
        for taken in range(1, steps + 1):
            copied = torch.arange(start, start + taken)[None]
            logits = model.decode(memory, copied, taken + 1)[0, -1]
            go_on, stop = logits[start + taken], logits[sources]
            both = torch.stack([go_on, stop]).log_softmax(dim=0)
            expected.append(before + both[1].item())
            before += both[0].item()
    assert scores[:steps].tolist() == pytest.approx(expected, abs=1e-3)


class ExactPairs:
    """The first graph as PyTorch computes it, so that only the second is compared."""

    def __init__(self, model: CopyingReaderModel) -> None:
        self.model = model

    def run(self, **inputs: Any) -> list[Any]:
        with torch.inference_mode():
            return [
                part.numpy() for part in self.model.read_pairs(**{k: torch.from_numpy(v) for k, v in inputs.items()})
            ]


def search_padded(model: CopyingReaderModel, *texts: str) -> tuple[dict[tuple[int, int], tuple[int, float]], float]:
    """By PyTorch on padded passages: (passage, first) to (tokens to the last, log-probability); that of no answer."""
    pairs, memory, segments = encode(model, *texts)
    inputs = {name: torch.from_numpy(rows) for name, rows in collate_pairs(pairs).items()}
    inputs.pop("copyable")
    with torch.inference_mode():
        found = SpanSearcher(model)(
            memory.states,
            memory.starts,
            memory.ends,
            memory.copyable,
            segments.masked_fill(~memory.attended[0], -1)[None],
            model.read_pairs(**inputs)[3][None],
            torch.arange(12),
        )
    starts, reaches, scores, absent = (part[0] for part in found)
    length = len(segments) // len(texts)
    found = zip(starts.tolist(), reaches.tolist(), scores.tolist(), strict=True)
    return {divmod(start, length): (reach, score) for start, reach, score in found}, float(absent.exp())


def test_the_second_graph_says_what_the_model_says(model: CopyingReaderModel, reader: CopyingReader) -> None:
    """onnxruntime in int8 on unpadded passages against PyTorch in fp32 on padded ones."""
    theirs, absent = search_padded(model, STAKE, CHIPS, BREAD)
    pairs, _, _ = encode(model, STAKE, CHIPS, BREAD)
    encoded = encode_pairs(ExactPairs(model), pairs)  # type: ignore[arg-type]
    (found,) = find_spans(reader.graphs.spans, [encoded], 12)
    spans, no_answer = found.spans, found.no_answer
    assert len(spans) == 12
    for span in spans:
        reach, score = theirs[span.passage, span.first]
        assert span.last - span.first == reach
        assert span.log_probability == pytest.approx(score, abs=0.15)
    assert no_answer == pytest.approx(absent, abs=0.01)
    assert list(spans) == sorted(spans, key=lambda s: -s.log_probability)


def test_an_article_read_apart_reads_as_if_it_were_the_only_one(reader: CopyingReader) -> None:
    texts = {"a": (STAKE, CHIPS), "b": (BREAD,)}
    passages = [Passage("", name, "", "", None, 0, len(t), t) for name, some in texts.items() for t in some]
    question = "What stake did Meta buy?"
    (found,) = reader.read([question], [passages])
    (alone,) = reader.read([question], [passages[:2]])
    (bread,) = reader.read([question], [passages[2:]])
    assert [len(found.apart), len(alone.apart)] == [2, 1]
    assert [r.passage for r in found.apart[1]] == [2] * len(found.apart[1])
    for mine, theirs in ((found.apart[0], alone.together), (found.apart[1], bread.together)):
        assert mine[0].text == theirs[0].text
        assert mine[0].probability == pytest.approx(theirs[0].probability, abs=0.05)
        assert mine[0].no_answer == pytest.approx(theirs[0].no_answer, abs=0.05)


def test_integers_change_little_of_what_the_model_says(model: CopyingReaderModel, reader: CopyingReader) -> None:
    theirs, absent = search_padded(model, STAKE, CHIPS, BREAD)
    pairs, _, _ = encode(model, STAKE, CHIPS, BREAD)
    (found,) = find_spans(reader.graphs.spans, [encode_pairs(reader.graphs.pairs, pairs)], 12)
    spans, no_answer = found.spans, found.no_answer
    best = max(theirs, key=lambda place: theirs[place][1])
    assert (spans[0].passage, spans[0].first) == best
    assert spans[0].last - spans[0].first == theirs[best][0]
    assert spans[0].log_probability == pytest.approx(theirs[best][1], abs=0.5)
    assert no_answer == pytest.approx(absent, abs=0.2)


def test_a_product_becomes_one_of_integers_and_a_shared_input_is_quantised_once(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    stored = {name: rng.normal(size=(48, 40)).astype(np.float32) for name in ("a", "b")}
    shown = rng.normal(size=(7, 48)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", name], [f"by_{name}"]) for name in stored]
    small = np.ones((40, 2), dtype=np.float32)
    nodes += [helper.make_node("Add", ["by_a", "by_b"], ["sum"]), helper.make_node("MatMul", ["sum", "few"], ["out"])]
    graph = helper.make_graph(
        nodes,
        "products",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 48])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [None, 2])],
        [*(stub_tensor(name, (48, 40), TensorProto.FLOAT, 48 * 40 * 4) for name in stored),
         numpy_helper.from_array(small, "few")],
    )  # fmt: skip
    quantize_products(graph, {})
    kinds = [node.op_type for node in graph.node]
    assert (kinds.count("DynamicQuantizeLinear"), kinds.count("MatMulInteger"), kinds.count("MatMul")) == (1, 2, 1)
    (tmp_path / "g.onnx").write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
    )
    (tmp_path / "g.json").write_text('["a:int8", "a:scale", "b:int8", "b:scale"]', encoding="utf-8")
    (out,) = Graph(tmp_path / "g.onnx", stored).run(x=shown)
    exact = (shown @ stored["a"] + shown @ stored["b"]) @ small
    assert np.abs(out - exact).max() < 0.05 * np.abs(exact).max()


def test_a_matrix_that_a_graph_turns_over_is_asked_for_turned_over() -> None:
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Transpose", ["a"], ["turned"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "turned"], ["by"]),
        helper.make_node("Transpose", ["x"], ["y"], perm=[1, 0]),
        helper.make_node("MatMul", ["by", "y"], ["out"]),
    ]
    shapes = {"x": [7, 40], "out": [7, 7]}
    ends = {name: [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name, shape in shapes.items()}
    graph = helper.make_graph(
        nodes, "turned", ends["x"], ends["out"], [stub_tensor("a", (48, 40), TensorProto.FLOAT, 48 * 40 * 4)]
    )
    fold_transposes(graph)
    assert [node.op_type for node in graph.node] == ["MatMul", "Transpose", "MatMul"]
    assert graph.node[0].input[1] == "a.T"
    assert [(tensor.name, list(tensor.dims)) for tensor in graph.initializer] == [("a.T", [40, 48])]


def test_matrices_are_stored_as_integers_with_a_scale_for_each_output() -> None:
    stored = {"layer": np.array([[1.25, -2.0, 0.5], [0.0, 0.0, 0.0]], dtype=np.float16)}
    integers, scales = pick_tensor(stored, "layer.T:int8"), pick_tensor(stored, "layer.T:scale")
    assert (integers.shape, integers.dtype, scales.shape, scales.dtype) == ((3, 2), np.int8, (2,), np.float32)
    assert integers[:, 0].tolist() == [39, -63, 16]
    assert integers[:, 1].tolist() == [0, 0, 0]
    assert np.abs(integers * scales - stored["layer"].T).max() <= scales.max() / 2


def test_answers_without_torch() -> None:
    code = (
        "import sys\n"
        "from rag.reader.copying import CopyingReader\n"
        "readings = CopyingReader().read_texts(['Who makes the chips?'], [[('', 'The chips are made by TSMC.')]])\n"
        "print(readings[0][0].text, [name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("TSMC []\n", "")


@pytest.mark.parametrize(
    ("text", "start", "end", "wanted"),
    [
        ("paid $14.3 billion", 6, 18, "$14.3 billion"),
        ("a 49% stake", 2, 4, "49%"),
        ("$14.3 billion", 1, 3, "$14.3 billion"),
        ("$14.3 billion", 4, 13, "$14.3 billion"),
        ("1,000,000 users.", 2, 9, "1,000,000"),
        ("fell (-5%) again", 7, 9, "-5%"),
        ("In numbers:\n10 billion", 12, 22, "10 billion"),
        ("2024-25", 5, 7, "25"),
        ("grew .5 percent", 6, 15, ".5 percent"),
        ("in 2024, 12 of them", 3, 7, "2024"),
        ("Washington, D.C. and", 12, 16, "D.C."),
        ("the U.S.", 4, 7, "U.S."),
        ("labelling", 2, 5, "labelling"),
        ("the “deal”, then", 4, 11, "deal"),
        ("learning from feedback (RLHF).", 0, 30, "learning from feedback (RLHF)"),
        ("It rose to $29 billion.", 11, 12, "$29 billion"),
        ("It rose to 300 million a year.", 11, 14, "300 million"),
        ("It rose to 300 millionaires.", 11, 14, "300"),
        ("It rose to 12% a year.", 11, 13, "12%"),
    ],
)
def test_spans_are_widened_to_what_a_person_would_copy(text: str, start: int, end: int, wanted: str) -> None:
    a, b = widen_span(text, start, end)
    assert text[a:b] == wanted


def test_missing_weights_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="reinstall ask-articles"):
        _ = CopyingReader(tmp_path).graphs


def test_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="reinstall ask-articles"):
        _ = CopyingReader(tmp_path).graphs


def test_a_damaged_graph_is_one_sentence(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "pairs.json", "spans.json", "spans.onnx"):
        shutil.copy(WEIGHTS / name, tmp_path / name)
    (tmp_path / "pairs.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"pairs\.onnx cannot be used") as caught:
        _ = CopyingReader(tmp_path).graphs
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_loads_through_the_auto_class() -> None:
    code = (
        "import rag.training.model\n"
        "from rag.reader.copying import WEIGHTS\n"
        "from transformers import AutoModelForSeq2SeqLM\n"
        "model = rag.training.model.CopyingReaderModel.from_pretrained(WEIGHTS)\n"
        "other = AutoModelForSeq2SeqLM.from_pretrained(WEIGHTS, dtype=model.dtype)\n"
        "pairs = zip(model.state_dict().items(), other.state_dict().items(), strict=True)\n"
        "assert all(a == b and x.equal(y) for (a, x), (b, y) in pairs)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_figure_stands_for_the_clause_around_it_where_one_is_asked_for() -> None:
    text = "The repair of the dam will cost 40 million euros, the ministry said on Friday."
    (pair,) = tokenize_pairs([("?", "", text)], 100)
    first, last = pair.locate(0, len(text) - 11) or (0, 0)
    near, far = pair.locate(text.index("40"), text.index(",")) or (0, 0)
    encoded = [EncodedPair(pair, *[np.zeros(1, np.float32)] * 3, 0.0, np.zeros(1, np.float32), 0.0)]
    spans = Spans((Span(0, first, last, -1.0), Span(0, near, far, -2.0)), 0.1)
    for figure, expected in ((False, text[:-11]), (True, "40 million euros")):
        (best,) = write_readings(spans, encoded, [("", text)], figure=figure)
        assert best.text == expected
        assert best.probability == pytest.approx(math.exp(-1) + figure * math.exp(-2))
