"""What a page of HTML consists of."""

from html.parser import HTMLParser

VOID = ("meta", "input", "br")
SPOKEN = ("aria-label", "placeholder", "title")  # attributes that a reader meets


class Tags(HTMLParser):
    """Which elements a page has, and what it says; each element that opens must close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.links: list[str] = []
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        self.said += [value or "" for name, value in attrs if name in SPOKEN]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.said.append(data)
