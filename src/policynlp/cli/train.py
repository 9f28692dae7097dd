"""The commands that make, measure and list models: ``train``, ``evaluate`` and ``models``."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from policynlp.cli.arguments import DONE, above_zero, add_overwrite, named, positive
from policynlp.cli.progress import Phases
from policynlp.cli.screen import give, tell, warn
from policynlp.errors import InputError, ModelError
from policynlp.messages import ENGLISH, say, speaking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policynlp.cli.arguments import Commands
    from policynlp.evaluation.evaluate import Figures
    from policynlp.model import Model


_MANIFEST = "manifest.json"


def add_models(commands: "Commands") -> None:
    """Add ``models``."""
    parser = commands.add_parser(
        "models",
        help=say("list models with their figures"),
        epilog=say("to go back to an older model, name it: policynlp score … --model OLDER"),
    )
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        help=say("model folder, or a folder of them (default: the bundled model)"),
    )
    parser.set_defaults(run=_models)


def _models(args: argparse.Namespace) -> int:
    from policynlp.analyzer import Analyzer
    from policynlp.model import default_folder, load

    folders = [Path(folder) for folder in args.folders] or [default_folder()]
    for folder in (found for each in folders for found in _model_folders(each)):
        try:
            model = load(folder)
            _ = Analyzer(model, folder).reference  # Looks at what a model is used for, too.
            lines = list(_lines(model))
        except ModelError as error:
            lines = [say("unusable: {error}", error=error)]
        tell(str(folder), *(f"  {line}" for line in lines))
    return DONE


def _model_folders(folder: Path) -> list[Path]:
    """Return ``folder`` itself or, by name, the models in it."""
    if (folder / _MANIFEST).is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{_MANIFEST}"))
    if not found:
        raise InputError("{folder}: neither a model folder nor a folder of some", folder=folder)
    return found


def _lines(model: "Model") -> Iterator[str]:
    yield f"{model.id}: {'、'.join(model.themes)}"
    corpus, metrics = model.details.get("corpus"), model.details.get("metrics")
    if corpus:
        names = sorted({file["file"].partition("/")[0] for file in corpus["files"]})
        yield say(
            "trained on {paragraphs} paragraphs of {names}",
            paragraphs=corpus["paragraphs"],
            names=say(", ").join(names),
        )
    if metrics:
        yield say(
            "macro-F1, cross-validated: paragraphs {paragraphs:.3f}, sections {sections:.3f}",
            paragraphs=metrics["paragraphs"]["macro_f1"],
            sections=metrics["sections"]["macro_f1"],
        )


def add_train(commands: "Commands") -> None:
    """Add ``train``."""
    parser = commands.add_parser(
        "train",
        help=say("train a model from labelled text"),
        epilog=say("example: {command}", command="policynlp train mine.jsonl --base -o my-model"),
    )
    parser.add_argument("corpus", nargs="*", metavar="CORPUS", help=_labelled_text())
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="MODEL",
        help=say("model folder; a model that is there is replaced"),
    )
    parser.add_argument(
        "--doubts",
        metavar="FILE.csv",
        help=say("write the 200 labels that models trained on other articles doubt most"),
    )
    _add_update(parser)
    _add_quiet(parser)
    parser.set_defaults(run=_train)


def _labelled_text() -> str:
    return say("corpus folder, or labelled rows as .jsonl, .csv, .xlsx, .parquet or for fastText")


def _add_quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help=say("do not show the phases of a run"))


def _add_update(parser: argparse.ArgumentParser) -> None:
    """Add what a model is held against, and labels that are added to a corpus."""
    parser.add_argument(
        "--base",
        action="store_true",
        help=say(
            "train on the corpus that comes with policynlp; CORPUS, if any, is added as by --add"
        ),
    )
    parser.add_argument(
        "--add",
        action="append",
        default=[],
        metavar="FOLDER",
        help=say("also train on this corpus, and say what it changes; may be repeated"),
    )
    parser.add_argument(
        "--add-weight",
        type=above_zero,
        default=1.0,
        metavar="W",
        help=say("how much a label of --add counts beside one of CORPUS (default: 1)"),
    )
    parser.add_argument(
        "--against",
        metavar="MODEL",
        help=say("the current model (default: what MODEL holds, else the bundled one)"),
    )
    parser.add_argument(
        "--changes",
        metavar="FILE.csv",
        help=say(
            "with --base, --add or --against: write every paragraph that is right or wrong now"
        ),
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help=say("write the model though it is worse than the current"),
    )
    add_overwrite(parser)


def add_evaluate(commands: "Commands") -> None:
    """Add ``evaluate``."""
    parser = commands.add_parser(
        "evaluate",
        help=say("measure a model on labelled text"),
        epilog=say("example: {command}", command="policynlp evaluate my-model held-out.jsonl"),
    )
    parser.add_argument("model", metavar="MODEL", help=say("model folder"))
    parser.add_argument("data", nargs="+", metavar="DATA", help=_labelled_text())
    parser.add_argument(
        "--abstracts",
        action="store_true",
        help=say("measure abstracts; DATA is JSONL of articles with editors' picks and abstracts"),
    )
    parser.add_argument(
        "--length",
        type=positive,
        default=150,
        metavar="N",
        help=say("with --abstracts: most characters of an abstract (default: 150)"),
    )
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help=say("write the figures as JSON; without a file or with -, print them"),
    )
    parser.add_argument(
        "--html", metavar="FILE", help=say("write a page with charts and worst errors")
    )
    add_overwrite(parser)
    _add_quiet(parser)
    parser.set_defaults(run=_evaluate)


def _train(args: argparse.Namespace) -> int:
    from policynlp.corpus.base import base_folder
    from policynlp.files.output_paths import check_files

    corpus, output = named(args.corpus), Path(args.output)
    additions = [Path(path) for path in args.add]
    if args.base:
        corpus, additions = [base_folder()], [*corpus, *additions]
    if not corpus:
        raise InputError("nothing to train on: name a CORPUS, or give --base")
    reads = [*corpus, *additions, *([Path(args.against)] if args.against else [])]
    tables = [Path(file) for file in (args.doubts, args.changes) if file]
    check_files(tables, [*reads, output], overwrite=args.overwrite)
    if args.changes and not (args.base or args.add or args.against):
        raise InputError(
            "--changes: nothing to compare; give --base, --add FOLDER or --against MODEL"
        )
    with Phases(shown=not args.quiet) as phases:
        _get_ready(phases)
        return _train_in_phases(args, corpus, additions, output, phases)


def _get_ready(phases: Phases) -> None:
    """Say that something happens: what training and measuring import takes a second or two."""
    from policynlp.phases import Phase

    phases(Phase(say("getting ready")))


def _train_in_phases(
    args: argparse.Namespace,
    corpus: "Sequence[Path]",
    additions: "Sequence[Path]",
    output: Path,
    phases: Phases,
) -> int:
    from policynlp.evaluation.error_analysis import doubt_table, doubtful_labels
    from policynlp.training.changes import case_table
    from policynlp.training.train import Additions, run_train, run_update

    def told(*lines: str) -> None:
        phases.clear()
        tell(*lines)

    if not (args.base or args.add or args.against):
        outcome = run_train(corpus, output, told, phases)
    else:
        added = Additions(additions, args.add_weight)
        against = Path(args.against) if args.against else None
        outcome, cases = run_update(
            corpus, output, added, told, against=against, force=args.force, tell_phase=phases
        )
        if args.changes:
            _write_table(args, args.changes, lambda: case_table(cases))
    if args.doubts:
        _write_table(args, args.doubts, lambda: doubt_table(doubtful_labels(outcome)))
    return DONE


def _evaluate(args: argparse.Namespace) -> int:
    from policynlp.files.output_paths import check_files

    data = named(args.data)
    as_json = None if args.json == "-" else args.json
    files = [Path(file) for file in (args.html, as_json) if file]
    check_files(files, [Path(args.model), *data], overwrite=args.overwrite)
    if args.abstracts:
        return _evaluate_abstracts(args, data)
    with Phases(shown=not args.quiet) as phases:
        _get_ready(phases)
        from policynlp.analyzer import load
        from policynlp.evaluation.evaluate import evaluate

        figures = evaluate(load(args.model), data, tell_phase=phases)
    from policynlp.evaluation.tables import as_report
    from policynlp.report.evaluation import evaluation_page

    for theme, n in figures["not_measured"].items():
        note = say(
            "{theme} ({n} sections) is not measured: {model} does not know it",
            theme=theme,
            n=n,
            model=figures["model"],
        )
        warn(note)
    return _show(figures, args, evaluation_page, as_report)


def _evaluate_abstracts(args: argparse.Namespace, data: "Sequence[Path]") -> int:
    from policynlp.corpus.picks import read_picks
    from policynlp.evaluation.abstracts import as_table, evaluate_abstracts
    from policynlp.model import load
    from policynlp.phases import Phase
    from policynlp.report.evaluation import abstracts_page

    with Phases(shown=not args.quiet) as phases:
        phases(Phase(say("measuring")))
        figures = evaluate_abstracts(load(Path(args.model)), read_picks(data), args.length)
    return _show(figures, args, abstracts_page, as_table)


def _show(
    figures: "Figures",
    args: argparse.Namespace,
    as_page: "Callable[[Figures], str]",
    as_text: "Callable[[Figures], Iterable[str]]",
) -> int:
    """Write the figures as a page and as JSON where asked, and print them as one of both."""
    if args.html:
        _write(args.html, as_page(figures))
    as_json = json.dumps(figures, ensure_ascii=False, indent=1) + "\n"
    if args.json and args.json != "-":
        _write(args.json, as_json)
    if args.json == "-":
        give(as_json)
    else:
        tell(*as_text(figures))
    return DONE


def _write_table(
    args: argparse.Namespace, path: str, rows: "Callable[[], Sequence[Sequence[object]]]"
) -> None:
    """Write a table; programs rely on its columns, so only ``--lang`` translates them."""
    from policynlp.files.csv import BOM, csv_rows

    with speaking(args.lang or ENGLISH):
        _write(path, BOM + csv_rows(rows()))


def _write(path: str, text: str) -> None:
    from policynlp.files.atomic import write_whole

    write_whole(Path(path), text.encode("utf-8", "replace"))
