"""The lines of a page: what its words make each, and how much prose it adds."""

import re
from typing import Final, NamedTuple

from policynlp.reading.metadata import is_byline, is_metadata

# Lines that are nothing but one of these words are navigation or tools, wherever they stand.
_NAVIGATION_WORDS: Final = """
    首页 网站首页 主页 返回首页 导航 网站导航 网站地图 正文 上一页 下一页 尾页 末页 返回顶部
    回到顶部 新闻 资讯 时政 国内 国际 社会 财经 经济 体育 娱乐 科技 教育 文化 军事 历史 健康
    旅游 汽车 房产 时尚 图片 视频 直播 专题 评论 博客 论坛 读书 游戏 公益 佛教 国学 数码 家居
    彩票 酒业 女性 星座 育儿 法治 理论 党建 人事 图文 音乐 热点 要闻 滚动 本地 原创 列表 全部
    更多 更多+ 更多> 更多>> more 登录 注册 登录注册 注册登录 登录/注册 立即注册 退出 安全退出
    忘记密码 忘记密码? 忘记密码？ 我的 我的收藏 搜索 站内 站内搜索 高级搜索 邮箱 客户端 移动端
    手机版 电脑版 简体 繁体 English 无障碍 无障碍浏览 长者模式 适老化 关怀版 联系我们 关于我们
    加入我们 政务公开 信息公开 政府信息公开 政务服务 办事服务 互动交流 新闻中心 新闻动态
    工作动态 通知公告 公告公示 领导之窗 机构概况 机构设置 机构职能 政策法规 政策文件 政策解读
    专题专栏 数据开放 上一版 下一版 版面导航 标题导航
"""
_TOOL_WORDS: Final = """
    打印 打印本页 关闭 关闭窗口 关闭本页 收藏 收藏本文 转发 点赞 赞 顶 踩 分享 分享到 分享到:
    分享到： 复制链接 字号 大 中 小 大中小 繁 简 放大字体 缩小字体 字体放大 字体缩小 语音播报
    朗读 听新闻 全文朗读 纠错 我要纠错 我要反馈 举报 举报文章问题 扫一扫 二维码 微信 微博
    新浪微博 腾讯微博 QQ QQ空间 QQ好友 腾讯QQ 朋友圈 微信好友 微信朋友圈 微信扫一扫 人人网 豆瓣
    Qzone 手机阅读 返回 取消 确定 确认 发布 关注 +关注 已关注 收起 展开 展开全文 阅读全文
    查看全文 加载中 加载中... 加载更多 点击加载更多 播放 自动播放 play 暂停 向前 向后 知道了
    不感兴趣 推荐 好文 跟贴 跟帖 参与 人参与 回复 电梯直达 只看该作者 只看楼主 倒序浏览
    × x X 【 】 | / · >
"""
_WORD_KINDS: Final = dict.fromkeys(_NAVIGATION_WORDS.split(), "navigation") | dict.fromkeys(
    _TOOL_WORDS.split(), "tools"
)

_OPEN: Final = r"^[【\[（(]?\s*"
# White space that may stand in several places goes to the first of them (*+): four of them tried
# all ways of sharing it, and 热门推荐 with 54 spaces and ， took 10 ms.
_CLOSE: Final = r"\s*+[】\]）)]?\s*+"
# A step of a crumb trail, a word between bars: no mark, and nothing that divides the steps. A
# step may be empty, so the arrows before it are taken together (++): 24 of them and ， took 0.5 s,
# and each more twice as long.
_STEP: Final = r"[^，。！？：:>＞›»→|丨｜┊]"

_EDITOR: Final = (
    # 责任编辑：张三 · [责编:李四] · 编辑/王五 · 一审：…
    rf"{_OPEN}(?:责\s*任\s*编\s*辑|责\s*编|责任校对|[本网值版执实见]\w{{1,3}}编辑|编\s*[辑审]|校\s*对"
    r"|审\s*[核签校]|[一二三初复终]审|监\s*制|总值班|值班\w{2,3}|统\s*筹|策\s*划|排\s*版|美\s*编)"
    r"\s*[:：/／丨|]",
    r"[\s（(【\[](?:责任编辑|责编|编辑)\s*[:：/／]",
)
_DISCLAIMER: Final = (
    # 免责声明：… · 声明：… · 凡本网注明… · 本站部分信息…
    rf"{_OPEN}(?:免责|特别|版权|郑重|重要|网站|转载|法律|原创|本[站网台])?(?:声明|申明)\s*[】\]）):：]",
    r"^Notice:|^凡(?:注明|标注|来源)|凡本[站网]|凡(?:注明|来源)[^。]{0,20}(?:作品|稿件|内容)",
    r"^本(?:站|网站|网|平台)(?:部分|所有|所载|刊载|转载|登载|发布|文章|内容|对|不|系|仅|旗下)",
    # 本文仅代表… · 文章内容仅供参考 · 作品版权归…
    r"(?:本文|文章|以上|上述|文中)[^。]{0,24}(?:不代表本|仅代表|不构成|仅供参考|仅供学习)",
    r"(?:本文|文章|以上|上述|本版|作品)[^。，]{0,16}[，,]?(?:版权归|如有侵权|转载请|严禁转载)",
    r"不代表本[站网报刊台]|仅供其表达个人看法|仅提供信息存储|侵权必究|如有侵权|如涉及?侵权|版权归原?作者",
    r"转载请(?:注明|联系)|转载须注明|未\s?经\s?书\s?面\s?(?:授\s?权|许\s?可)",
    r"未经[^。，]{0,10}(?:授权|许可|允许)[^。]{0,12}转载",
    rf"{_OPEN}(?:禁止|不得|严禁)转载",
)
_COPYRIGHT: Final = (
    r"版\s*权\s*所\s*有|[Cc]opyright|COPYRIGHT|©|[Rr]ights [Rr]eserved",
    r"ICP[备证]|公?网安备|公安备案|网站标识码|许可证(?:编?号)?\s*[:：]",
    r"备案(?:序号|号|/许可证号码?)?\s*[:：]",
    r"^(?:网站)?(?:主办|承办|协办|主管|运维|技术支持)(?:单位|方)?\s*[:：]",
    r"(?:公司|中心|办公室|委员会|局|社)\s*(?:主办|主管)(?:\s|$)|^技术支持|^Powered|^Produced",
)
_CONTACT: Final = (
    r"(?:电\s*话|传\s*真|邮\s*编|邮政编码|地\s*址|邮\s*箱|[电邮]子?信箱|电子邮件|[Ee]-?mail|客服|热线"
    r"|QQ|投稿|爆料|网\s*址|微信号|联系人|联系方式)(?:QQ)?\s*[:：]",
    r"举报电话|举报邮箱|不良信息举报|新闻热线|客服电话|监督电话|服务热线|工作时间",
    r"^[\d\-—()（）]{7,20}(?:$|\s)|^[\w.\-]+@[\w.\-]+$",
)
_COMMENTS: Final = (
    r"^\d+\s*+[条人]?\s*+(?:评论|跟[帖贴]|参与|回复|条?留言)|\d人参与|评论排行|评论\s*[⋅·]|网友\]",
    r"(?:网友|最新|最热|全部|热门|精彩|发表|更多|我要)评论|说两句|有话说$|欢迎你?发表",
    r"网友跟[帖贴]|^热?门?跟[帖贴]|举报(?:赞|回复|查看|$)|回复\s*[⋅·\d]|^\|?(?:回复|收藏|举报|分享)$",
    r"(?:登录|注册)(?:后|[|/]|$)|^(?:.{0,20}\s)?\d+\s*(?:分钟|小时|天|秒)前$|^\|?[+＋]?1?[顶踩赞]\s*\d*$",
)
_FIRST_OF_LISTS: Final = (
    "相关|推荐|延伸|扩展|拓展|更多|热门|热点|精彩|精选|猜[你您]|为[您你]|大家都|往期|近期|最新"
    "|今日|本周|频道|图片|视频|友情|点击|24小时|阅读|一周|新闻|专题|深度|编辑"
)
_LISTS: Final = (
    "新闻|阅读|链接|推荐|文章|内容|报道|评论|专题|附件|资讯|主题|稿件|信息|图集|视频|图片|喜欢|在看"
    "|精选|榜|排行榜?|标签|搜索|聚焦|回顾|热门|热点|热榜|精彩|图文|导读|要闻|关注|排名|故事|专栏"
)
_RELATED: Final = (
    # 相关新闻 · 热门推荐 · 新闻排行榜 · 精彩图集：更多>>
    rf"{_OPEN}(?:{_FIRST_OF_LISTS})(?:{_LISTS})"
    rf"\s*+(?:排行|榜|推荐|/.{{0,20}})?{_CLOSE}[:：>》]*+\s*+(?:更多[+>》]*)?$",
    rf"{_OPEN}(?:延伸阅读|推荐阅读|往期回顾|相关(?:阅读|链接|新闻|报道|稿件))[】\]）)]?[:：]|相关主题[:：]$",
    rf"{_OPEN}[上下前后]一?[篇条]{_CLOSE}(?:[:：]|$)",
    r"^(?:文章|本文|新闻)?\s*(?:标\s*签|关键[词字]|TAG|[Tt]ags?)\s*[:：]",
    r"^(?:猜你喜欢|[为您]{0,2}推荐|热门推荐|您可能|大家都在看|阅读下一篇|已显示全部).{0,8}$|^推荐\d+$",
    rf"^友情链接|^点击进入|^更多.{{0,4}}$|{_OPEN}详细{_CLOSE}$",
)
_NAVIGATION: Final = (
    # 当前位置：首页 > 要闻 > 正文
    r"(?:当前|您?的|所在|现在的?)\s*(?:位置|所在)\s*[:：]|^位置[:：]|^当前所在",
    rf"^{_STEP}{{1,16}}(?:[>＞›»→]++{_STEP}{{0,26}})++$|^[>＞›»→].{{1,14}}$|^[‹›<> ]+$",
    rf"^{_STEP}{{1,16}}(?:[|丨｜┊]{_STEP}{{1,16}}){{2,}}[|丨｜]?$|^[|丨｜].{{0,14}}$",
    r"^欢迎(?:您|来到|访问|光临)|^(?:今天|现在)是.{0,30}星期|^返回.{0,8}$",
    # The page of a paper, and the ways from it: 第05版：深度 · 上一版 下一版
    r"^第?\s?[A-Z]?\d{1,3}\s?版(?:\s*$|\s*[:：].{0,20}$)|^(?:[上下]一[版篇]\s*){2,}$",
    r"^(?:转|切换)?(?:繁体|简体|旧版|无障碍).{0,6}$",
)
_TOOLS: Final = (
    r"字\s*[号体]\s*(?:[:：】\]]|[大小])|视力色|背景色|浏览器|未读|加载|刷新$|我的收藏|收藏[!！成]",
    r"(?:(?:收藏|打印|关闭|分享|保存|转发)[\s|丨/【】\[\]]*){2,}",
    rf"{_OPEN}(?:打印|关闭|收藏|分享)(?:本页|本文|此页|此文|窗口|到|至)",
    r"扫一扫|扫描.{0,8}(?:二维码|登录|下载)|扫码|二维码|长按识别|(?:下载|打开|安装).{0,12}(?:客户端|APP|App|应用)",
    r"^.{0,8}(?:浏览|阅读|点击)(?:次数|量|数|率)?\s*[:：]|^\d+\s*次?(?:阅读|浏览|点击|转发)\s*[|]?$|^点击数",
    r"^我要(?:分享|打印|纠错|收藏)|(?:^|\s)A\s?[+＋]?\s+A\s?[+＋-]?|^Share\b",
    r"^使用.{0,8}登录$|^\d+/\d+字?$|^(?:下次)?自动|^记住|^刚刚看到",
)
_PROMOTION: Final = (
    r"(?:扫描?|识别|长按)[^。]{0,8}二维码|[下上左右]方二维码|欢迎(?:关注|订阅|下载)|点击投票|资讯请关注",
    r"(?:下载|打开)[^。，]{0,12}(?:客户端|APP|App)[^。]{0,12}[!！~]",
)
# In prose these name an account that the news is about.
_ACCOUNTS: Final = (
    r"^(?:更多|微信)?[^。，]{0,8}关注[^。，]{0,16}(?:公众号|微信|官方微|视频号)",
    r"(?:官方微信|官方微博|公众号|订阅号|服务号)$",
)
_PHOTO_CREDIT: Final = (
    # 图片来源：… · 资料图 · 图为… · 记者 张三摄 · （视频截图）
    rf"{_OPEN}(?:图片?来源|图源|图片说明|配图|供图|摄影?|图)\s*[:：/／丨|]",
    rf"{_OPEN}(?:资料图|(?:[上下左右]图|图)[为是：:])",
    r"(?:记者|通讯员|[社网报台]|[\s\u3000】（(/／]).{1,14}\s?摄影?\s*[）)】\]]?[。.]?$",
    r"(?:资料图片?|视频截图|网络截图|视觉中国|图片来自网络|供图|来源网络)\s*[）)】\]]?[。.]?$",
)

_ANY: Final = 10_000
# Kind, the longest line it holds for, and what to search for; the first that matches counts.
# 相关新闻 and 责任编辑 stand in prose, too, hence the limits.
_KINDS: Final = tuple(
    (kind, longest, re.compile("|".join(patterns)))
    for kind, longest, patterns in (
        ("metadata", 100, (rf"{_OPEN}原(?:标题|题)\s*[:：]",)),
        ("editor", 80, _EDITOR),
        ("disclaimer", _ANY, _DISCLAIMER),
        ("copyright", 400, _COPYRIGHT),
        ("contact", 200, _CONTACT),
        ("comments", 60, _COMMENTS),
        ("related", 60, _RELATED),
        ("navigation", 100, _NAVIGATION),
        ("tools", 100, _TOOLS),
        ("promotion", 160, _PROMOTION),
        ("photo_credit", 120, _PHOTO_CREDIT),
        ("promotion", 80, _ACCOUNTS),
    )
)
_OF_PROSE: Final = frozenset(("disclaimer", "copyright", "promotion", "photo_credit"))
_KINDS_OF_PROSE: Final = tuple(entry for entry in _KINDS[:-1] if entry[0] in _OF_PROSE)

# Prose that has none of these is no notice, advertisement or caption. A choice of mere words is
# searched by their first characters: 0.6 µs a paragraph, where the patterns take 16.
_PROSE_HINTS: Final = re.compile(
    "声明|申明|免责|版权|未经|转载|侵权|本站|本网|本平台|不代表|仅代表|仅供|仅提供|网友评论|二维码|公众号|客户端"
    "|官方微|视频号|摄|供图|截图|图为|图片|资料图|视觉中国|来源网络|欢迎|点击投票|请关注|Copyright|©|备案|许可证|Notice"
)


# Likewise for a line that is no prose: a line of any kind has one of these, or is a number, and
# five headings in six have none: 1 µs, where the patterns take 14.
_HINTS: Final = re.compile(
    "|".join(map(re.escape, ":：/／丨|>＞›»→‹<┊｜@©凡摄A"))
    + r"|声明|申明|转载|侵权|仅代表|不代表|不构成|仅供|仅提供|本[站网平]|Notice|未\s?经|版\s?权"
    "|opyright|COPYRIGHT|ights|ICP|网安备|备案|网站|主办|主管|技术支持|Powered|Produced"
    "|举报|不良信息|热线|电话|工作时间|评论|跟[帖贴]|参与|回复|留言|网友|说两句|有话说|收藏|分享|登录|注册|前$"
    r"|顶\s*\d*$|踩\s*\d*$|赞\s*\d*$|推荐|更多|详细|您可能|大家都|已显示|友情链接|点击"
    "|上一?[篇条版]|下一?[篇条版]|前一?[篇条]|后一?[篇条]|当前所在|欢迎|星期|返回|繁体|简体|旧版|无障碍|版$"
    r"|字\s*[号体]|视力色|背景色|浏览|未读|加载|刷新|打印|关闭|保存|转发|扫一扫|扫描|扫码|二维码|长按|下载|打开|安装"
    "|阅读|自动|记住|刚刚|我要|Share|请关注|关注|公众号|订阅号|服务号|官方微|供图|资料图|图为|图是|截图|视觉中国|来自网络"
    "|来源网络|" + "|".join(f"{first}(?:{_LISTS})" for first in _FIRST_OF_LISTS.split("|"))
)
_NUMBER: Final = re.compile(r"[\d\-—()（）]{7}")
BLANK: Final = "".join(
    chr(code)
    for code in (*range(0x9, 0xE), *range(0x1C, 0x21), *range(0x2000, 0x200E))
    + (0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF)
)
"""What is stripped from both ends of a line: white space and characters without width."""
# What a line adds to a body that holds it. Prose adds its length, up to what keeps one very long
# line from bridging a page; short lines and boilerplate take away. Halving or doubling any one of
# these moves the mean F1 of 19 pages by 0.001 at most.
_MOST_PROSE: Final = 200
_SHORT_LINE: Final = -10
_KIND_WEIGHTS: Final = {
    "navigation": -20,
    "tools": -15,
    "metadata": -20,
    "byline": -10,
    "photo_credit": 0,
    "promotion": -20,
    "editor": -150,
    "related": -100,
    "comments": -100,
    "disclaimer": -100,
    "copyright": -150,
    "contact": -60,
}


def kind_of_line(line: str) -> str:
    """The kind of boilerplate that a line which is not prose is, or an empty string."""
    if not _HINTS.search(line) and not _NUMBER.match(line):
        return _WORD_KINDS.get(line, "")
    return _WORD_KINDS.get(line) or _first_match(line, _KINDS)


def kind_of_prose(line: str) -> str:
    """The kind of boilerplate that a line of prose is: a notice, an advertisement or a caption."""
    return _first_match(line, _KINDS_OF_PROSE) if _PROSE_HINTS.search(line) else ""


def _first_match(line: str, kinds: tuple[tuple[str, int, re.Pattern[str]], ...]) -> str:
    """The first kind of which the line has a pattern."""
    length = len(line)
    for kind, longest, pattern in kinds:
        if length <= longest and pattern.search(line):
            return kind
    return ""


class Line(NamedTuple):
    """A line without its outer white space, and the kind of boilerplate that its words make it."""

    start: int
    end: int
    text: str
    kind: str


def read_lines(text: str) -> list[Line]:
    """The lines that are not blank, each with its kind or, for body, an empty string."""
    lines = []
    position = 0
    for raw in text.splitlines(keepends=True):
        line = raw.strip(BLANK)
        if line:
            start = position + len(raw) - len(raw.lstrip(BLANK))
            lines.append(Line(start, start + len(line), line, _kind(line)))
        position += len(raw)
    return lines


def is_prose(line: str) -> bool:
    """Whether a line ends as a sentence does, or holds one, or is too long for anything else."""
    return line[-1] in "。；;" or (len(line) > 12 and "。" in line) or len(line) > _MOST_PROSE


def weight(line: Line) -> int:
    """What a line adds to a body that holds it: above zero for prose, below for boilerplate."""
    if line.kind:
        return _KIND_WEIGHTS[line.kind]
    text, length = line.text, len(line.text)
    if is_prose(text):
        return min(length, _MOST_PROSE)
    if text[-1] in "！？!?…：:，,、”" or text.count("，") + text.count(",") > 1:
        # Headlines end in ？ and ！, too, and few have 40 characters.
        return length if length >= 40 else length // 2
    return _SHORT_LINE


def _kind(line: str) -> str:
    if is_prose(line):
        return kind_of_prose(line)
    if is_metadata(line):
        return "metadata"
    return "byline" if is_byline(line) else kind_of_line(line)
