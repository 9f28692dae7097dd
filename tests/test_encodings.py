"""Texts in the encodings of other languages, whose bytes could be taken for Chinese."""

from pathlib import Path

import pytest

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.files.decode import decode
from policynlp.files.find import find_inputs
from policynlp.files.read import read_inputs

KOREAN = (
    "운계현은 올해 과학기술 혁신을 지역 발전의 중심에 두고 기업의 연구 개발을 적극 지원하고 "
    "있다. 현 정부는 새 연구 기지 열두 곳을 세웠고, 핵심 기술 서른 가지를 개발하였으며, 첨단 "
    "기업은 여든여섯 곳으로 늘었다. 앞으로도 개혁과 개방을 꾸준히 추진하여 전통 산업의 디지털 "
    "전환을 앞당기고 주요 사업의 건설에 속도를 낼 계획이다. 주민들은 새로 문을 연 민원 창구에서 "
    "한 번만 방문하면 모든 일을 처리할 수 있어 매우 편리하다고 말하였다. 관계자는 더 많은 성과가 "
    "주민에게 돌아가도록 하겠다고 밝혔다. 다음 달에는 항만 확장 공사도 시작되어 물류 비용이 "
    "줄어들 것으로 보인다."
)
JAPANESE = (
    "雲渓県は今年、科学技術の革新を発展の中心に置き、企業の研究開発を積極的に支援している。県内に"
    "は新しい研究拠点が十二か所設けられ、三十以上の重要な技術が開発され、先端企業は八十六社に増え"
    "た。今後も改革と開放を着実に進め、伝統産業のデジタル化を急ぎ、重点事業の建設を速める計画であ"
    "る。住民は、新しい窓口では一度の訪問ですべての手続きが済むのでとても便利だと話している。担当"
    "者は、より多くの成果が住民に届くように努めたいと述べた。来月には港の拡張工事も始まり、物流の"
    "費用が下がると見込まれている。農村では若い人が戻り、果物の加工場や民宿を営む例が増えている。"
    "秋の祭りには多くの客が訪れた。"
)
RUSSIAN = (
    "В этом году уезд Юньси поставил научные и технические новшества в центр своего развития и "
    "поддерживает исследования предприятий. Открыты двенадцать новых лабораторий, освоены "
    "тридцать важных технологий, число передовых предприятий выросло до восьмидесяти шести. "
    "Власти намерены и дальше проводить реформы, ускорять цифровое обновление промышленности и "
    "строительство главных объектов."
)
FRENCH = (
    "Début d'année réussi à Yunxi : le comté a placé l'innovation scientifique au centre de son "
    "développement et soutient la recherche des entreprises. Douze laboratoires ont été créés, "
    "trente procédés essentiels maîtrisés, et le nombre d'entreprises de pointe s'élève à "
    "quatre-vingt-six. Les autorités veulent achever les réformes, hâter la modernisation "
    "numérique et bâtir plus vite les ouvrages prévus."
)
CHINESE = (
    "云溪县把科技创新摆在发展全局的核心位置，支持龙头企业牵头组建创新联合体。今年以来，全县新建研发平台十二个，"
    "攻克关键技术三十余项，高新技术企业达到八十六家。下一步，将继续深化改革、扩大开放，推动传统产业数字化转型。"
)
ENCODED = [
    *((KOREAN, encoding) for encoding in ("euc-kr", "cp949", "johab", "utf-16-le", "utf-16-be")),
    *((JAPANESE, encoding) for encoding in ("euc-jp", "shift_jis", "cp932", "utf-16-le")),
    *((RUSSIAN, encoding) for encoding in ("koi8-r", "cp1251", "iso8859-5", "cp866")),
    *((FRENCH, encoding) for encoding in ("latin-1", "cp1252")),
    *((CHINESE, f"utf-{form}") for form in ("16-le", "16-be", "32", "32-le", "32-be")),
]


@pytest.mark.parametrize(("text", "encoding"), ENCODED)
@pytest.mark.parametrize("length", [20, 60, 300])
def test_other_encodings_are_refused(text: str, encoding: str, length: int) -> None:
    for start in range(0, max(1, len(text) - length + 1), 13):
        data = text[start : start + length].encode(encoding)
        if not data.isascii():
            with pytest.raises(InputError, match=r"^a\.txt: unknown encoding .*; save it as UTF-8"):
                decode(data, place="a.txt")


@pytest.mark.parametrize(("text", "encoding"), [(KOREAN, "euc-kr"), (JAPANESE, "euc-jp")])
@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.csv", "a.jsonl"])
def test_other_encodings_are_refused_in_every_kind_of_file(
    tmp_path: Path, name: str, text: str, encoding: str
) -> None:
    """Under a long beginning that is in ASCII, too."""
    head = "x" * 3000
    shown = {
        "a.html": f"<html><head><style>{head}</style></head><body><p>{text}</p></body></html>",
        "a.csv": f"id,text\n{head},{text.replace(',', ' ')}\n",
        "a.jsonl": f'{{"id": "{head}", "text": "{text}"}}',
    }
    (tmp_path / name).write_bytes(shown.get(name, text).encode(encoding))
    [failure] = read_inputs(find_inputs([str(tmp_path)]))
    assert isinstance(failure, Failure)
    assert failure.stage == "decode"
    assert "unknown encoding" in failure.reason


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "big5"])
def test_chinese_of_any_length_is_decoded(encoding: str) -> None:
    simplified, traditional = "坚持改革开放，确保公共安全。", "堅持改革開放，確保公共安全。"
    text = traditional if encoding == "big5" else simplified
    for length in range(6 if encoding == "big5" else 1, len(text) + 1):
        assert decode(text[:length].encode(encoding), place="a.txt") == text[:length]


@pytest.mark.parametrize(
    "text", ["GDP增长5%，进出口为3.6亿元", "https://news.example/a/b/c 记者", "OK好"]
)
def test_chinese_among_latin_letters_is_decoded(text: str) -> None:
    assert decode(text.encode("gb18030"), place="a.txt") == text
