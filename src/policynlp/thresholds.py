"""Thresholds by goal: tags that are right so often, or a theme's threshold by hand."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from numbers import Real

from policynlp.errors import ThresholdError, UsageError
from policynlp.messages import say
from policynlp.model import Model, Thresholds


def with_thresholds(
    model: Model, min_precision: float | None, thresholds: Mapping[str, float]
) -> Model:
    """Return ``model`` with the thresholds that a goal asks for.

    ``min_precision`` lets each theme begin where its tags reached that precision out of fold
    (the next step that the model knows), of paragraphs and of sections each; that may lie
    below the default, which is best for F1. ``thresholds`` by theme hold for both, and come
    first. The default's uncertain range begins where it did, and ends at the new threshold.

    Raises ``GoalError`` for a theme that the model lacks, or whose precision it cannot
    promise, and ``UsageError`` for a goal that is no number between 0 and 1.
    """
    _check(model, min_precision, thresholds)

    def aimed(level: str, default: Thresholds) -> Thresholds:
        chosen = list(default.threshold)
        for i, theme in enumerate(model.themes):
            if theme in thresholds:
                chosen[i] = float(thresholds[theme])
            elif min_precision is not None:
                chosen[i] = _promised(model, level, i, min_precision)
        return Thresholds(tuple(chosen), tuple(map(min, default.uncertain_from, chosen)))

    paragraph, section = aimed("paragraph", model.paragraph), aimed("section", model.section)
    return replace(model, paragraph=paragraph, section=section)


def _check(model: Model, min_precision: float | None, thresholds: Mapping[str, float]) -> None:
    if not isinstance(thresholds, Mapping):
        raise UsageError("thresholds={value!r} must be numbers by theme", value=thresholds)
    for theme in thresholds:
        if theme not in model.themes:
            raise ThresholdError(
                "{model} has no theme {theme!r} to set a threshold for, but {themes}",
                model=model.id,
                theme=theme,
                themes="、".join(model.themes),
            )
    for goal in (*thresholds.values(), *([] if min_precision is None else [min_precision])):
        if isinstance(goal, bool) or not isinstance(goal, Real) or not 0 < goal < 1:
            raise UsageError(
                "a threshold or precision must be a number between 0 and 1, not {goal!r}", goal=goal
            )


def _promised(model: Model, level: str, theme: int, min_precision: float) -> float:
    """Return the threshold of the lowest known step from ``min_precision`` up."""
    if not model.promises:
        raise ThresholdError(
            "{model} was trained before models had thresholds by precision; train it again, "
            "or set thresholds",
            model=model.id,
        )
    promised = model.promises[level][theme].items()
    reached = {precision: least for precision, least in promised if least is not None}
    enough = [precision for precision in reached if precision >= min_precision]
    if not enough:
        levels = say("paragraphs") if level == "paragraph" else say("sections")
        raise _unreachable(model.id, min_precision, levels, model.themes[theme], reached)
    return reached[min(enough)]


def _unreachable(
    model: str, precision: float, levels: str, theme: str, reached: Collection[float]
) -> ThresholdError:
    if not reached:
        return ThresholdError(
            "{model} cannot promise precision {precision} for {levels} of {theme!r}, none; "
            "ask for less, or set a threshold for this theme",
            model=model,
            precision=precision,
            levels=levels,
            theme=theme,
        )
    return ThresholdError(
        "{model} cannot promise precision {precision} for {levels} of {theme!r}, at most {most}; "
        "ask for less, or set a threshold for this theme",
        model=model,
        precision=precision,
        levels=levels,
        theme=theme,
        most=max(reached),
    )
