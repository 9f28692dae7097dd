"""What ``policynlp train`` does."""

from collections.abc import Mapping, Sequence
from pathlib import Path

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
    sha256,
    themes_of,
)
from policynlp.training.evaluate import Figures, report
from policynlp.training.fit import Fit, fit_model
from policynlp.training.judge import Judged, Outcome
from policynlp.training.tables import as_table

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
        name=output.name,
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
    fit.model.details["metrics"] = cross_validated(fit.judged)
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


def cross_validated(found: Judged) -> Figures:
    """Return the out-of-fold figures of a fit, and those of rows as they come, if any."""

    def reports(outcomes: Mapping[str, Outcome]) -> Figures:
        return {n: report(found.model.themes, outcomes[n]) for n in ("paragraphs", "sections")}

    come = found.as_they_come()
    further = {"as_they_come": reports(found.levels(come))} if come.any() else {}
    return reports(found.levels()) | further


def run_train(corpus: Sequence[Path], output: Path) -> Judged:
    """Train, say how well it went and return the out-of-fold outcomes."""
    fit = train(corpus, output)
    print(as_table(fit.model.details["metrics"]))
    print(f"{fit.model.id} written to {output}")
    return fit.judged


def _file_details(path: Path) -> dict[str, str]:
    return {"file": f"{path.parent.name}/{path.name}", "sha256": sha256(path)}


def _sizes(sections: Sequence[LabelledSection]) -> dict[str, int]:
    return {
        "articles": len({section.article for section in sections}),
        "sections": len(sections),
        "paragraphs": sum(len(section.paragraphs) for section in sections),
    }
