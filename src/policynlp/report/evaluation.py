"""The pages of evaluations, of themes and of abstracts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple

from policynlp.messages import say
from policynlp.report.pages import render

Figures = Mapping[str, Any]

_LEAST_SHOWN: Final = 0.05  # probabilities of an error below are left out
_KINDS: Final = ("false_positives", "false_negatives")
_TICKS: Final = 5


def evaluation_page(figures: Figures) -> str:
    """Return the page of an evaluation as one HTML file, in the language spoken."""
    names = {
        "paragraphs": say("paragraphs"),
        "sections": say("sections"),
        "articles": say("articles"),
    }
    return render(
        "evaluation.html",
        figures=figures,
        names=names,
        levels=[_level(k, name, figures) for k, name in names.items() if figures[k]["themes"]],
        errors=[
            (theme, *([_error(error, theme) for error in kinds[kind]] for kind in _KINDS))
            for theme, kinds in figures["errors"].items()
        ],
    )


def abstracts_page(figures: Figures) -> str:
    """Return the page of an evaluation of abstracts as one HTML file, in the language spoken."""
    return render(
        "abstracts.html",
        figures=figures,
        rows={"abstracts": say("abstracts"), "lead": say("lead"), "gain": say("gain")},
        measures={
            "rouge_1": "ROUGE-1",
            "rouge_2": "ROUGE-2",
            "rouge_l": "ROUGE-L",
            "pick_f1": say("pick-F1"),
            "length_use": say("length used"),
        },
    )


class Dot(NamedTuple):
    """A marked point, with what it says when pointed at; ``size`` is its radius."""

    x: float
    y: float
    says: str
    size: float = 4.0
    label: str = ""


@dataclass(frozen=True)
class Chart:
    """A line and dots over two axes, each from a value of its own to 1.

    ``says`` describes the chart to who cannot see it, ``x`` and ``y`` name the axes.
    """

    says: str
    x: str
    y: str
    line: Sequence[tuple[float, float]]
    dots: Sequence[Dot]
    x_from: float = 0.0
    y_from: float = 0.0
    diagonal: bool = False

    # The size of the drawing, and the margins that leave room for names and figures.
    WIDTH: ClassVar[int] = 320
    HEIGHT: ClassVar[int] = 250
    LEFT: ClassVar[int] = 56
    RIGHT: ClassVar[int] = 14
    TOP: ClassVar[int] = 12
    BOTTOM: ClassVar[int] = 46

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of these axes stands in the drawing."""
        across = (x - self.x_from) / (1.0 - self.x_from)
        up = (y - self.y_from) / (1.0 - self.y_from)
        return (
            round(self.LEFT + across * (self.WIDTH - self.LEFT - self.RIGHT), 1),
            round(self.HEIGHT - self.BOTTOM - up * (self.HEIGHT - self.TOP - self.BOTTOM), 1),
        )

    def places(self, line: Iterable[tuple[float, float]]) -> str:
        """Return where the points of a line stand, as SVG has them."""
        return " ".join(f"{x},{y}" for x, y in (self.place(*point) for point in line))

    def ticks(self) -> Iterable[tuple[float, str, float, str]]:
        """Return where values of both axes stand, and what they are."""
        for part in (i / (_TICKS - 1) for i in range(_TICKS)):
            x = self.x_from + part * (1.0 - self.x_from)
            y = self.y_from + part * (1.0 - self.y_from)
            across, up = self.place(x, y)
            yield across, _tick(x), up, _tick(y)


def _tick(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


class Level(NamedTuple):
    """A level at which any theme is labelled or tagged, with its figures and charts.

    ``curves`` are of each theme: precision by recall, and calibration. ``wrongly`` names
    the columns of its confusion, and ``most_wrong`` is the greatest count there.
    """

    name: str
    figures: Figures
    curves: Sequence[tuple[str, Chart, Chart]]
    coverage: Chart
    confusion: Figures
    wrongly: Sequence[str]
    most_wrong: int


def _level(key: str, name: str, figures: Figures) -> Level:
    rows, confusion = figures[key]["themes"], figures["confusion"][key]
    return Level(
        name,
        figures[key],
        [
            (theme, _precision_recall(theme, curve, rows[theme]), _calibration(theme, curve))
            for theme, curve in figures["curves"][key].items()
        ],
        _coverage(name, figures["coverage"][key]),
        confusion,
        [say("wrongly {tag}", tag=tag) for tag in confusion["missed"]],
        max((n for row in confusion["wrong"].values() for n in row.values()), default=0),
    )


def _precision_recall(theme: str, curve: Figures, row: Figures) -> Chart:
    says = say(
        "at {threshold:.2f}: precision {precision:.2f}, recall {recall:.2f}",
        threshold=curve["threshold"],
        precision=row["precision"],
        recall=row["recall"],
    )
    label = say("at {threshold:.2f}", threshold=curve["threshold"])
    return Chart(
        say("Precision by recall of {theme}, {says}", theme=theme, says=says),
        say("recall"),
        say("precision"),
        curve["precision_recall"],
        [Dot(row["recall"], row["precision"], says, 5, label)],
    )


def _calibration(theme: str, curve: Figures) -> Chart:
    """A theme's calibration; dots grow with the rows, the many of the first bin left aside."""
    bins = curve["calibration"]
    most = max(each["rows"] for each in bins[1:] or bins)
    dots = [
        Dot(
            each["probability"],
            each["share"],
            say("{probability:.2f}: holds in {share:.2f} of {rows} rows", **each),
            3 + 5 * min(each["rows"] / most, 1.0) ** 0.5,
        )
        for each in bins
    ]
    return Chart(
        say("Calibration of {theme}", theme=theme),
        say("probability"),
        say("share that holds"),
        [(dot.x, dot.y) for dot in dots],
        dots,
        diagonal=True,
    )


def _coverage(level: str, curve: Sequence[Figures]) -> Chart:
    ends = (curve[0]["part"], curve[-1]["part"])
    dots = [
        Dot(
            point["decided"],
            point["right"],
            say(
                "from {part:.1f} of the threshold: {decided:.3f} decided, {right:.3f} right",
                **point,
            ),
            label=f"{point['part']:.1f}" if point["part"] in ends else "",
        )
        for point in curve
    ]
    line = [(dot.x, dot.y) for dot in dots]
    return Chart(
        say("Coverage of {level}", level=level),
        say("decided"),
        say("right"),
        line,
        dots,
        _floor(x for x, _ in line),
        _floor(y for _, y in line),
    )


def _floor(values: Iterable[float]) -> float:
    """Return a round value below all ``values`` to start an axis at."""
    return max(0.0, int(min(values) * 5 - 0.25) / 5)


class Error(NamedTuple):
    """A paragraph that is tagged wrongly or not at all, as it is shown.

    ``pieces`` are its text, each with the weight of what is marked; of a counted one there are
    its most telling ``words`` instead.
    """

    place: str
    labels: Sequence[str]
    probabilities: Sequence[tuple[str, float]]
    pieces: Sequence[tuple[str, float | None]]
    words: str


def _error(error: Figures, theme: str) -> Error:
    ranked = sorted(error["probabilities"].items(), key=lambda pair: -pair[1])
    place = say("{id}, paragraph {n}", id=error["id"], n=error["paragraph"])
    return Error(
        f"{place} · {error['heading']}" if error["heading"] else place,
        error["themes"] or [say("no theme")],
        [(name, p) for name, p in ranked if p >= _LEAST_SHOWN or name == theme],
        _pieces(error["text"], error["evidence"]) if error["text"] else (),
        say(", ").join(f"{word} +{weight:.2f}" for word, weight in error.get("words", ())),
    )


def _pieces(
    text: str, evidence: Iterable[tuple[int, int, float]]
) -> list[tuple[str, float | None]]:
    pieces: list[tuple[str, float | None]] = []
    end = 0
    for start, stop, weight in sorted(evidence):
        pieces += [(text[end:start], None), (text[start:stop], weight)]
        end = stop
    return [*pieces, (text[end:], None)]
