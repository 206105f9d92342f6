"""A reader that uses any Hugging Face seq2seq model and aligns its answers to the passages."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError
from rag.machine.folders import find_folder
from rag.machine.quiet import silence_transformers
from rag.reader.alignment import align_answer
from rag.types import Passage, Reading, Readings

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_OVERLAP = 0.5
"""Minimum token F1 with a passage. An answer with less is considered made up and is not given."""
MAX_NEW_TOKENS = 64
"""Chosen by hand: about two sentences."""
BATCH = 8
"""Number of questions in a batch. Chosen by hand to bound memory."""
REFUSALS = ("unanswerable", "no answer", "not answerable", "i don't know", "none")


class Seq2SeqReader:
    """Prompts a model such as flan-t5 with the passages.

    :param name: a model name on the Hugging Face hub, or a folder. Only safetensors weights are loaded, and code from
        the model is never run.
    """

    copies = False

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def loaded(self) -> tuple[Any, Any]:
        """(tokenizer, model). :raises ModelError: if there is no such model or it is not a seq2seq model."""
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        folder = find_folder(self.name)
        source, local = (str(folder), True) if folder else (self.name, False)
        try:
            with silence_transformers():
                tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local, trust_remote_code=False)
                model = AutoModelForSeq2SeqLM.from_pretrained(
                    source, local_files_only=local, use_safetensors=True, trust_remote_code=False
                )
        except (OSError, ValueError, ImportError, KeyError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            raise ModelError(
                f"Cannot load a seq2seq model with safetensors weights from {self.name!r} ({reason}): "
                "name another model or folder with --reader, or leave it out to use the built-in reader."
            ) from None
        return tokenizer, model.eval()

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        """One aligned answer for each question (see :class:`rag.types.Reader`)."""
        readings: list[Readings] = []
        for start in range(0, len(questions), BATCH):
            batch = slice(start, start + BATCH)
            texts = [[p.text for p in found] for found in passages[batch]]
            prompts = [write_prompt(q, found) for q, found in zip(questions[batch], passages[batch], strict=True)]
            for (answer, probability), found in zip(self.generate(prompts), texts, strict=True):
                readings.append(Readings((write_reading(answer, probability, found),)))
        return readings

    def generate(self, prompts: Sequence[str]) -> list[tuple[str, float]]:
        """(answer, geometric mean of its token probabilities) for each prompt, with greedy decoding."""
        import torch

        tokenizer, model = self.loaded
        limit = min(int(tokenizer.model_max_length), 2048)
        inputs = tokenizer(list(prompts), return_tensors="pt", padding=True, truncation=True, max_length=limit)
        inputs = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            output = model.generate(
                **inputs, max_new_tokens=MAX_NEW_TOKENS, do_sample=False, num_beams=1,
                output_logits=True, return_dict_in_generate=True,
            )  # fmt: skip
        steps = torch.stack(output.logits, dim=1).float().log_softmax(dim=-1)
        chosen = output.sequences[:, -steps.shape[1] :]
        scores = steps.gather(2, chosen.unsqueeze(-1)).squeeze(-1)
        real = chosen != model.generation_config.pad_token_id
        means = (scores * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
        answers = tokenizer.batch_decode(output.sequences, skip_special_tokens=True)
        return list(zip((a.strip() for a in answers), means.exp().tolist(), strict=True))


def write_prompt(question: str, passages: Sequence[Passage]) -> str:
    """Puts the question first, so that truncation removes the least relevant passages."""
    context = "\n\n".join(f"{p.context}: {p.text}" for p in passages)
    return (
        "Answer the question in a few words taken from the context. "
        f"If the context does not hold the answer, write: unanswerable.\n\nQuestion: {question}\n\nContext: {context}"
    )


def write_reading(answer: str, probability: float, texts: Sequence[str]) -> Reading:
    support = align_answer(answer, texts)
    if answer.lower().strip(" .") in REFUSALS or support is None or support.overlap < LEAST_OVERLAP:
        return Reading("", -1, 0, 0, 0.0, 1.0, "aligned")
    confidence = probability * support.overlap
    return Reading(answer, support.passage, support.start, support.end, confidence, 1 - confidence, "aligned")
