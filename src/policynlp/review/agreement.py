"""How far two readers of one sheet agree, theme by theme.

κ as in Cohen, "A coefficient of agreement for nominal scales", 1960: the agreement beyond what
two readers would reach by chance who give the theme as often as these do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.review.returned import Reviewed, read_rows
from policynlp.review.rows import JOINT, NONE, Row


class Agreement(NamedTuple):
    """How many rows both readers, only one or neither gave a theme, and how far they agree.

    ``f1`` of one reader against the other is ``None`` if neither gave the theme, ``kappa`` if
    chance alone would make them agree on every row.
    """

    theme: str
    both: int
    only_first: int
    only_second: int
    neither: int
    f1: float | None
    kappa: float | None


class Comparison(NamedTuple):
    """Rows that both read, how far they agree, and the rows on which they do not, to settle."""

    rows: int
    agreements: list[Agreement]
    differences: list[Row]


def compare(first: Path, second: Path) -> Comparison:
    """Compare two filled copies of one sheet; rows that one of them left blank do not count.

    Raises ``InputError`` if they have no row in common.
    """
    ours, theirs = (read_rows(path)[0] for path in (first, second))
    both = [key for key in ours if key in theirs]
    if not both:
        raise InputError(
            "{first} and {second}: no row was reviewed in both; give two copies of one sheet",
            first=first,
            second=second,
        )
    pairs = {key: (ours[key][1], theirs[key][1]) for key in both}
    themes = ours[both[0]][1].labelled_for
    names = (first.stem, second.stem)
    return Comparison(
        len(both),
        [_agreement(theme, pairs) for theme in themes],
        [_to_settle(ours[key][0], names, pair) for key, pair in pairs.items() if _differ(pair)],
    )


def comparison_lines(found: Comparison) -> Iterator[str]:
    """Lay a comparison out for a terminal."""
    yield say(
        "{rows} rows reviewed in both, {n_differences} with other labels",
        rows=found.rows,
        n_differences=len(found.differences),
    )
    for each in found.agreements:
        yield (
            say(
                "  {theme}  κ {kappa}  F1 {f1}  both {both}  first only {only_first}  second "
                "only {only_second}  neither {neither}",
                theme=each.theme,
                kappa=_figure(each.kappa),
                f1=_figure(each.f1),
                both=each.both,
                only_first=each.only_first,
                only_second=each.only_second,
                neither=each.neither,
            )
        )


def _agreement(theme: str, pairs: Mapping[str, tuple[Reviewed, Reviewed]]) -> Agreement:
    from sklearn.metrics import cohen_kappa_score, f1_score  # 0.7 s that no new sheet waits for

    given = [(theme in one.labels, theme in other.labels) for one, other in pairs.values()]
    cases = ((True, True), (True, False), (False, True), (False, False))
    both, only_first, only_second, neither = map(given.count, cases)
    first, second = zip(*given, strict=True)
    seen = {*first, *second}
    return Agreement(
        theme,
        both,
        only_first,
        only_second,
        neither,
        float(f1_score(first, second)) if True in seen else None,
        float(cohen_kappa_score(first, second)) if len(seen) > 1 else None,
    )


def _differ(pair: tuple[Reviewed, Reviewed]) -> bool:
    return pair[0].labels != pair[1].labels


def _to_settle(row: Row, names: tuple[str, str], pair: tuple[Reviewed, Reviewed]) -> Row:
    """Return a row to judge again, with what each reader said in its note."""
    said = [
        f"{name}：{JOINT.join(sorted(each.labels)) or NONE}"
        + (f"（{each.note}）" if each.note else "")
        for name, each in zip(names, pair, strict=True)
    ]
    return replace(row, note="\n".join(said))


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
