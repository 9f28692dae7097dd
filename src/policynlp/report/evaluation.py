"""The pages of evaluations, of themes and of abstracts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from policynlp.report.charts import Axes, Dot, chart, whisker
from policynlp.report.html import Markup, element, heat, join, page, table

Figures = Mapping[str, Any]

LEVELS: Final = ("paragraphs", "sections", "articles")
_FIGURES: Final = ("f1", "precision", "recall")


def evaluation_page(figures: Figures) -> str:
    """Return the page of an evaluation as one HTML file."""
    data = figures["data"]
    of = ", ".join(f"{data[level]:,} {level}" for level in reversed(LEVELS))
    title = f"Evaluation of {figures['model']}"
    return page(
        title,
        element("h1", title),
        element("p", f"On {of}. In brackets: 95 % intervals from resampling articles."),
        *_warning(figures["trained_on"]),
        _tiles(figures),
        *_levels(figures),
        *_curves(figures),
        *_coverage(figures),
        *_parts(figures),
        *_confusion(figures),
        *error_lists(figures["errors"]),
    )


def _measured(figures: Figures) -> list[str]:
    """Return the levels at which any theme is labelled or tagged."""
    return [level for level in LEVELS if figures[level]["themes"]]


def _warning(trained_on: Sequence[str]) -> Iterator[Markup]:
    if trained_on:
        files = ", ".join(trained_on)
        yield element(
            "p", f"These figures flatter the model: it was trained on {files}.", class_="warning"
        )


def _tiles(figures: Figures) -> Markup:
    tiles = [
        element(
            "div",
            element("span", f"macro-F1, {level}"),
            element("b", f"{figures[level]['macro_f1']:.3f}"),
            element("span", _bounds(figures[level], "macro_f1")),
            class_="tile",
        )
        for level in _measured(figures)
    ]
    return element("div", *tiles, class_="tiles")


def _levels(figures: Figures) -> Iterator[Markup]:
    yield element("h2", "By theme")
    yield _soft(
        "ECE: expected calibration error over probabilities from 0.1 up. Brier: mean squared "
        "distance from the truth. The corpus labels no articles: an article is taken to have "
        "the themes of its sections."
    )
    for level in _measured(figures):
        yield _level(level, figures[level])


def _level(level: str, report: Figures) -> Markup:
    rows = report["themes"].items()
    readers = any("agreement" in row for _, row in rows)
    header = ["theme", "F1", "", "precision", "recall", "ECE", "Brier", "labelled", "of"]
    body = [_theme_cells(theme, row, readers) for theme, row in rows]
    f1, precision, recall = (_figure(report, f"macro_{key}") for key in _FIGURES)
    body.append(["macro", f1, "", precision, recall, "", "", "", ""])
    if readers:
        header.insert(3, "readers' F1")
        body[-1].insert(3, "")
    note = "; the green tick: two readers' F1" if readers else ""
    return table(header, body, f"{level.capitalize()}. The bar: F1 with its interval{note}.")


def _theme_cells(theme: str, row: Figures, readers: bool) -> list[str]:
    error, bounds = row["calibration_error"], row["intervals"]["f1"]
    other = row.get("agreement")
    f1, precision, recall = (_figure(row, key) for key in _FIGURES)
    cells = [theme, f1, whisker(bounds[0], row["f1"], bounds[1], other) if bounds else ""]
    if readers:
        cells.append("–" if other is None else f"{other:.3f}")
    cells += [precision, recall, "–" if error is None else f"{error:.3f}", f"{row['brier']:.3f}"]
    return [*cells, f"{row['labelled']:,}", f"{row['rows']:,}"]


def _curves(figures: Figures) -> Iterator[Markup]:
    yield element("h2", "Precision by recall, and calibration")
    yield _soft(
        "Left: what other thresholds would give; the dot is the model's own. Right: how often "
        "a theme holds where its probability is such (larger dots, more rows); on the dashed "
        "line a probability is what it says."
    )
    for level in _measured(figures):
        cards = [
            element(
                "div",
                element("h3", theme),
                element(
                    "div",
                    _precision_recall(theme, curve, figures[level]["themes"][theme]),
                    _calibration(theme, curve),
                    class_="pair",
                ),
                class_="card",
            )
            for theme, curve in figures["curves"][level].items()
        ]
        yield _folded(
            level.capitalize(), element("div", *cards, class_="pairs"), level == LEVELS[0]
        )


def _precision_recall(theme: str, curve: Figures, row: Figures) -> Markup:
    says = (
        f"at {curve['threshold']:.2f}: precision {row['precision']:.2f}, recall {row['recall']:.2f}"
    )
    dot = Dot(row["recall"], row["precision"], says, 5, f"at {curve['threshold']:.2f}")
    return chart(
        f"Precision by recall of {theme}, {says}",
        Axes("recall", "precision"),
        [curve["precision_recall"]],
        [dot],
    )


def _calibration(theme: str, curve: Figures) -> Markup:
    bins = curve["calibration"]
    most = max(each["rows"] for each in bins[1:] or bins)
    dots = [
        Dot(
            each["probability"],
            each["share"],
            f"{each['probability']:.2f}: holds in {each['share']:.2f} of {each['rows']} rows",
            3 + 5 * min(each["rows"] / most, 1.0) ** 0.5,
        )
        for each in bins
    ]
    return chart(
        f"Calibration of {theme}",
        Axes("probability", "share that holds"),
        [[(dot.x, dot.y) for dot in dots]],
        dots,
        diagonal=True,
    )


def _coverage(figures: Figures) -> Iterator[Markup]:
    yield element("h2", "Coverage")
    yield _soft(
        "What is decided, that is tagged or without a theme, and how much of it is right in "
        "every theme, as the band of “uncertain” widens from none (1.0 of the threshold) "
        "leftwards to 0.1 of it."
    )
    cards = [
        element(
            "div", element("h3", level.capitalize()), _coverage_chart(level, curve), class_="card"
        )
        for level, curve in figures["coverage"].items()
        if level in _measured(figures)
    ]
    yield element("div", *cards, class_="cards")
    yield table(
        ["from, of the threshold", "decided", "right", "without a theme, rightly"],
        [
            [f"{p['part']:.1f}", *(f"{p[key]:.3f}" for key in ("decided", "right", "right_none"))]
            for p in figures["coverage"]["paragraphs"]
        ],
        "Paragraphs.",
    )


def _coverage_chart(level: str, curve: Sequence[Figures]) -> Markup:
    marked = (curve[0]["part"], curve[-1]["part"])
    dots = [
        Dot(
            point["decided"],
            point["right"],
            f"from {point['part']:.1f} of the threshold: {point['decided']:.3f} decided, "
            f"{point['right']:.3f} right",
            label=f"{point['part']:.1f}" if point["part"] in marked else "",
        )
        for point in curve
    ]
    line = [(dot.x, dot.y) for dot in dots]
    axes = Axes("decided", "right", _floor(dot.x for dot in dots), _floor(dot.y for dot in dots))
    return chart(f"Coverage of {level}", axes, [line], dots)


def _floor(values: Iterable[float]) -> float:
    """Return a round value below all ``values`` to start an axis at."""
    return max(0.0, int(min(values) * 5 - 0.25) / 5)


def _parts(figures: Figures) -> Iterator[Markup]:
    yield element("h2", "By source")
    yield _part_table(figures["sources"])
    come = figures["as_they_come"]
    if come["paragraphs"]["rows"]:
        yield element("h2", "Rows as they come")
        yield _soft("Drawn from the news without regard to any model: themes are rarer here.")
        for level in _measured(come):
            yield _level(level, come[level])


def _part_table(parts: Figures) -> Markup:
    rows = [
        [
            name,
            level,
            f"{part[level]['rows']:,}",
            *(_figure(part[level], f"macro_{key}") for key in _FIGURES),
        ]
        for name, part in parts.items()
        for level in _measured(part)
    ]
    header = ["source", "", "rows", "macro-F1", "precision", "recall"]
    return table(header, rows, "Macro averages over the themes that occur.")


def _confusion(figures: Figures) -> Iterator[Markup]:
    yield element("h2", "Confusion between themes")
    yield _soft(
        "A line: rows that hold the theme, and which other tags they wrongly got (in brackets: "
        "where their own was missed). A column: rows wrongly tagged, and what held there. Rows "
        "with several labels stand in several lines."
    )
    for level in _measured(figures):
        yield _confusion_table(level, figures["confusion"][level])


def _confusion_table(level: str, confusion: Figures) -> Markup:
    tags = list(confusion["missed"])
    most = max((n for row in confusion["wrong"].values() for n in row.values()), default=0)

    def cell(theme: str, tag: str) -> str:
        if theme == tag:
            return "·"
        count, instead = (
            confusion["wrong"][theme][tag],
            confusion["instead"].get(theme, {}).get(tag),
        )
        text = element("small", f"({instead})") if instead else ""
        return element("span", str(count), text, class_=heat(count, most))

    rows = [
        [
            theme,
            f"{confusion['labelled'][theme]:,}",
            f"{confusion['missed'][theme]:,}" if theme in confusion["missed"] else "",
            *(cell(theme, tag) for tag in tags),
        ]
        for theme in confusion["wrong"]
    ]
    rows.append(["all wrong tags", "", "", *(f"{n:,}" for n in confusion["wrong_tags"].values())])
    header = ["holds", "rows", "missed", *(f"wrongly {tag}" for tag in tags)]
    return table(header, rows, f"{level.capitalize()}.")


def _figure(row: Figures, key: str) -> Markup:
    return join((f"{row[key]:.3f}", element("small", _bounds(row, key))))


def _bounds(row: Figures, key: str) -> str:
    bounds = row["intervals"][key]
    return f"({bounds[0]:.2f}–{bounds[1]:.2f})" if bounds else ""


def _soft(text: str) -> Markup:
    return element("p", text, class_="soft")


def _folded(title: str, content: Markup, is_open: bool) -> Markup:
    return element(
        "details",
        element("summary", title),
        element("div", content),
        open="open" if is_open else None,
    )


_KINDS: Final = {
    "false_positives": ("tagged, but not labelled", "the most probable first"),
    "false_negatives": ("labelled, but not tagged", "the least probable first"),
}
_LEAST_SHOWN: Final = 0.05  # probabilities below are left out


def error_lists(
    errors: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]],
) -> Iterator[Markup]:
    """Show each theme's worst errors, folded."""
    yield element("h2", "Worst errors")
    yield element(
        "p",
        "Marked is what raised the theme most. An error may be the label's.",
        class_="soft",
    )
    for theme, kinds in errors.items():
        for kind, (what, order) in _KINDS.items():
            found = [_error(error, theme) for error in kinds[kind]]
            if found:
                summary = element("summary", f"{theme}: {what} – {len(found)}, {order}")
                yield element("details", summary, element("div", *found))


def _error(error: Mapping[str, Any], theme: str) -> Markup:
    heading = f" · {error['heading']}" if error["heading"] else ""
    place = f"{error['id']}, paragraph {error['paragraph']}{heading}"
    parts = (element("h3", place), _chips(error, theme), _text(error))
    return element("div", *parts, class_="error", lang="zh-Hans")


def _chips(error: Mapping[str, Any], theme: str) -> Markup:
    ranked = sorted(error["probabilities"].items(), key=lambda pair: -pair[1])
    shown = [(name, p) for name, p in ranked if p >= _LEAST_SHOWN or name == theme]
    labels = error["themes"] or ["no theme"]
    return join(
        (
            *(element("span", f"label: {label}", class_="chip holds") for label in labels),
            *(
                element("span", f"{name} {p:.2f}", class_="chip wrong" if name == theme else "chip")
                for name, p in shown
            ),
        )
    )


def _text(error: Mapping[str, Any]) -> Markup:
    if not error["text"]:
        words = "、".join(f"{word} +{weight:.2f}" for word, weight in error["words"])
        return element("p", f"Counts only. Most telling words: {words or 'none'}")
    parts: list[str] = []
    text, end = error["text"], 0
    for start, stop, weight in sorted(error["evidence"]):
        marked = element("mark", text[start:stop], title=f"+{weight:.2f} log-odds")
        parts += [text[end:start], marked]
        end = stop
    return element("p", *parts, text[end:])


def abstracts_page(figures: Figures) -> str:
    """Return the page of an evaluation of abstracts as one HTML file."""
    title = f"Abstracts of {figures['model']}"
    parts = {"all": figures, **figures["sources"]}
    tables = [join((element("h2", name), _measures_table(part))) for name, part in parts.items()]
    return page(
        title,
        element("h1", title),
        element(
            "p",
            f"{figures['articles']} articles, at most {figures['length']} characters. ROUGE is F1 "
            "over characters, the mean over an article's reference abstracts; pick-F1 compares "
            "sentences with each editor's picks. Per cent; in brackets: 95 % intervals from "
            "resampling articles.",
        ),
        *tables,
    )


def _measures_table(part: Figures) -> Markup:
    rows = ("abstracts", "lead", "gain")
    measures = part[rows[0]]
    body = [[row, *(_per_cent(part[row][measure]) for measure in measures)] for row in rows]
    header = ["", *(measure.replace("_", "-").replace("rouge", "ROUGE") for measure in measures)]
    return table(header, body, "The model, the lead sentences that fit, and the difference.")


def _per_cent(figure: Figures) -> Markup:
    low, high = (100 * bound for bound in figure["interval"])
    return join((f"{100 * figure['mean']:.1f}", element("small", f"({low:.1f} to {high:.1f})")))
