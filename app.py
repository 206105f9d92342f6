"""The chat page: ``python app.py`` starts it on this machine and prints its address, as ``ask --web`` does."""

from __future__ import annotations

import sys

from rag.cli import main

if __name__ == "__main__":
    sys.exit(main(["--web", *sys.argv[1:]]))
