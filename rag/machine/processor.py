"""Features of this machine's processor."""

from __future__ import annotations

from pathlib import Path


def multiplies_bf16() -> bool:
    """Whether the processor has bf16 matrix instructions. Without them, bf16 is a hundred times slower."""
    import torch

    try:
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    except (AttributeError, RuntimeError):
        flags = Path("/proc/cpuinfo")
        text = flags.read_text(encoding="ascii", errors="replace") if flags.is_file() else ""
        return "avx512_bf16" in text or "amx_bf16" in text
