"""Targets that break in each way that there is, for the test of what hunts."""

import os
import re
import signal
import sys
import time

from hypothesis import strategies as st

from fuzz.found import Target

_texts = st.text(st.sampled_from("ab<"), min_size=1, max_size=40)
_hog: list[bytearray] = []


def _wrong(text: str) -> None:
    if text.count("<") > 2:
        raise ValueError("three of them")
    assert "bbb" not in text


def _hangs(text: str) -> None:
    if "ba" in text:
        # Holds the lock of the interpreter, as a pattern that goes wrong does.
        re.match("(?:a+)+$", "a" * 60 + "b")


def _dies(text: str) -> None:
    if "<a" in text:
        os.kill(os.getpid(), signal.SIGSEGV)


def _eats(text: str) -> None:
    if "ab" in text:
        _hog.append(bytearray(os.urandom(1) * (400 << 20)))


def _waits(text: str) -> None:
    if "<b" in text:
        time.sleep(600)


def _leaves(text: str) -> None:
    if "<<" in text:
        sys.exit(0)


TARGETS = {
    "right": Target(_texts, len, 1),
    "wrong": Target(_texts, _wrong, 1),
    "hangs": Target(_texts, _hangs, 1),
    "dies": Target(_texts, _dies, 1),
    "eats": Target(_texts, _eats, 1),
    "waits": Target(_texts, _waits, 1),
    "leaves": Target(_texts, _leaves, 1),
}
