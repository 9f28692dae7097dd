"""What people said of paragraphs, whatever they said it in."""

from typing import NamedTuple


class Reviewed(NamedTuple):
    """A paragraph with the labels that a reader gave it.

    ``paragraphs`` is its section and ``at`` its place there; ``section`` names the section;
    ``disputed`` are labels that readers of one export differ on; ``predicted`` is ``None``
    where the reader was shown no tags.
    """

    section: str
    article: str
    heading: str
    paragraphs: tuple[str, ...]
    at: int
    labels: frozenset[str]
    labelled_for: tuple[str, ...]
    disputed: frozenset[str] = frozenset()
    predicted: frozenset[str] | None = None
    sampling: str = ""
    source: str = ""
    model: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The paragraph itself."""
        return self.paragraphs[self.at]

    @property
    def accepted(self) -> bool:
        """Whether the reader left the tags as they were."""
        return self.labels == self.predicted


class Reading(NamedTuple):
    """A file of labels: its name, what was reviewed, and how many rows were left blank."""

    name: str
    rows: list[Reviewed]
    blank: int
