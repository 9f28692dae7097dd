"""Pages: body and chrome told apart, each removed line with its reason, nothing lost."""

import random
import re
from pathlib import Path

import pytest

from policynlp.reading import boilerplate, clean_page, read_text
from policynlp.reading.boilerplate import BLANK

SAMPLES = Path(__file__).parents[1] / "samples"
# Invented pages in files: what is right, a blank line, then the lines, each after a mark:
# + body, - chrome, ? either.
LAYOUTS = sorted((Path(__file__).parent / "data" / "pages").glob("*.txt"))

TITLE = "青河：老工业城市的新动能"
BODY = [
    "青河市今年上半年地区生产总值同比增长6.2%，高于全省平均水平，主要指标继续向好。",
    "记者近日在临港园区看到，一条条生产线开足马力，工人们正在赶制出口订单。",
    "科技赋能传统产业",
    "“我们的订单已经排到了明年三月。”南岭重工总经理王启明说，企业今年新增研发投入。",
    "下一步，青河市将继续优化营商环境，让更多创新成果在这里落地生根。",
]

# Pages in the layouts of portals, papers, governments and party sites: what stands above the
# body, what below it, and the source, author and url that they name.
PAGES = {
    "portal": (
        ["网站首页", "新闻", "体育", "我的收藏", "登录", "国内新闻>正文", TITLE]
        + ["2021年03月04日 18:57", "南岭时报", "缩小字体", "放大字体", "收藏", "微博", "分享"],
        ["责任编辑：张某", "关键字 :", "园区", "6条评论|106人参与网友评论", "最热评论 刷新"]
        + ["过客湖东", "写得好，支持一下！", "今天20:58举报赞38回复", "相关新闻", "南岭园区开工"]
        + ["Copyright © 1996-2021 Nanling Corporation", "All Rights Reserved 南岭公司 版权所有"],
        ("南岭时报", "", ""),
    ),
    "agency": (
        ["青网 > 时政 > 正文", TITLE, "2021-03-04 20:33:49", "来源：", "青网", "字体：小 中 大"],
        ["【纠错】", "责任编辑： 李某", "相关新闻", "南岭出台二十条措施", "北原：从荒滩到热土"],
        ("青网", "", ""),
    ),
    "government": (
        ["简体|繁体|无障碍浏览", "青河市人民政府", "政务公开", "当前位置：", "首页", ">要闻", TITLE]
        + ["发布日期：2021-03-04", "浏览次数：", "信息来源：市发改委", "字号: [大] [中] [小]"],
        ["打印", "关闭", "上一篇：南岭园区开工", "主办单位：青河市人民政府办公室"]
        + ["网站标识码：1234567890 青ICP备12345678号", "联系电话：0300-1234567"],
        ("市发改委", "", ""),
    ),
    "party": (
        ["青河党建", "欢迎来到青河党建!", "当前所在:首页 > 要闻 > 正文", TITLE]
        + ["发布时间:2021-03-04 来源: 青河党建平台 作者:佚名"],
        ["原文链接:https://example.org/site-5/43324.html"]
        + ["[免责声明] 本文转自网络,仅供学习之用。"]
        + ["本站部分稿件由投稿人提供,其内容真实与否由投稿人负责。", "青河党建 版权所有。"]
        + ["邮箱:info@example.org  客服QQ:100000"],
        ("青河党建平台", "", "https://example.org/site-5/43324.html"),
    ),
    "paper": (
        ["首页", "要闻", TITLE, "本报记者 王某 李某", "《青河日报》（2021年03月04日 第 03 版）"],
        ["《青河日报》2021年03月04日 第 03 版", "分享让更多人看到", "推荐阅读", "南岭见实效"],
        ("青河日报", "王某 李某", ""),
    ),
    "full width": (
        ["您现在的位置：首页＞＞要闻", TITLE]
        + ["时　间：２０２１年３月４日　来　源：青河日报　作　者：王某　点击：356次"],
        ["【打印此页】【关闭窗口】", "地址：青河市人民路1号　邮编：030000"],
        ("青河日报", "王某", ""),
    ),
    "account": (
        [TITLE, "青河发布", "2021-03-04"],
        ["编辑 | 张某", "审核 | 李某", "微信扫一扫", "关注青河发布公众号"],
        ("青河发布", "", ""),
    ),
    "date below": (
        ["登录", "侵权投诉", "首页", "/", "正文", "搜索", TITLE, "青河行", "关注", "1/10"],
        ["2021-03-04 11:42:03", "举报", "相关推荐", "9图", "老照片里的青河，你见过吗"],
        ("青河行", "", ""),
    ),
}


def page_text(name, separator="\n"):
    above, below, _ = PAGES[name]
    return separator.join(above + BODY + below)


def lines_of(text, spans):
    return [text[span.start : span.end] for span in spans]


def places(page):
    return sorted((span.start, span.end) for span in (*page.body, *page.removed))


def assert_covers(text, page):
    """Body and removed lines lie apart in order, and nothing but white space between them."""
    position = 0
    for start, end in places(page):
        assert text[position:start].strip(BLANK) == ""
        assert start < end
        position = end
    assert text[position:].strip(BLANK) == ""


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\n　　"])
@pytest.mark.parametrize("name", PAGES)
def test_pages(name, separator):
    text = page_text(name, separator)
    page = clean_page(text)
    assert lines_of(text, page.body) == BODY
    assert (page.title, page.published) == (TITLE, "2021-03-04")
    assert (page.source, page.author, page.url) == PAGES[name][2]
    assert_covers(text, page)


@pytest.mark.parametrize("separator", ["\n", "\r\n\r\n　　"])
@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.stem)
def test_layouts(path, separator):
    head, rows = path.read_text(encoding="utf-8").split("\n\n", 1)
    marked = [(row[0], row[2:].strip()) for row in rows.splitlines()]
    text = separator.join(line for _, line in marked)
    page = clean_page(text)
    expected = [part.split(":", 1)[1].strip() for part in head.splitlines()]
    assert [page.title, page.published, page.source, page.author] == expected
    either = {line for mark, line in marked if mark == "?"}
    kept = [line for line in lines_of(text, page.body) if line not in either]
    assert kept == [line for mark, line in marked if mark == "+"]
    assert_covers(text, page)


@pytest.mark.parametrize(
    ("name", "title", "published", "source", "author"),
    [
        ("03-old-steel-city", "高炉熄火之后", "2024-06-18", "赤炉日报", "顾南乔 卢一苇"),
        ("04-port-bulletin", "汐口港一周快报（3月4日—3月10日）")
        + ("2024-03-11", "汐口港航信息网综合", ""),
        ("05-meeting-notice", "关于召开全市农业数字化转型现场推进会的通知")
        + ("2024-04-23", "稷原市数字经济发展工作领导小组办公室", ""),
        ("06-commentary", "岫岭论坛丨莫让“参照执行”成了“原地踏步”")
        + ("2025-02-11", "岫岭日报", ""),
        ("07-lake-district-long", "一湖碧水 三度跨越")
        + ("2024-10-30", "泽中在线-《泽中周刊》", "程半夏 施云帆 陆鸣皋"),
    ],
)
def test_samples_with_metadata_above_the_title(name, title, published, source, author):
    page = clean_page((SAMPLES / f"{name}.txt").read_text(encoding="utf-8"))
    assert (page.title, page.published) == (title, published)
    assert (page.source, page.author) == (source, author)


def test_the_hints_hide_no_kind(monkeypatch):
    rows = [row for path in LAYOUTS for row in path.read_text(encoding="utf-8").splitlines()]
    lines = [row[2:].strip() for row in rows if len(row) > 2]
    lines += [line for name in PAGES for line in page_text(name).split("\n")]
    # Hints are a short cut only: a pattern that always matches must change nothing.
    kinds = [boilerplate.kind_of_line(line) for line in lines]
    monkeypatch.setattr(boilerplate, "_HINTS", re.compile(""))
    assert kinds == [boilerplate.kind_of_line(line) for line in lines]
    assert sum(map(bool, kinds)) > 100


def test_each_removed_line_has_its_reason():
    text = page_text("portal")
    page = clean_page(text)
    reasons = {text[each.start : each.end]: each.reason for each in page.removed}
    assert reasons["体育"] == "navigation"
    assert reasons[TITLE] == "title"
    assert reasons["2021年03月04日 18:57"] == "metadata"
    assert reasons["放大字体"] == "tools"
    assert reasons["责任编辑：张某"] == "editor"
    assert reasons["今天20:58举报赞38回复"] == "comments"
    assert reasons["南岭园区开工"] == "related"
    assert reasons["All Rights Reserved 南岭公司 版权所有"] == "copyright"
    party = page_text("party")
    reasons = {party[each.start : each.end]: each.reason for each in clean_page(party).removed}
    assert reasons["[免责声明] 本文转自网络,仅供学习之用。"] == "disclaimer"
    assert reasons["邮箱:info@example.org  客服QQ:100000"] == "contact"


def test_what_the_caller_knows_wins():
    text = page_text("party")
    article = read_text(text, id="a", title="别的标题", source="别的来源", author="赵某")
    assert (article.id, article.title, article.source) == ("a", "别的标题", "别的来源")
    assert (article.author, article.published) == ("赵某", "2021-03-04")


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("发布时间：2021-03-04 08:30", "published", "2021-03-04"),
        ("时间:2021/3/4", "published", "2021-03-04"),
        ("日期： 2021.03.04", "published", "2021-03-04"),
        ("发布日期：２０２１年３月４日", "published", "2021-03-04"),
        ("发文日期：二〇二一年三月十四日", "published", "2021-03-14"),
        ("发布时间：2021-13-40", "published", ""),
        ("稿源：青河日报", "source", "青河日报"),
        ("来源:青河日报 编辑:张某", "source", "青河日报"),
        ("信息来源: 省统计局、市统计局等", "source", "省统计局、市统计局等"),
        ("来源：未知 作者：王某", "source", ""),
        ("来源：未知 作者：王某", "author", "王某"),
        ("来源：青河日报 作者：无", "author", ""),
        ("来源：青河日报 记者：王某", "author", "王某"),
        ("来源：青河日报 责任编辑：张某", "author", ""),
        ("原文链接：https://example.org/a?b=1", "url", "https://example.org/a?b=1"),
    ],
)
def test_metadata_in_its_spellings(line, field, expected):
    text = "\n".join([TITLE, line, *BODY])
    page = clean_page(text)
    assert getattr(page, field) == expected
    assert lines_of(text, page.body) == BODY


def test_a_clean_article_loses_nothing():
    text = "\n".join(BODY)
    page = clean_page(text)
    assert lines_of(text, page.body) == BODY
    assert (page.removed, page.title) == ((), "")


def test_a_first_line_equal_to_the_title_is_the_title():
    text = "\n".join(["青河：老工业城市 的新动能", *BODY])
    page = clean_page(text, "青河：老工业城市的　新动能")
    assert lines_of(text, page.body) == BODY
    assert [removed.reason for removed in page.removed] == ["title"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("临港园区的生产线。青河网记者 王某 摄", "photo_credit"),
        ("（资料图）", "photo_credit"),
        ("责任编辑：张某", "editor"),
        ("声明：本文仅代表作者观点，与本站无关。", "disclaimer"),
        ("来源：青河日报", "metadata"),
    ],
)
def test_a_clean_article_sheds_captions_editors_and_notices(line, reason):
    text = "\n".join([*BODY, line])
    page = clean_page(text)
    assert lines_of(text, page.body) == BODY
    assert [removed.reason for removed in page.removed] == [reason]


@pytest.mark.parametrize(
    "line",
    [
        "2021年3月4日",
        "记者：您怎么看",
        "联系电话：0300-1234567",
        "扫码点餐，便利不能变味",
        "市民可以关注“青河发布”微信公众号查询，也可以到窗口办理。",
        "园区取得经营许可证的企业达到四十七家，版权登记数量居全省首位。",
        "文化",
    ],
)
def test_a_clean_article_keeps_lines_that_only_look_like_chrome(line):
    lines = [*BODY[:2], line, *BODY[2:]]
    text = "\n".join(lines)
    assert lines_of(text, clean_page(text).body) == lines


def test_dates_between_paragraphs_are_no_header():
    lines = [BODY[0], "2020年3月5日", BODY[1], "2020年4月1日", BODY[3], "2020年5月1日", BODY[4]]
    text = "\n".join(lines)
    assert lines_of(text, clean_page(text).body) == lines


@pytest.mark.parametrize(
    "line", ["首页 > 要闻 > 正文", "来源：青河日报", "标题", "青河推进项目。", "登录"]
)
def test_a_single_line_stays(line):
    assert lines_of(line, clean_page(line).body) == [line]


@pytest.mark.parametrize("text", ["", "\n", " \u3000\r\n\xa0\t\ufeff\n"])
def test_nothing_to_read(text):
    page = clean_page(text)
    assert (page.body, page.removed) == ((), ())
    assert read_text(text).sections == ()


def test_little_body_gives_a_warning():
    assert clean_page("青河推进项目。").warnings == ("only 7 characters of body remain",)
    assert clean_page("\n".join(BODY)).warnings == ()


def test_any_mixture_of_lines_is_covered():
    lines = [line for above, below, _ in PAGES.values() for line in (*above, *BODY, *below)]
    lines += ["", " \u3000", "\ufeff", "01", "——副题", "，", "。", "”"]
    source = random.Random(8)
    for _ in range(1500):
        text = source.choice(["\n", "\r\n", "\u2028"]).join(
            source.choices(lines, k=source.randrange(25))
        )
        page = clean_page(text)
        assert_covers(text, page)
        assert page == clean_page(text)


@pytest.mark.parametrize(
    "text",
    [
        "青河推进项目建设，" * 100_000,
        "青河推进项目。" * 140_000,
        "啊" * 1_000_000,
        " " * 500_000 + "好" + "\u3000" * 500_000,
        "> " * 500_000,
        "首页\n" * 100_000,
        "科技赋能产业\n" * 100_000,
        "青河推进项目。\n" * 100_000,
        "来源：青河日报\n" * 100_000,
        "青河市，\n" * 100_000,
        ("甲 > " * 24 + "\n") * 10_000,
        ("来源 " * 20 + "\n") * 10_000,
    ],
    ids=lambda text: text[:8].strip(),
)
def test_a_million_characters_lose_none(text):
    """Each line is kept or removed; a pattern that backtracks would take hours here."""
    page = clean_page(text)
    spans = places(page)
    found = "".join(text[start:end] for start, end in spans)
    assert found == "".join(line.strip(BLANK) for line in text.splitlines())


def test_a_known_title_may_stand_below_another_line():
    page = clean_page("\n".join(["云溪工作简报", "向新而行开新局", *BODY]), "向新而行开新局")
    assert [removed.reason for removed in page.removed] == ["title"]
