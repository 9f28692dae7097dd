"""Six kinds of text that no model of ours was trained on, in pieces as long as short articles."""

from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "data" / "other_texts"
KINDS: Final = ("novel", "sports", "english", "forum", "classical", "garbage")
PIECES: Final = 25


def pieces(kind: str) -> list[str]:
    """Put lines of a kind together, others for each piece: two paragraphs of four lines."""
    lines = (_FOLDER / f"{kind}.txt").read_text(encoding="utf-8").splitlines()

    def paragraph(first: int) -> str:
        return "".join(lines[(first + i) % len(lines)] for i in range(4))

    return [
        f"{paragraph(7 * piece)}\n{paragraph(7 * piece + 4 * (1 + piece % 4))}"
        for piece in range(PIECES)
    ]
