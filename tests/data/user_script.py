"""What a user's script looks like; the tests check its types and run it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import policynlp
from policynlp import AbstractLimits, Analysis, Failure

TEXTS = {
    "科技局": "一、抓创新\n全市推进科技创新，新增高新技术企业三十家，研发投入增长一成。",
    "发改局": "一、抓项目\n全县推进项目建设，三个重大项目集中开工，总投资十二亿元。",
}


def pairs() -> Iterator[tuple[str, str]]:
    """Each text with who wrote it."""
    for office, text in TEXTS.items():
        yield text, office


analyzer = policynlp.load()
limits = AbstractLimits(characters=80, themes=analyzer.themes[:1])
themes: Counter[str] = Counter()
for analysis, office in analyzer.pipe(pairs(), limits=limits, as_tuples=True):
    themes.update(tag.theme for tag in analysis.themes)
    for section in analysis.sections:
        quotes = [evidence.text for tag in section.themes for evidence in tag.evidence]
        print(office, section.heading, section.start, quotes, section.abstract.text)
failures: list[Failure] = []
found: list[Analysis] = []
with closing(analyzer.pipe(TEXTS.values(), jobs=2, on_error="return")) as results:
    for result in results:
        if isinstance(result, Failure):
            failures.append(result)
        else:
            found.append(result)
rows: list[dict[str, object]] = [row for each in found for row in each.rows()]
first: policynlp.Analysis = next(analyzer.pipe(TEXTS.values(), progress=print))
print(first.to_dict()["themes"], len(rows), themes.most_common(1), failures)
