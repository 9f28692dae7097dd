"""What ``policynlp train`` and ``policynlp evaluate`` do."""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sklearn

import policynlp
from policynlp.language.terms import Floats
from policynlp.model import default_folder, load, save
from policynlp.training.abstracts import fit_ranker, read_rows, read_words
from policynlp.training.card import model_card
from policynlp.training.corpus import (
    LabelledSection,
    corpus_files,
    read_code_book,
    read_corpus,
    themes_of,
)
from policynlp.training.dataset import unknown_themes
from policynlp.training.evaluate import as_table, evaluate, report
from policynlp.training.fit import Fit, fit_model

ABSTRACTS = "abstracts"


def train(paths: Sequence[Path], output: Path) -> Fit:
    """Train on the corpus files and folders ``paths`` and write a model folder to ``output``.

    Raises ``CorpusError`` where a record is wrong or a theme has too few examples.
    """
    sections = read_corpus(paths)
    code_book = read_code_book(paths)
    files = [_file_details(path) for path in corpus_files(paths)]
    abstracts, abstract_words = ranker_of(paths)
    fit = fit_model(
        sections,
        themes_of(sections, code_book),
        id=f"{output.name}-{_digest(files)}",
        abstracts=abstracts,
        abstract_words=abstract_words,
        details={
            "definitions": code_book or {},
            "corpus": {"files": files, **_sizes(sections)},
            "versions": {
                "policynlp": policynlp.__version__,
                "numpy": np.__version__,
                "scikit-learn": sklearn.__version__,
            },
        },
    )
    fit.model.details["metrics"] = cross_validated(fit)
    save(fit.model, output, model_card(fit.model))
    return fit


def ranker_of(paths: Sequence[Path]) -> tuple[Floats, dict[str, float]]:
    """Return the sentence ranker's weights and those of its words.

    They are fitted to the folder ``abstracts`` in one of ``paths``; a corpus without one
    keeps the bundled model's.
    """
    for path in paths:
        if (path / ABSTRACTS).is_dir():
            return fit_ranker(read_rows(path / ABSTRACTS)), read_words(path / ABSTRACTS)
    bundled = load(default_folder())
    words = zip(bundled.vocabulary.terms, bundled.abstract_words.tolist(), strict=True)
    return np.array(bundled.abstracts), dict(words)


def cross_validated(fit: Fit) -> dict[str, Any]:
    """Return the out-of-fold figures of a fit; no article is in training and test at once."""
    model, data = fit.model, fit.dataset
    return {
        "paragraphs": report(
            model.themes, data.paragraphs, fit.paragraphs, model.paragraph.threshold
        ),
        "sections": report(model.themes, data.sections, fit.sections, model.section.threshold),
    }


def run_train(corpus: Sequence[Path], output: Path) -> None:
    """Train and say how well it went."""
    fit = train(corpus, output)
    print(as_table(fit.model.details["metrics"]))
    print(f"{fit.model.id} written to {output}")


def run_evaluate(model: Path, data: Sequence[Path], json_output: bool) -> None:
    """Print the quality of a model on labelled files, and for what it cannot be measured."""
    loaded, sections = load(model), read_corpus(data)
    for theme, n in sorted(unknown_themes(sections, loaded.themes).items()):
        note = f"{theme} ({n} sections) is not measured: {loaded.id} does not know it"
        print(note, file=sys.stderr)
    result = evaluate(loaded, sections)
    if json_output:
        json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        print(as_table(result))


def _file_details(path: Path) -> dict[str, str]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"file": f"{path.parent.name}/{path.name}", "sha256": digest}


def _digest(files: Sequence[dict[str, str]]) -> str:
    joined = "".join(file["sha256"] for file in files)
    return hashlib.sha256(f"{policynlp.__version__}{joined}".encode()).hexdigest()[:8]


def _sizes(sections: Sequence[LabelledSection]) -> dict[str, int]:
    return {
        "articles": len({section.article for section in sections}),
        "sections": len(sections),
        "paragraphs": sum(len(section.paragraphs) for section in sections),
    }
