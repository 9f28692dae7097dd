"""What ``policynlp train`` does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn

import policynlp
from policynlp.analyzer import Analyzer
from policynlp.card import model_card
from policynlp.corpus.base import base_folder
from policynlp.corpus.code_book import read_code_book, themes_of
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import labelled, paths_of, read_corpus
from policynlp.corpus.records import HELD_OUT, corpus_files, plain_name, sha256
from policynlp.errors import WorseModelError
from policynlp.evaluation.evaluate import Figures, level_figures
from policynlp.evaluation.predictions import Outcome, Predictions
from policynlp.evaluation.tables import as_table, in_words
from policynlp.language.terms import Floats
from policynlp.messages import say
from policynlp.model import MANIFEST, check_model_folder, default_folder, load, save
from policynlp.phases import Phase, TellPhase, silent
from policynlp.training.changes import (
    Case,
    Refit,
    change_lines,
    changes_on_added,
    changes_on_held_out,
)
from policynlp.training.fit import Fit, fit_model
from policynlp.training.fit_ranker import fit_ranker, read_rows, read_words
from policynlp.training.profile import reference_of

ABSTRACTS = "abstracts"

# Takes lines for a person to read.
Tell = Callable[..., object]


class Additions(NamedTuple):
    """Corpus folders that are added to a corpus, and how much their labels count beside its."""

    paths: Sequence[Path] = ()
    weight: float = 1.0


NOTHING = Additions()


def train(
    data: object,
    *,
    base: bool = False,
    name: str = "model",
    definitions: Mapping[str, str] | None = None,
    tell_phase: TellPhase = silent,
) -> Analyzer:
    """Train a model on labelled text and return an analyzer with it; nothing is written.

    ``data`` is paths of corpus files and folders, or rows as :func:`policynlp.corpus.read.labelled`
    takes them. With ``base`` the corpus of the bundled model is trained on, too. ``definitions`` of
    themes by name say which are learned, in this order; else the code book in one of the folders
    does, else all that rows are labelled for are. What was measured out of fold is in
    ``model.details["metrics"]``. Raises ``CorpusError`` where a row is wrong or a theme has too
    few examples. ``tell_phase`` is told how far it is.
    """
    tell_phase(Phase(say("reading the corpus")))
    ours, theirs = [base_folder()] if base else [], paths_of(data)
    paths = [*ours, *theirs]
    rows = [] if theirs else labelled(data)
    sections = [*(read_corpus(paths) if paths else []), *rows]
    book = dict(definitions) if definitions else read_code_book(paths)
    fit = _fitting(sections, name, book, [_file_details(p) for p in corpus_files(paths)], paths)
    found = fit(sections, tell_phase=tell_phase)
    _describe(found, tell_phase)
    return Analyzer(found.model)


def train_folder(
    paths: Sequence[Path],
    output: Path,
    added: Additions = NOTHING,
    tell_phase: TellPhase = silent,
) -> Fit:
    """Train on the corpus files and folders ``paths`` and write a model folder to ``output``.

    Raises ``CorpusError`` where a record is wrong or a theme has too few examples, and
    ``OutputError`` where a model must not be written. ``tell_phase`` is told how far it is.
    """
    check_model_folder(output, [*paths, *added.paths])
    sections, refit = _prepare(paths, output.name, added, tell_phase)
    fit = refit(sections, tell_phase=tell_phase)
    _describe(fit, tell_phase)
    tell_phase(Phase(say("writing the model")))
    save(fit.model, output, model_card(fit.model))
    return fit


def _describe(fit: Fit, tell_phase: TellPhase) -> None:
    """Note in the model how good it is, and what it was trained on is like."""
    tell_phase(Phase(say("measuring on articles that were left out")))
    fit.model.details["metrics"] = cross_validated(fit.predictions)
    fit.model.details["reference"] = reference_of(fit.predictions).as_record()


def _prepare(
    paths: Sequence[Path], name: str, added: Additions, tell_phase: TellPhase
) -> tuple[list[LabelledSection], Refit]:
    """Return all labelled sections, and what fits a model to them or some of them."""
    tell_phase(Phase(say("reading the corpus")))
    everything = [*paths, *added.paths]
    further = set(map(str, corpus_files(added.paths)))
    sections = [
        replace(section, weight=added.weight) if section.file in further else section
        for section in read_corpus(everything)
    ]
    files = [_file_details(path) for path in corpus_files(paths)]
    files += [_file_details(path) | {"weight": added.weight} for path in corpus_files(added.paths)]
    return sections, _fitting(sections, name, read_code_book(everything), files, everything)


def _fitting(
    sections: Sequence[LabelledSection],
    name: str,
    code_book: dict[str, str] | None,
    files: list[dict[str, Any]],
    paths: Sequence[Path],
) -> Refit:
    """Return what fits a model to some of ``sections``; its ranker is that of ``paths``."""
    abstracts, abstract_words = ranker_of(paths)
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

    def fit(
        chosen: Sequence[LabelledSection],
        only: Sequence[str] = themes,
        tell_phase: TellPhase = silent,
    ) -> Fit:
        return fit_model(
            chosen,
            only,
            name=name,
            abstracts=abstracts,
            abstract_words=abstract_words,
            details=dict(details),
            tell_phase=tell_phase,
        )

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


def cross_validated(found: Predictions) -> Figures:
    """Return the out-of-fold figures of a fit, and those of rows as they come, if any."""

    def reports(outcomes: Mapping[str, Outcome]) -> Figures:
        return {
            n: level_figures(found.model.themes, outcomes[n]) for n in ("paragraphs", "sections")
        }

    come = found.as_they_come()
    further = {"as_they_come": reports(found.levels(come))} if come.any() else {}
    return reports(found.levels()) | further


def run_train(
    corpus: Sequence[Path], output: Path, tell: Tell, tell_phase: TellPhase = silent
) -> Predictions:
    """Train, tell how well it went and return the out-of-fold outcomes."""
    fit = train_folder(corpus, output, tell_phase=tell_phase)
    metrics = fit.model.details["metrics"]
    tell(*in_words(metrics), *as_table(metrics))
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
    tell_phase: TellPhase = silent,
) -> tuple[Predictions, list[Case]]:
    """Train, tell what changes against the current model, and write the new one if it may be.

    The current model is ``against``, else the one in ``output``, else the bundled one. Raises
    ``WorseModelError`` and writes nothing if the new one is worse, unless ``force``. Returns the
    out-of-fold outcomes, and the paragraphs that are right now or wrong now.
    """
    check_model_folder(output, [*corpus, *added.paths])
    stands = (output / MANIFEST).is_file()
    current = load(against or (output if stands else default_folder()))
    sections, refit = _prepare(corpus, output.name, added, tell_phase)
    fit = refit(sections, tell_phase=tell_phase)
    _describe(fit, tell_phase)
    tell_phase(Phase(say("comparing with {id}", id=current.id)))
    changes = [
        *changes_on_held_out(current, fit.model, held_out(corpus)),
        *changes_on_added(current, sections, refit, corpus_files(added.paths), tell_phase),
    ]
    metrics = fit.model.details["metrics"]
    tell(*([change.verdict(current) for change in changes] or in_words(metrics)))
    tell(*as_table(metrics), *change_lines(current, changes))
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
    tell_phase(Phase(say("writing the model")))
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
