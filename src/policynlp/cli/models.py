"""``policynlp models``: which models there are, and how good each is."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from policynlp.cli.arguments import DONE
from policynlp.cli.screen import tell
from policynlp.errors import InputError, ModelError
from policynlp.messages import say

if TYPE_CHECKING:
    from policynlp.cli.arguments import Commands
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
