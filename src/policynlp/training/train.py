"""What ``policynlp train`` does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn

import policynlp
from policynlp.corpus.code_book import read_code_book, themes_of
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import read_corpus
from policynlp.corpus.records import HELD_OUT, corpus_files, plain_name, sha256
from policynlp.errors import OutputError, WorseModelError
from policynlp.evaluation.evaluate import Figures, level_figures
from policynlp.evaluation.predictions import Outcome, Predictions
from policynlp.evaluation.tables import as_table
from policynlp.files.output_paths import check_name, check_writable, identity, within
from policynlp.language.terms import Floats
from policynlp.messages import say
from policynlp.model import MANIFEST, default_folder, load, save
from policynlp.training.card import model_card
from policynlp.training.changes import (
    Case,
    Refit,
    change_lines,
    changes_on_added,
    changes_on_held_out,
)
from policynlp.training.fit import Fit, fit_model
from policynlp.training.profile import reference_of
from policynlp.training.ranker import fit_ranker, read_rows, read_words

ABSTRACTS = "abstracts"

# Takes lines for a person to read.
Tell = Callable[..., object]


class Additions(NamedTuple):
    """Corpus folders that are added to a corpus, and how much their labels count beside its."""

    paths: Sequence[Path] = ()
    weight: float = 1.0


NOTHING = Additions()


def train(paths: Sequence[Path], output: Path, added: Additions = NOTHING) -> Fit:
    """Train on the corpus files and folders ``paths`` and write a model folder to ``output``.

    Raises ``CorpusError`` where a record is wrong or a theme has too few examples, and
    ``OutputError`` where a model must not be written.
    """
    check_model_folder(output, [*paths, *added.paths])
    fit = fit_corpus(paths, output.name, added)
    save(fit.model, output, model_card(fit.model))
    return fit


def fit_corpus(paths: Sequence[Path], name: str, added: Additions = NOTHING) -> Fit:
    """Fit a model and its card's figures, and write nothing; errors are those of :func:`train`."""
    sections, fit = _prepare(paths, name, added)
    found = fit(sections)
    _describe(found)
    return found


def _describe(fit: Fit) -> None:
    """Note in the model how good it is, and what it was trained on is like."""
    fit.model.details["metrics"] = cross_validated(fit.predictions)
    fit.model.details["reference"] = reference_of(fit.predictions).as_record()


def _prepare(
    paths: Sequence[Path], name: str, added: Additions
) -> tuple[list[LabelledSection], Refit]:
    """Return all labelled sections, and what fits a model to them or some of them."""
    everything = [*paths, *added.paths]
    further = set(map(str, corpus_files(added.paths)))
    sections = [
        replace(section, weight=added.weight) if section.file in further else section
        for section in read_corpus(everything)
    ]
    code_book = read_code_book(everything)
    files = [_file_details(path) for path in corpus_files(paths)]
    files += [_file_details(path) | {"weight": added.weight} for path in corpus_files(added.paths)]
    abstracts, abstract_words = ranker_of(everything)
    details = {
        "definitions": code_book or {},
        "corpus": {"files": files, **_sizes(sections)},
        "versions": {
            "policynlp": policynlp.__version__,
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }
    themes = themes_of(sections, code_book)

    def fit(chosen: Sequence[LabelledSection], only: Sequence[str] = themes) -> Fit:
        return fit_model(
            chosen,
            only,
            name=name,
            abstracts=abstracts,
            abstract_words=abstract_words,
            details=dict(details),
        )

    return sections, fit


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


def cross_validated(found: Predictions) -> Figures:
    """Return the out-of-fold figures of a fit, and those of rows as they come, if any."""

    def reports(outcomes: Mapping[str, Outcome]) -> Figures:
        return {
            n: level_figures(found.model.themes, outcomes[n]) for n in ("paragraphs", "sections")
        }

    come = found.as_they_come()
    further = {"as_they_come": reports(found.levels(come))} if come.any() else {}
    return reports(found.levels()) | further


def run_train(corpus: Sequence[Path], output: Path, tell: Tell) -> Predictions:
    """Train, tell how well it went and return the out-of-fold outcomes."""
    fit = train(corpus, output)
    tell(*as_table(fit.model.details["metrics"]))
    tell(say("{id} written to {output}", id=fit.model.id, output=output))
    return fit.predictions


def run_update(
    corpus: Sequence[Path],
    output: Path,
    added: Additions,
    tell: Tell,
    *,
    against: Path | None = None,
    force: bool = False,
) -> tuple[Predictions, list[Case]]:
    """Train, tell what changes against the current model, and write the new one if it may be.

    The current model is ``against``, else the one in ``output``, else the bundled one. Raises
    ``WorseModelError`` and writes nothing if the new one is worse, unless ``force``. Returns the
    out-of-fold outcomes, and the paragraphs that are right now or wrong now.
    """
    check_model_folder(output, [*corpus, *added.paths])
    stands = (output / MANIFEST).is_file()
    current = load(against or (output if stands else default_folder()))
    sections, refit = _prepare(corpus, output.name, added)
    fit = refit(sections)
    _describe(fit)
    tell(*as_table(fit.model.details["metrics"]))
    changes = [
        *changes_on_held_out(current, fit.model, held_out(corpus)),
        *changes_on_added(current, sections, refit, corpus_files(added.paths)),
    ]
    tell(*change_lines(current, changes))
    if not changes:
        tell(
            say(
                "nothing to hold it against {id} by: no held-out text, too few added labels",
                id=current.id,
            )
        )
    worse = [line for change in changes[:1] for line in change.worse()]
    if worse and not force:
        raise WorseModelError(
            "{output} was not written: worse than {id} on {data}: {worse}; look at its "
            "labels, or write it all the same with --force",
            output=output,
            id=current.id,
            data=changes[0].name,
            worse=say("; ").join(worse),
        )
    save(fit.model, output, model_card(fit.model))
    tell(say("{id} written to {output}", id=fit.model.id, output=output))
    return fit.predictions, [case for change in changes for case in change.cases]


def held_out(corpus: Sequence[Path]) -> list[Path]:
    """Return the held-out folders that lie in corpus folders."""
    return [path / HELD_OUT for path in corpus if (path / HELD_OUT).is_dir()]


def _file_details(path: Path) -> dict[str, Any]:
    return {"file": f"{path.parent.name}/{plain_name(path)}", "sha256": sha256(path)}


def _sizes(sections: Sequence[LabelledSection]) -> dict[str, int]:
    return {
        "articles": len({section.article for section in sections}),
        "sections": len(sections),
        "paragraphs": sum(len(section.paragraphs) for section in sections),
    }


def check_model_folder(folder: Path, reads: Sequence[Path]) -> None:
    """Refuse a folder for a model that holds or lies in what is read, or holds something else.

    A model that stands there may be replaced: that is how one is trained again. Raises
    ``OutputError``.
    """
    check_name(folder)
    for path in reads:
        if identity(path) in within(folder) or identity(folder) in within(path):
            raise OutputError(
                "{folder}: a model must not be written over or into {path}, which it is "
                "trained on; choose a folder outside of it",
                folder=folder,
                path=path,
            )
    if folder.exists() and not folder.is_dir():
        raise OutputError("{folder}: is a file; name a folder for the model", folder=folder)
    if folder.is_dir() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise OutputError(
            "{folder}: holds files but no model (no {manifest}); choose a new or an empty folder",
            folder=folder,
            manifest=MANIFEST,
        )
    check_writable(folder)
