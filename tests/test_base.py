"""The base corpus: compressed files are read as plain ones are, and `--base` trains on it."""

import json
import lzma
import shutil
from pathlib import Path

import pytest

from conftest import ROOT, THEMES
from policynlp import cli
from policynlp.corpus.base import base_folder
from policynlp.corpus.counts import write_counts
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import read_corpus
from policynlp.corpus.records import sha256
from policynlp.errors import CorpusError
from policynlp.model import load
from policynlp.training.train import Additions, train_folder


def _pack(path: Path) -> Path:
    """Replace a file by a compressed one."""
    packed = path.with_name(f"{path.name}.xz")
    packed.write_bytes(lzma.compress(path.read_bytes()))
    path.unlink()
    return packed


def _rows(path: Path) -> Path:
    """Write labelled paragraphs, each an article, without labels of their sections."""
    texts = [
        (f"青石县第{i}批重点项目开工，总投资{i + 3}亿元，建设提速。", ["项目建设"])
        for i in range(12)
    ] + [(f"青石县第{i}小学迎来新生，家长送孩子到校。", []) for i in range(12)]
    records = [
        {
            "id": f"mine-{i}",
            "article": f"mine-{i}",
            "heading": "",
            "paragraphs": [{"text": text, "themes": themes}],
            "labelled_for": ["项目建设"],
        }
        for i, (text, themes) in enumerate(texts)
    ]
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_checkout_reads_its_own_corpus() -> None:
    assert base_folder() == ROOT / "corpus"


def test_compressed_text_and_counts_are_read_as_plain_ones_are(
    written: list[LabelledSection], tmp_path: Path
) -> None:
    write_counts(written[:200], tmp_path / "a.counts.jsonl")
    text = ROOT / "corpus" / "held_out" / "plans.jsonl"
    (tmp_path / "b.jsonl").write_bytes(text.read_bytes())
    files = sorted(tmp_path.iterdir())
    plain, hashes = read_corpus([tmp_path]), [sha256(path) for path in files]
    packed = [_pack(path) for path in files]
    again = read_corpus([tmp_path])
    assert [sha256(path) for path in packed] == hashes
    assert {section.file for section in again} == set(map(str, packed))
    for one, other in zip(plain, again, strict=True):
        assert (one.heading, one.paragraphs) == (other.heading, other.paragraphs)
        assert (one.id, one.article, one.themes) == (other.id, other.article, other.themes)


@pytest.mark.parametrize("end", [0, 30, -1])
def test_a_broken_compressed_file_is_named(tmp_path: Path, end: int) -> None:
    path = tmp_path / "a.jsonl.xz"
    path.write_bytes(lzma.compress(b"{}\n" * 100)[:end])
    with pytest.raises(CorpusError, match=r"a\.jsonl\.xz: "):
        read_corpus([path])


@pytest.mark.long
def test_base_with_rows_is_the_base_corpus_with_rows_added(
    small_corpus: Path, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the base is compressed, as in the wheel: the same bytes."""
    rows = _rows(tmp_path / "rows.jsonl")
    # A model names the folder of a file, so this one is called as that of the small corpus.
    base = tmp_path / small_corpus.name
    shutil.copytree(small_corpus, base)
    for path in [*base.glob("*.jsonl"), *base.glob("abstracts/*")]:
        _pack(path)
    monkeypatch.setattr("policynlp.corpus.base.base_folder", lambda: base)
    one, other = tmp_path / "one" / "model", tmp_path / "other" / "model"
    command = ["train", str(rows), "--base", "--against", str(small_model), "-o", str(one)]
    assert cli.main([*command, "--force"]) == 0
    train_folder([small_corpus], other, Additions([rows]))
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(files) > 5
    assert [f for f in files if (one / f).read_bytes() != (other / f).read_bytes()] == []
    assert load(one).themes == tuple(THEMES)


def test_without_corpus_and_base_there_is_nothing_to_train_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "-o", str(tmp_path / "model")]) == 1
    assert "name a CORPUS, or give --base" in capsys.readouterr().err


def test_a_card_of_rows_alone_has_no_empty_table(tmp_path: Path) -> None:
    model = tmp_path / "model"
    train_folder([_rows(tmp_path / "rows.jsonl")], model)
    card = (model / "README.md").read_text(encoding="utf-8")
    assert "Per paragraph, macro-F1" in card
    assert "| 项目建设 | 12 of 24 |" in card
    assert "Per section" not in card
    assert card.count("| theme |") == 1
