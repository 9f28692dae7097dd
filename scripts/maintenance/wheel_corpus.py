"""What hatchling runs while it builds a wheel: the corpus goes in, compressed.

The package is built by hatchling alone, so nothing of policynlp is imported here. Files are
compressed as they are, byte for byte: what is trained on the wheel's corpus is the model that the
repository's gives.
"""

import lzma
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Of 9.2 MB of counts xz leaves 1.69 MB, gzip 2.48 MB.
PRESET = 6 | lzma.PRESET_EXTREME
COMPRESSED = {".jsonl", ".tsv"}
# News go as counts alone: their text, should it lie there, is not ours to publish.
SHIPPED = (
    "README.md",
    "themes.toml",
    "abstracts/*.tsv",
    "news/*.counts.jsonl",
    "held_out/*.*",
    "written/*.*",
)


class WheelCorpus(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the files of ``corpus/`` into the wheel as ``policynlp/base/``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compress the corpus for a wheel; an editable one reads ``corpus/`` itself."""
        if version == "editable":
            return
        self._folder = TemporaryDirectory()
        corpus = Path(self.root, "corpus")
        for file in sorted(file for pattern in SHIPPED for file in corpus.glob(pattern)):
            place = file.relative_to(corpus).as_posix()
            if file.suffix in COMPRESSED:
                packed = Path(self._folder.name, place.replace("/", "_"))
                packed.write_bytes(lzma.compress(file.read_bytes(), preset=PRESET))
                build_data["force_include"][str(packed)] = f"policynlp/base/{place}.xz"
            else:
                build_data["force_include"][str(file)] = f"policynlp/base/{place}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the compressed files, which are in the wheel now."""
        if version != "editable":
            self._folder.cleanup()
