"""Hostile inputs for a pattern, made from the pattern itself, and how its time grows with them."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any, Final, NamedTuple

# What repeats in pages that were torn apart, and what the patterns of this package look for.
HOSTILE: Final = (
    *" \t\n\r\u3000\xa0\u200b-—_|丨｜>＞›»→</／.．,，、:：;；。！？!?…·•*",
    *"\"“”'‘’()（）[]【】《》〔〕{}",
    *"0１一二十年月日第版中国图文记者作来源编责aAzZ%@#&+~^\\\x00\x01\ue000\U00020000\ufffd",
    *("来源", "记者", "作者", "责任编辑", "2019-01-01", "12:30", "a ", "中 ", "中，", "。”", "> "),
)
# What ends a text so that a pattern has to try all it can.
_ENDS: Final = ("", "\x00", "，中")
_SAMPLES: Final = 4
_MOST_PIECES: Final = 1000
_TIMES, _MOST_GROWTH, _TRIES, _SURE = 8, 12.0, 3, 10
# Processor time for 6,000 pieces: what is linear takes 0.2 ms, a few take 8; the mildest of the
# quadratic patterns that were here took 60.
_SMALL, _FLOOR = 750, 0.02
_FEW, _SUSPECT = (8, 12, 16, 21, 28, 40, 100, 800), 0.0005

_REPEATS: Final = (
    _constants.MAX_REPEAT,
    _constants.MIN_REPEAT,
    _constants.POSSESSIVE_REPEAT,
)
_CLASSES: Final = (_constants.IN, _constants.NOT_LITERAL, _constants.ANY)


class Pump(NamedTuple):
    """A text that can be made as long as wanted."""

    start: str
    piece: str
    then: str
    end: str

    def text(self, n: int) -> str:
        """Return the text with ``n`` pieces."""
        return self.start + self.piece * n + self.then * n + self.end


def patterns_of(modules: Mapping[str, ModuleType]) -> dict[re.Pattern[Any], str]:
    """Return every compiled pattern that a module holds, however deep, with where it was found."""
    found: dict[re.Pattern[Any], str] = {}
    for module_name, module in modules.items():
        for name, value in vars(module).items():
            for pattern in _within(value):
                found.setdefault(pattern, f"{module_name}.{name}")
    return found


def _within(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        for part in (*value.keys(), *value.values()):
            yield from _within(part)
    elif isinstance(value, tuple | list | set | frozenset):
        for part in value:
            yield from _within(part)


def pumps_for(pattern: re.Pattern[Any]) -> list[Pump]:
    """Return texts that repeat what each repeat of a pattern takes, behind what leads to it.

    Of a pattern with very many repeats, such as labels whose letters stand apart, some.
    """
    reader = _Reader(pattern)
    pieces = list(dict.fromkeys(reader.pumps()))
    pieces = pieces[:: 1 + len(pieces) // _MOST_PIECES]
    pieces += [("", piece, "") for piece in reader.alphabet if piece in HOSTILE]
    return [Pump(*each, end) for each, end in product(pieces, _ENDS)]


class _Reader:
    """Reads a pattern as Python's own parser does."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        source, self._flags = pattern.pattern, pattern.flags
        if isinstance(source, bytes):
            source, self._flags = source.decode("latin-1"), self._flags & ~re.UNICODE
        self._tree = _parser.parse(source, self._flags)
        self._taken: dict[str, list[str]] = {}
        self._alphabet = list(dict.fromkeys((*_literals(self._tree), *HOSTILE)))
        # One is enough of the characters that no part of the pattern tells apart.
        takers = [set(self._takes([node])) for node in _characters(self._tree)]
        kinds: dict[object, str] = {}
        for text in self._alphabet:
            kind = tuple(text in taken for taken in takers) if len(text) == 1 else text
            kinds.setdefault(kind, text)
        self._alphabet = list(kinds.values())
        self._taken.clear()

    @property
    def alphabet(self) -> Sequence[str]:
        """The characters that the pattern may tell apart, and what else is hostile."""
        return self._alphabet

    def pumps(self) -> Iterator[tuple[str, str, str]]:
        """Yield what leads to a repeat, what it takes, and what the repeat behind it takes."""
        yield from self._walk(list(self._tree), ("",))

    def _walk(
        self, nodes: Sequence[tuple[Any, Any]], starts: tuple[str, ...]
    ) -> Iterator[tuple[str, str, str]]:
        for place, (op, args) in enumerate(nodes):
            if op in _REPEATS and args[1] > 1:
                pieces = self._pieces(args)
                following = next((a for o, a in nodes[place + 1 :] if o in _REPEATS), None)
                others = self._pieces(following)[:_SAMPLES] if following else []
                for start in starts:
                    yield "", start, ""
                    for piece in pieces:
                        yield start, piece, ""
                        yield "", start + piece, ""
                    for piece, other in product(pieces[:_SAMPLES], others):
                        yield start, piece + other, ""
                        yield start, piece, other
            for inner in _parts(op, args):
                yield from self._walk(list(inner), starts)
            # What is optional leads there, or is left out.
            more = self._samples([(op, args)])[:1]
            if op in _REPEATS and not args[0]:
                more.append("")
            joined = (start + each for start, each in product(starts, more))
            starts = tuple(dict.fromkeys(joined))[:_SAMPLES]

    def _pieces(self, args: Any) -> list[str]:
        """What a repeat takes at once; one without bound takes any character that it can."""
        _, most, body = args
        pieces = self._samples(body)
        if most is _constants.MAXREPEAT:
            pieces += self._takes(body)
        return list(dict.fromkeys(filter(None, pieces)))

    def _takes(self, nodes: Any) -> list[str]:
        """Those of the alphabet that some nodes match by themselves."""
        nodes = list(nodes)
        key = repr(nodes)
        if key not in self._taken:
            alone = _compiler.compile(_parser.SubPattern(self._tree.state, nodes), self._flags)
            self._taken[key] = [text for text in self._alphabet if alone.fullmatch(text)]
        return self._taken[key]

    def _samples(self, nodes: Any) -> list[str]:
        """A few texts that a sequence of nodes matches."""
        texts = [""]
        for op, args in nodes:
            found = self._samples_of(op, args)[:_SAMPLES] or [""]
            n = max(len(texts), len(found))
            texts = [texts[i % len(texts)] + found[i % len(found)] for i in range(n)]
        return list(dict.fromkeys(texts))

    def _samples_of(self, op: Any, args: Any) -> list[str]:
        if op is _constants.LITERAL:
            return [chr(args)]
        if op in _CLASSES:
            return [text for text in self._takes([(op, args)]) if len(text) == 1]
        if op in _REPEATS:
            return [text * max(args[0], 1) for text in self._samples(args[2])]
        if op is _constants.ASSERT_NOT or (op is _constants.ASSERT and args[0] > 0):
            return []
        if op is _constants.BRANCH:
            return [text for branch in args[1] for text in self._samples(branch)[:1]]
        return [text for part in _parts(op, args) for text in self._samples(part)]


def _parts(op: Any, args: Any) -> list[Any]:
    """Return the sequences within a node."""
    if op is _constants.BRANCH:
        return list(args[1])
    if op is _constants.SUBPATTERN:
        return [args[3]]
    if op in _REPEATS:
        return [args[2]]
    if op is _constants.ATOMIC_GROUP:
        return [args]
    return [args[1]] if op in (_constants.ASSERT, _constants.ASSERT_NOT) else []


def _characters(nodes: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the nodes of a pattern that match one character."""
    for op, args in nodes:
        if op is _constants.LITERAL or op in _CLASSES:
            yield op, args
        for part in _parts(op, args):
            yield from _characters(part)


def _literals(nodes: Any) -> Iterator[str]:
    """Yield the characters that a pattern names."""
    for op, args in nodes:
        if op in (_constants.LITERAL, _constants.NOT_LITERAL):
            yield chr(args)
        elif op is _constants.IN:
            yield from (chr(value) for kind, value in args if kind is _constants.LITERAL)
            yield from (chr(value[0]) for kind, value in args if kind is _constants.RANGE)
        for part in _parts(op, args):
            yield from _literals(part)


def bad_pump(pattern: re.Pattern[Any]) -> Pump | None:
    """Return the first text for which a pattern's time grows faster than the text does.

    Whatever a pattern is used for, it is searched for in a whole text, and has to reach its end.
    """

    def everywhere(text: Any) -> None:
        for _ in pattern.finditer(text):
            pass

    def whole(text: Any) -> None:
        pattern.fullmatch(text)

    for pump, run in product(pumps_for(pattern), (everywhere, whole)):
        made = _text_of(pump, as_bytes=isinstance(pattern.pattern, bytes))
        if _is_suspect(run, made) and growing(partial(_time, run, made), _SMALL, _FLOOR):
            return pump
    return None


def _text_of(pump: Pump, *, as_bytes: bool) -> Callable[[int], Any]:
    return (lambda n: pump.text(n).encode()) if as_bytes else pump.text


def _is_suspect(run: Callable[[Any], None], made: Callable[[int], Any]) -> bool:
    """Whether a pattern takes long for few pieces, and longer than before: if not, all is well."""
    took = before = 0.0
    for n in _FEW:
        before = took
        text = made(n)
        begin = time.perf_counter()  # Finer than the processor's may be; nothing is decided by it.
        run(text)
        took = time.perf_counter() - begin
        if took > _SUSPECT and n < _FEW[-1]:
            return True
    return took > max(_SUSPECT, _MOST_GROWTH * before)


def _time(run: Callable[[Any], None], made: Callable[[int], Any], n: int) -> dict[str, float]:
    text = made(n)
    begin = time.process_time()
    run(text)
    return {"": time.process_time() - begin}


def growing(times: Callable[[int], Mapping[str, float]], small: int, floor: float) -> list[str]:
    """Return which of the processor times for ``n`` pieces grow faster than ``n``.

    From ``small`` to eight times as many pieces that is more than twelve times, where it is more
    than ``floor``. Smaller numbers come before, since what is exponential would not end.
    """
    n = 8
    while n < small:
        slow = _slow(times, n, floor)
        if slow:
            return list(slow)
        n += n // 4 if n < 100 else n // 2
    slow = _slow(times, small * _TIMES, floor)
    before = _least(times, small) if slow else {}
    return [name for name, took in slow.items() if took > _MOST_GROWTH * before[name]]


def _slow(times: Callable[[int], Mapping[str, float]], n: int, floor: float) -> Mapping[str, float]:
    """Return the times above the floor, if need be the least of some: garbage is collected, too."""
    took = times(n)
    if floor < max(took.values()) <= _SURE * floor:
        took = _least(times, n)
    return {name: each for name, each in took.items() if each > floor}


def _least(times: Callable[[int], Mapping[str, float]], n: int) -> dict[str, float]:
    tries = [times(n) for _ in range(_TRIES)]
    return {name: min(each[name] for each in tries) for name in tries[0]}
