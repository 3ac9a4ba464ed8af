"""A folded copy of a text for matching, with the way back to the original.

Folding is case, width, accents, invisible characters, Arabic letter forms, and Latin look-alikes from other
alphabets. It changes what is matched, never what is shown: every span goes back through `Folded.original`.
"""

from __future__ import annotations

import re
import unicodedata

from attrs import frozen

# Letters of other alphabets that are drawn like Latin ones. Own table: only letters that stand for each other
# in everyday type, lower case (folding lowers first).
LOOKALIKES = dict(
    zip(
        "аеорсухікјѕһԁԛԝтмнвгпλαεορτυνικχβγω",
        "aeopcyxikjshdqwtmhbrnaaeoptuvikxbyw",
        strict=True,
    )
)
# Traditional forms beside the simplified ones, written pairwise: those of everyday trade, papers and weapons.
_FORMS = (
    "計计 訂订 討讨 訓训 記记 訊讯 設设 許许 訴诉 診诊 評评 詞词 試试 詩诗 話话 該该 詳详 認认 語语 誠诚 說说 説说 "
    "請请 課课 調调 談谈 論论 謝谢 講讲 證证 識识 議议 護护 譯译 讓让 變变 誰谁 諾诺 謹谨 訪访 詢询 詐诈 誤误 謊谎 "
    "讀读 讚赞 託托 誌志 諒谅 謀谋 負负 財财 貢贡 貨货 販贩 貪贪 責责 貯贮 貴贵 買买 貸贷 費费 貼贴 貿贸 賀贺 資资 "
    "賊贼 賓宾 賞赏 賠赔 賣卖 質质 賬账 賭赌 購购 賺赚 贈赠 贊赞 賴赖 贓赃 敗败 貓猫 賤贱 員员 圓圆 損损 車车 軍军 "
    "軌轨 軟软 軸轴 較较 載载 輔辅 輕轻 輛辆 輪轮 輯辑 輸输 轉转 轟轰 連连 運运 庫库 陣阵 揮挥 針针 釘钉 釣钓 鈔钞 "
    "鈍钝 鈴铃 鉛铅 銀银 銅铜 銘铭 銷销 鋁铝 鋒锋 鋪铺 鋸锯 鋼钢 錄录 錢钱 錯错 鍛锻 鍵键 鎖锁 鎮镇 鏈链 鏡镜 鐘钟 "
    "鐵铁 鑄铸 鑑鉴 鑒鉴 鑽钻 銳锐 鏽锈 銹锈 鉤钩 鍍镀 錶表 鈕钮 銜衔 銲焊 鎗枪 鑿凿 鑲镶 鉗钳 鉚铆 銃铳 銬铐 錘锤 "
    "錫锡 鍋锅 鑰钥 鏢镖 鋰锂 門门 閃闪 閉闭 開开 間间 閒闲 閑闲 閱阅 關关 闆板 問问 聞闻 悶闷 閘闸 闖闯 閣阁 闊阔 "
    "閥阀 馬马 駁驳 駐驻 駕驾 騎骑 騙骗 驗验 驚惊 驅驱 騰腾 罵骂 嗎吗 媽妈 碼码 駛驶 紀纪 約约 紅红 納纳 紐纽 純纯 "
    "紙纸 級级 細细 紹绍 終终 組组 結结 絕绝 給给 統统 絲丝 經经 綁绑 綠绿 維维 網网 緊紧 緒绪 線线 練练 編编 緣缘 "
    "縣县 縫缝 總总 績绩 織织 繞绕 繩绳 繪绘 繫系 繼继 續续 纏缠 紋纹 緻致 綫线 繳缴 縮缩 縱纵 絡络 緬缅 緝缉 綜综 "
    "糾纠 飯饭 飲饮 飾饰 養养 館馆 餘余 飼饲 頁页 頂顶 項项 順顺 須须 預预 頓顿 領领 頭头 頻频 題题 額额 顏颜 願愿 "
    "類类 顧顾 顯显 顆颗 頒颁 頸颈 見见 規规 視视 親亲 覺觉 覽览 觀观 現现 個个 箇个 們们 來来 後后 從从 復复 時时 "
    "會会 為为 無无 與与 實实 寫写 對对 將将 專专 導导 屬属 歲岁 帶带 幣币 幫帮 廠厂 廣广 應应 張张 強强 彈弹 當当 "
    "徵征 態态 慣惯 戰战 戶户 戲戏 拋抛 換换 據据 擊击 擇择 擋挡 擔担 擴扩 擺摆 攝摄 數数 斷断 於于 書书 條条 東东 "
    "極极 構构 槍枪 樂乐 樣样 標标 樓楼 機机 檢检 權权 歡欢 歷历 殘残 殺杀 殼壳 毀毁 氣气 決决 沒没 況况 淨净 減减 "
    "測测 滅灭 滿满 漁渔 漢汉 潔洁 濟济 灣湾 災灾 點点 煉炼 煙烟 熱热 燈灯 燒烧 爭争 爺爷 爾尔 牆墙 牽牵 狀状 獎奖 "
    "獨独 獲获 獵猎 環环 產产 畢毕 畫画 異异 療疗 發发 髮发 盜盗 盡尽 監监 盤盘 眾众 確确 礎础 禮礼 離离 種种 稱称 "
    "積积 穩稳 竊窃 競竞 筆笔 節节 範范 築筑 簡简 簽签 籤签 籌筹 粵粤 糧粮 罰罚 罷罢 羅罗 義义 習习 聖圣 聯联 聲声 "
    "職职 聽听 脫脱 腦脑 腳脚 膚肤 膠胶 臉脸 臨临 舉举 舊旧 艦舰 莊庄 華华 萬万 葉叶 蓋盖 藍蓝 藝艺 藥药 蘇苏 處处 "
    "號号 蟲虫 術术 衛卫 裝装 裡里 裏里 補补 複复 製制 褲裤 襲袭 觸触 豐丰 豬猪 贏赢 趕赶 跡迹 蹟迹 蹤踪 農农 這这 "
    "進进 遊游 過过 達达 違违 遠远 適适 遲迟 遷迁 選选 遺遗 還还 邊边 邏逻 郵邮 鄉乡 鄰邻 醫医 釋释 長长 陰阴 陳陈 "
    "陸陆 陽阳 隊队 階阶 際际 隨随 險险 隱隐 隻只 雖虽 雙双 雜杂 雞鸡 難难 電电 霧雾 靈灵 靜静 響响 飛飞 風风 體体 "
    "髒脏 鬆松 鬥斗 鬧闹 魚鱼 鮮鲜 鳥鸟 鳴鸣 麗丽 麥麦 黃黄 黨党 齊齐 齒齿 齡龄 龍龙 國国 園园 圍围 團团 圖图 執执 "
    "堅坚 場场 塊块 壓压 壞坏 壽寿 夢梦 夥伙 奪夺 學学 孫孙 寧宁 審审 寬宽 寶宝 尋寻 層层 島岛 師师 幾几 廳厅 廢废 "
    "彎弯 惡恶 愛爱 慶庆 懷怀 懸悬 掃扫 掛挂 採采 搶抢 擁拥 攔拦 敵敌 暫暂 櫃柜 欄栏 歐欧 滾滚 潛潜 烏乌 瑪玛 窮穷 "
    "窩窝 臺台 檯台 嚇吓 嚴严 喪丧 單单 噴喷 噸吨 啟启 啓启 嘗尝 協协 卻却 厭厌 參参 啞哑 區区 匯汇 滙汇 劑剂 劃划 "
    "劇剧 劉刘 創创 剛刚 則则 別别 刪删 動动 務务 勝胜 勞劳 勢势 勵励 偽伪 側侧 偵侦 傑杰 備备 債债 傳传 傷伤 傾倾 "
    "僅仅 價价 儀仪 億亿 優优 儲储 儘尽 僑侨 倉仓 倫伦 內内 兩两 兒儿 冊册 凍冻 凱凯 遞递 併并 並并 佔占 佈布 係系 "
    "彙汇 徹彻 歸归 辦办 辭辞 搖摇 撥拨 撿捡 攜携 釐厘 雲云 韓韩 麼么 麵面 乾干 幹干 迴回 週周 傢家 攤摊 擠挤 摺折 "
    "捨舍 濕湿 淺浅 燙烫 爐炉 爛烂 牀床 獄狱 疊叠 瞞瞒 稅税 穫获 聰聪 臟脏 薦荐 蘭兰 虧亏 衝冲 襯衬 謎谜 轄辖 鄧邓 "
    "鄭郑 鷹鹰 隸隶 瀏浏 瞭了 蠟蜡 縛缚 犧牺 賦赋 諸诸 誇夸 訝讶 韌韧 禍祸 碩硕 勳勋 剎刹 嶺岭 憑凭 憂忧 懲惩 擬拟 "
    "擾扰 攪搅 敘叙 棄弃 楓枫 槳桨 殞殒 毆殴 湧涌 溫温 滲渗 澤泽 濱滨 瀕濒 灘滩 營营 獸兽 瓏珑 畝亩 癥症 皺皱 矯矫 "
    "礙碍 禦御 稟禀 籠笼 粧妆 綴缀 緩缓 縝缜 繃绷 聳耸 膽胆 艷艳 槓杠 "
)
SIMPLIFIED = {pair[0]: pair[1] for pair in _FORMS.split()}
ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ک": "ك", "ی": "ي"}
PUNCTUATION = {
    **dict.fromkeys("‐‑‒–—―−﹘﹣－⁃", "-"),
    **dict.fromkeys("‘’‛ʼ´`′＇", "'"),
    **dict.fromkeys("“”„‟«»″＂", '"'),
    "⁄": "/",
    "∕": "/",
    "。": ".",
    "．": ".",
    "؟": "?",
    "؛": ";",
    "،": ",",
    "、": ",",
    "×": "x",
    "\u2028": "\n",
    "\u2029": "\n",
    "\r": "\n",
    "…": ".",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ı": "i",
}
GONE = frozenset({"Cf", "Cs", "Mn", "Me"})
SHORT_I = "\u0439"  # a letter of its own: without its mark the stemmer does not know the endings it stands in
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-z]")


@frozen(kw_only=True)
class Folded:
    """The folded copy and the way back.

    `starts` and `ends` say per folded character where it came from (None: the same place). `repairs` are the folded
    spans where hidden spelling was undone.
    """

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None
    repairs: tuple[tuple[int, int], ...] = ()

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that became `text[start:end]` (not empty)."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def with_edits(self, edits: list[tuple[int, int, str]]) -> Folded:
        """A copy in which each `(start, end, replacement)` was applied; the replacement keeps the whole span."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        repairs: list[tuple[int, int]] = []
        position = 0
        for start, end, replacement in sorted(edits):
            if start < position:
                continue
            self._copy(position, start, parts, starts, ends)
            first, last = self.original(start, end)
            at = len(starts)
            parts.append(replacement)
            starts.extend([first] * len(replacement))
            ends.extend([last] * len(replacement))
            repairs.append((at, at + len(replacement)))
            position = end
        self._copy(position, len(self.text), parts, starts, ends)
        return Folded(text="".join(parts), starts=tuple(starts), ends=tuple(ends), repairs=tuple(repairs))

    def _copy(self, start: int, end: int, parts: list[str], starts: list[int], ends: list[int]) -> None:
        parts.append(self.text[start:end])
        if self.starts is None or self.ends is None:
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            starts.extend(self.starts[start:end])
            ends.extend(self.ends[start:end])


def fold_char(char: str) -> str:
    """What one character becomes: nothing, one character, or a few."""
    if char in PUNCTUATION:
        return PUNCTUATION[char]
    category = unicodedata.category(char)
    if category in GONE or char == "\u0640":
        return ""
    if category[0] == "Z" or category in ("Cc", "Cn", "Co"):
        return "\n" if char == "\n" else " "
    lowered = unicodedata.normalize("NFKC", char).casefold()
    if lowered == SHORT_I:
        return lowered
    bare = unicodedata.normalize("NFD", lowered)
    kept = unicodedata.normalize("NFC", "".join(part for part in bare if unicodedata.category(part) not in GONE))
    return "".join(_fold_letter(part) for part in kept)


def _fold_letter(part: str) -> str:
    if part.isdigit():
        return str(unicodedata.digit(part))
    if part.isspace():
        return " "
    return ARABIC.get(part) or SIMPLIFIED.get(part) or PUNCTUATION.get(part) or part


class FoldTable(dict[int, str]):
    """A translation table that fills itself: code point to folded text. Bounded by Unicode itself."""

    def __init__(self) -> None:
        super().__init__()
        self.resizing: set[str] = set()

    def __missing__(self, code: int) -> str:
        folded = self[code] = fold_char(chr(code))
        if len(folded) != 1:
            self.resizing.add(chr(code))
        return folded


class Folder:
    """Folds texts; holds only the table of characters met so far."""

    def __init__(self) -> None:
        self._table = FoldTable()

    def fold(self, text: str) -> Folded:
        """The folded copy of `text`, with its offsets. ASCII without control characters costs almost nothing."""
        if text.isascii():
            return Folded(text=text.lower().translate(_ASCII_CONTROLS))
        folded = text.translate(self._table)
        if self._table.resizing.isdisjoint(text):
            return _unmask(Folded(text=folded))
        starts: list[int] = []
        for place, char in enumerate(text):
            starts.extend([place] * len(self._table[ord(char)]))
        return _unmask(Folded(text=folded, starts=tuple(starts), ends=tuple(place + 1 for place in starts)))


_ASCII_CONTROLS = dict.fromkeys((*range(10), *range(11, 32), 127), " ") | {13: "\n"}


def _unmask(folded: Folded) -> Folded:
    """Look-alike letters back to Latin: in words of mixed alphabets, and in wholly look-alike words of Latin texts."""
    text = folded.text
    latin = len(_LATIN.findall(text))
    if not latin:
        return folded
    mostly_latin = latin * 2 > sum(1 for char in text if char.isalpha())
    edits = []
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii():
            continue
        unmasked = "".join(LOOKALIKES.get(char, char) for char in word)
        if unmasked.isascii() and (mostly_latin or _LATIN.search(word)):
            edits.append((match.start(), match.end(), unmasked))
    return folded.with_edits(edits) if edits else folded
