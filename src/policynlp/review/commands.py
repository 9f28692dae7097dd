"""What ``policynlp review`` does: make a sheet, take one back, compare two."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from policynlp.corpus.records import corpus_files
from policynlp.errors import InputError
from policynlp.files.output_paths import check_apart, check_files
from policynlp.files.workbook import MAX_CELL
from policynlp.messages import say
from policynlp.model import Model
from policynlp.review.agreement import Comparison, compare
from policynlp.review.corpus_folder import FILE, add_to_corpus, reviewed_texts
from policynlp.review.imports import read_export
from policynlp.review.returned import Reading, check_unfilled, read_sheet
from policynlp.review.rows import RANDOM, Found, read_scored
from policynlp.review.sampling import sample_rows
from policynlp.review.sheets import check_output, write_sheet


def make_sheet(
    scored: Sequence[Path],
    output: Path,
    model: Model,
    *,
    rows: int,
    seed: int = 0,
    done: Sequence[Path] = (),
    overwrite: bool = False,
) -> list[str]:
    """Write the paragraphs to review of ``scored`` and say how many, and how many are left out.

    What stands in the corpus folders ``done`` is passed over; ``model`` explains its themes.
    """
    check_output(output.name)
    check_files([output], [*scored, *corpus_files(done)], overwrite=overwrite)
    check_unfilled(output)
    found = read_scored(scored)
    known = reviewed_texts(done) if done else set()
    left = [row for row in found.rows if "".join(row.text.split()) not in known]
    if not left:
        raise InputError("every paragraph was reviewed before; score further articles")
    chosen = sample_rows(left, rows, seed=seed)
    definitions = model.details.get("definitions", {}) if model.id == chosen[0].model else {}
    write_sheet(output, chosen, definitions)
    n_random = sum(row.sampling == RANDOM for row in chosen)
    return [
        say(
            "{n_chosen} of {n_left} paragraphs written to {output}, {n_random} of them drawn "
            "at random",
            n_chosen=len(chosen),
            n_left=len(left),
            output=output,
            n_random=n_random,
        ),
        *_left_out(found, len(found.rows) - len(left)),
    ]


def import_labels(
    path: Path, folder: Path, model: Model, *, reviewer: str, date: str | None = None
) -> list[str]:
    """Add a filled sheet or an export to a corpus folder and say what was in it."""
    check_apart([folder / FILE], [path])
    if path.suffix.lower() in (".xlsx", ".csv"):
        reading = read_sheet(path)
    elif path.suffix.lower() in (".json", ".jsonl"):
        reading = read_export(path, model.themes)
    else:
        raise InputError(
            "{path}: neither a sheet (.xlsx, .csv) nor an export (.json of Label Studio, "
            ".jsonl of doccano)",
            path=path,
        )
    day = date or datetime.date.today().isoformat()
    added = add_to_corpus(reading, folder, reviewer=reviewer, date=day)
    return [
        *_told(reading),
        *_other_model(reading, model),
        say(
            "{new} new, {changed} changed, {same} as they were, in {folder}",
            new=added.new,
            changed=added.changed,
            same=added.same,
            folder=folder,
        ),
    ]


def compare_sheets(
    first: Path, second: Path, output: Path | None, *, overwrite: bool = False
) -> Comparison:
    """Compare two sheets, and write the rows on which they differ as a sheet to settle."""
    if output:
        check_output(output.name)
        check_files([output], [first, second], overwrite=overwrite)
        check_unfilled(output)
    found = compare(first, second)
    if output and found.differences:
        write_sheet(output, found.differences, {})
    return found


def _left_out(found: Found, n_reviewed: int) -> Iterator[str]:
    """Say of paragraphs that could not be drawn how many they are and why."""
    if found.overlong:
        yield say(
            "left out: {n} paragraphs longer than a cell can hold ({most} characters)",
            n=found.overlong,
            most=MAX_CELL,
        )
    if found.repeated:
        yield say("left out: {n} paragraphs that say what another says", n=found.repeated)
    if n_reviewed:
        yield say("left out: {n} paragraphs that were reviewed before", n=n_reviewed)


def _told(reading: Reading) -> list[str]:
    n_accepted = sum(row.accepted for row in reading.rows)
    lines = [
        say(
            "{n_rows} rows reviewed ({n_accepted} with the model's tags, {n_others} with "
            "others), {blank} left blank",
            n_rows=len(reading.rows),
            n_accepted=n_accepted,
            n_others=len(reading.rows) - n_accepted,
            blank=reading.blank,
        )
    ]
    if reading.rows and all(row.predicted is None for row in reading.rows):
        lines = [
            say(
                "{n_rows} texts labelled, {blank} without labels",
                n_rows=len(reading.rows),
                blank=reading.blank,
            )
        ]
    drawn = [row.accepted for row in reading.rows if row.sampling == RANDOM]
    if drawn:
        from scipy.stats import binomtest  # 0.6 s that no new sheet waits for

        # Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
        low, high = binomtest(sum(drawn), len(drawn)).proportion_ci(method="wilson")
        lines.append(
            say(
                "of {n_drawn} rows drawn at random {n_right} had the right tags: {share:.2f} (95 "
                "% interval {low:.2f}–{high:.2f})",
                n_drawn=len(drawn),
                n_right=sum(drawn),
                share=sum(drawn) / len(drawn),
                low=low,
                high=high,
            )
        )
    return lines


def _other_model(reading: Reading, model: Model) -> list[str]:
    made_by = next((row.model for row in reading.rows if row.model), model.id)
    if made_by == model.id:
        return []
    return [
        say(
            "note: the sheet was made with {made_by}, not with {id}; its labels hold still",
            made_by=made_by,
            id=model.id,
        )
    ]
