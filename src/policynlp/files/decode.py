"""From bytes to text: the first encoding in which it reads like Chinese, or why it is no text."""

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from policynlp.errors import InputError
from policynlp.messages import say

_CHUNK: Final = 1 << 20
# A text reads like Chinese if so many of its Han characters are among the common ones, the 3,755
# of GB2312's first level or the 5,401 of Big5's. Of 3,000 real articles the worst had 0.93; the
# same in Big5 read as gb18030, in GBK read as Big5 or in utf-8 read as gb18030 at most 0.58.
_MIN_COMMON: Final = 0.8
# Valid utf-8 is no accident, so here only what was garbled before it was saved is refused, for
# instance utf-8 taken for GBK: of 3,000 such texts the best had 0.36.
_MIN_COMMON_IN_UTF8: Final = 0.5
# Very short texts may be a rare name.
_RARE_ALLOWED: Final = 2
# Private and control characters, which text has none of, count as rare Han.
_NOT_HAN: Final = re.compile(
    "[^\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\ue000-\uf8ff\ufffd\x80-\x84\x86-\x9f]+"
)
# Enough to know a text by, in utf-8, where every line of a large file is looked at.
_SAMPLE: Final = 2000
_GLANCE: Final = 200
_GLANCE_HAN: Final = 40
_ENOUGH_HAN: Final = 20
_MOST_SHARED: Final = 0.85
# So few characters that GB2312 lacks leave it more than that share of enough Han.
_FEW_STRANGE: Final = 2
# A character cut off at the end leaves at most so many bytes.
_CUT_OFF: Final = 3
_CANDIDATES: Final = ("utf-8", "gb18030", "big5", "cp950", "big5hkscs")
# Other bytes may be common Han in gb18030 or Big5 by chance, but any of them: of the 500 most
# frequent in news, in both scripts, one in eight. In 3,000 real articles the fewest were 0.38 of
# all Han, in 9,000 stretches of 20 of their Han 0.20.
_FREQUENT: Final = frozenset(
    "的一人年业个了工上不在成三到十有里和全家出用开部市万元会中地机是要行公发项下大企来分区新产时动"
    "建县长实进生资能学把天四高等国二以水月电同设两为场子保增前改百亿次理对入民务化小老办门数过通度"
    "后提点口今位由期作合多每方目平收推面自体六管省去件线投员政台就加单法制车名组完着主事比级农展关"
    "五费间村头重定干先得路安量院外规计心力医从基经日条研户查看没程好总金放标报起说做海统交支最千专"
    "率现品这题本算议七城道手据接已第内与调处科问给还补九持八委技种各可回试服社集局他当验立打厂转只"
    "流网明批教检价于运商文清排队共半站校落群备均达联走装育结信案强镇物房责也供乡器型降们所气带风防"
    "底施任应向织少米班整系领让之代评利造住其记导者节首再护表片性座字预解取园众消准室样审料格治权续"
    "占稳边监按步助复活我周职值低证季布配团原压险模药党养革正师至核送测指套难都环术书智额减张类划变"
    "质居客停船置贴亩换果签层营司深铁超负究己创破写求款连材食别参山将修源受认示并决意协境常退吨近那"
    "货号板传采约照请域病空考夜优直谁话升更列态被么林账留引矿段见库航训论温财游无岗零东余钟卫争热土"
    "特港免反光图付善坚范承购控积才渔构份障快情因担选儿包课培块失業個裏開萬會機發項來區產時動縣長實"
    "進資學國電設兩爲場億對務辦門數過後點體線員臺單車組級農關費間頭幹規計醫從經條戶沒總標報說統專現"
    "這題議據內與調處問給還補種試當驗廠轉網檢價於運隊羣備達聯裝結強鎮責鄉們氣帶風應織領讓評記導節護"
    "預園衆準樣審權續佔穩邊監復職證團壓險藥黨養師測難環術書額減張類劃變質貼畝換籤層營鐵負創寫連別參"
    "將認並決協噸貨號傳採約請優誰話態麼賬礦見庫訓論溫財遊無崗東餘鍾衛爭熱圖堅範購積漁構擔選兒課塊"
)
_MIN_FREQUENT: Final = 0.2
_MIN_FREQUENT_IF_STRANGE: Final = 0.5
# An accented letter and the next one are a Han in the middle of a word.
_IN_A_WORD: Final = re.compile("[A-Za-z][\u3400-\u9fff]|[\u3400-\u9fff][A-Za-z]")
_KANA: Final = re.compile("[^\u3041-\u30fe]+")
_MOST_KANA: Final = 0.2
# Of Chinese text all bytes are so as rarely as one Han in two is, to the power of their number:
# Hangul of EUC-KR have lead bytes to 0xC8, small letters of KOI8-R are 0xC0 to 0xDF, and EUC-JP
# has no trail byte below 0x80, as four in ten are in Big5.
_HANGUL: Final = (10, bytes(range(0xB0, 0xC9)), bytes(range(0xA1, 0xFF)))
_CYRILLIC: Final = (4, bytes(range(0xC0, 0xE0)), bytes(range(0xC0, 0xE0)))
_NO_BIG5: Final = (12, bytes(range(0x80, 0x100)), bytes(range(0x80, 0x100)))
_NEARLY_ALL: Final = 0.9
_Advice = Callable[[], str]
# What to do with files that are not read; said in the language of the run.
_ADVICE: Final[dict[tuple[str, ...], _Advice]] = {
    (".mht", ".mhtml"): lambda: say("save the page as .html"),
    (".doc", ".wps", ".rtf", ".odt"): lambda: say(
        "save it as .docx or .txt, for example with: soffice --headless --convert-to docx FILE"
    ),
    (".xls", ".et", ".ods"): lambda: say(
        "save it as .xlsx or .csv, for example with: soffice --headless --convert-to xlsx FILE"
    ),
    (".pdf",): lambda: say("extract its text to .txt, for example with: pdftotext FILE"),
    (".ofd", ".caj"): lambda: say("extract its text to .txt"),
    (".feather", ".arrow"): lambda: say("write it as .parquet, .jsonl or .csv"),
    (".json",): lambda: say("write it as .jsonl, one object a line"),
    (".zip", ".rar", ".7z", ".gz", ".tar"): lambda: say("unpack it"),
}


def decode(data: bytes, *, place: str) -> str:
    """Decode ``data`` as utf-8, utf-16 with a byte order mark, gb18030 or Big5.

    The first of them counts in which it reads like Chinese, or, in utf-8, has no Han at all.
    """
    check_is_text(data, place)
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" and _begins_well(text):
            return text
        if _reads_well([text], encoding):
            return text
    raise _undecodable(data, place)


def decode_names(names: Sequence[bytes]) -> list[str] | None:
    """``names`` as GBK has them, or ``None`` where they are not, or are those of another language.

    A name, which is short, may be all of rare characters.
    """
    try:
        decoded = [name.decode("gb18030") for name in names]
    except UnicodeDecodeError:
        return None
    text = "\n".join(decoded)
    han = _NOT_HAN.sub("", text)
    rare = len(han) - _count_common(han)
    common = rare <= max(_RARE_ALLOWED, (1 - _MIN_COMMON_IN_UTF8) * len(han))
    return decoded if common and _is_chinese(text, han, "gb18030") else None


def is_traditional(text: str) -> bool:
    """Whether the beginning of a text is in traditional characters.

    GB2312 has nearly all characters of a simplified text, and of a traditional one those that
    both have, about two in three.
    """
    start = text[:_GLANCE]
    # Nearly always the shares need not be counted, which takes three times as long.
    if start.encode("gb2312", "replace").count(b"?") <= _FEW_STRANGE:
        return False
    han = _NOT_HAN.sub("", start)
    if len(han) < _ENOUGH_HAN or _known(han, "gb2312") > _MOST_SHARED * len(han):
        return False
    return _known(han, "big5") >= _MIN_COMMON * len(han)


def _known(han: str, encoding: str) -> int:
    """How many of the characters an encoding has, at two bytes each."""
    return len(han.encode(encoding, "ignore")) // 2


def find_encoding(path: Path, *, place: str) -> str:
    """The encoding of a file of any size, by the rule of :func:`decode`."""
    with path.open("rb") as stream:
        start = stream.read(_CHUNK)
        check_is_text(start, place)
        for encoding in _candidates(start):
            stream.seek(0)
            decoder = codecs.getincrementaldecoder(encoding)()
            chunks = iter(lambda: stream.read(_CHUNK), b"")
            try:
                if _reads_well((decoder.decode(chunk) for chunk in chunks), encoding):
                    decoder.decode(b"", final=True)
                    return encoding
            except UnicodeDecodeError:
                continue
    raise _undecodable(start, place)


def _candidates(data: bytes) -> tuple[str, ...]:
    """The encodings to try, in this order."""
    if data.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return _CANDIDATES


def _reads_well(chunks: Iterable[str], encoding: str) -> bool:
    """Whether nearly all Han characters of a decoded text are common ones, and it is text."""
    unicode = encoding.startswith("utf")
    common = han = nul = length = 0
    known = unicode
    for chunk in chunks:
        length += len(chunk)
        nul += chunk.count("\0")
        found = _NOT_HAN.sub("", chunk[:_SAMPLE] if unicode else chunk)
        han += len(found)
        common += _count_common(found)
        if found and not known:
            if not _is_chinese(chunk, found, encoding):
                return False
            known = True
    if nul * 100 > length:
        return False
    wanted = _MIN_COMMON_IN_UTF8 if unicode else _MIN_COMMON
    return han - common <= max(_RARE_ALLOWED * unicode, (1 - wanted) * han)


def _is_chinese(text: str, han: str, encoding: str) -> bool:
    """Whether the Han of a text are those that Chinese uses, not what other bytes happen to be."""
    if len(_KANA.sub("", text)) > _MOST_KANA * len(han):
        return False
    sample = han[:_SAMPLE]
    frequent = sum(map(_FREQUENT.__contains__, sample))
    if frequent >= _MIN_FREQUENT_IF_STRANGE * len(sample):
        return True
    if not frequent and 2 * len(_IN_A_WORD.findall(text)) > len(han):
        return False
    data = sample.encode(encoding)
    strange = _are_nearly_all(data, *_HANGUL) or _are_nearly_all(data, *_CYRILLIC)
    strange |= encoding != "gb18030" and _are_nearly_all(data, *_NO_BIG5)
    few = len(sample) >= _ENOUGH_HAN and frequent < _MIN_FREQUENT * len(sample)
    return not (strange or few)


def _are_nearly_all(pairs: bytes, fewest: int, leads: bytes, trails: bytes) -> bool:
    """Whether of at least so many pairs of bytes nearly all are of ``leads`` and ``trails``."""
    others = len(pairs[::2].translate(None, leads)) + len(pairs[1::2].translate(None, trails))
    return len(pairs) >= 2 * fewest and others <= (1 - _NEARLY_ALL) * len(pairs) / 2


def _begins_well(text: str) -> bool:
    """Whether a text in utf-8 is plainly Chinese: most are, and three times as fast to tell."""
    han = _NOT_HAN.sub("", text[:_GLANCE])
    return len(han) >= _GLANCE_HAN and _count_level(han, "gb2312", 0xD7) >= _MIN_COMMON * len(han)


def _count_common(han: str) -> int:
    """How many of the characters are common, in simplified or in traditional text."""
    return max(_count_level(han, "gb2312", 0xD7), _count_level(han, "big5", 0xC6))


def _count_level(han: str, encoding: str, last: int) -> int:
    """Count the characters in the first level of a national standard: two bytes each, of which
    the first is at most ``last``. Both standards begin with punctuation, which is not Han."""
    leads = han.encode(encoding, "ignore")[::2]
    return len(leads.translate(None, bytes(range(last + 1, 256))))


def _undecodable(data: bytes, place: str) -> InputError:
    """Say what is wrong with the encoding, and what to do."""
    try:
        data.decode(_candidates(data)[0])
    except UnicodeDecodeError as error:
        at_end = len(data) - _CUT_OFF <= error.start and len(data) < _CHUNK
        if error.encoding == "utf-8" and at_end and not data[: error.start].isascii():
            return InputError(
                "{place}: UTF-8, but cut off or damaged at byte {byte}; "
                "get the file again or save it as UTF-8",
                place=place,
                byte=error.start,
            )
        return InputError(
            "{place}: unknown encoding (not {encoding} from byte {byte} on, "
            "and noise in gb18030 and big5); save it as UTF-8",
            place=place,
            encoding=error.encoding,
            byte=error.start,
        )
    return InputError(
        "{place}: unknown encoding (it decodes, but as noise); save it as UTF-8", place=place
    )


class _Kind(NamedTuple):
    """A kind of file that a text file may be in truth: what it is called, what to do."""

    name: str
    advice: _Advice


# Scored as text, their insides would be words.
_BY_FIRST_BYTES: Final = {
    b"%PDF-": _Kind(".pdf", lambda: advice_for(".pdf")),
    b"{\\rtf": _Kind(".rtf", lambda: advice_for(".rtf")),
    b"\x1f\x8b\x08": _Kind(".gz", lambda: say("unpack it")),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _Kind(
        ".doc, .xls, .wps", lambda: say("open it in Word, Excel or WPS; save it as .docx or .xlsx")
    ),
    b"PK\x03\x04": _Kind(
        ".docx, .xlsx, .zip", lambda: say("give it its own extension again, or unpack it")
    ),
}
_FIRST_BYTES: Final = tuple(_BY_FIRST_BYTES)


def advice_for(suffix: str) -> str:
    """What to do with a file that is not read because of its extension."""
    found = (advice() for suffixes, advice in _ADVICE.items() if suffix in suffixes)
    return next(found, say("convert it to .txt, .jsonl or .csv"))


def check_is_text(data: bytes, place: str) -> None:
    """Raise ``InputError`` where a file begins as one of another kind than text."""
    if not data.startswith(_FIRST_BYTES):
        return
    kind = next(kind for start, kind in _BY_FIRST_BYTES.items() if data.startswith(start))
    raise InputError(
        "{place}: is not text but {kind}: {advice}",
        place=place,
        kind=kind.name,
        advice=kind.advice(),
    )
