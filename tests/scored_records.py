"""Output records as ``policynlp score --with-text`` writes them, from a text and its quotes."""

from typing import Any

THEMES = ("甲主题", "乙主题")


def record(
    text: str = "开头。\n标题一\n正文里有证据一处。\n结尾。",
    *,
    heading: str = "标题一",
    evidence: tuple[tuple[str, str], ...] = (("甲主题", "证据"),),
    themes: tuple[str, ...] = THEMES,
    **metadata: str,
) -> dict[str, Any]:
    """A record whose one section runs from ``heading`` to the end, a paragraph a line.

    What is before the heading was removed; the abstract is the section's first line.
    """
    start = text.index(heading) if heading else 0
    lines, at = [], start + (len(heading) + 1 if heading else 0)
    for line in text[at:].split("\n"):
        lines.append((at, at + len(line)))
        at += len(line) + 1
    tags: dict[str, list[dict[str, Any]]] = {}
    for theme, quoted in evidence:
        found = text.index(quoted, start)
        tags.setdefault(theme, []).append(span(text, found, found + len(quoted)) | {"weight": 1.5})
    probabilities = {theme: 0.9 if theme in tags else 0.0123 for theme in themes}
    status = "tagged" if tags else "none"
    tagged = [{"theme": theme, "probability": 0.9} for theme in tags]
    part = {"status": status, "themes": tagged, "probabilities": probabilities}
    abstract = {"text": text[slice(*lines[0])], "sentences": [span(text, *lines[0])]}
    section = part | {
        "heading": heading,
        "level": int(bool(heading)),
        "start": start,
        "end": len(text),
        "themes": [{**tag, "evidence": tags[tag["theme"]]} for tag in tagged],
        "abstract": abstract,
        "paragraphs": [part | {"start": a, "end": b} for a, b in lines],
    }
    return {
        **dict.fromkeys(("title", "published", "source", "author", "url"), ""),
        "id": "1",
        "status": status,
        "themes": tagged,
        "abstract": abstract,
        "sections": [section],
        "removed": [{"start": 0, "end": start, "reason": "navigation"}] if start else [],
        "model": "m-1",
        "text": text,
        **metadata,
    }


def span(text: str, start: int, end: int) -> dict[str, Any]:
    """A place with what stands there."""
    return {"start": start, "end": end, "text": text[start:end]}
