"""What the hotline's agents write down: templates, slots, and the noise of haste.

Chinese text from the catalogue of templates; characters that sound alike are mixed up
(错别字), digits are half or full width, words fill pauses, one call may have two
matters. Telephone numbers stand in the text as in a real export: invented ones of one
block, ``1990000``.
"""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from research.region.synthetic.voices.catalogue import catalogue

# Shares of the specification, section 7: of the characters that have a sound-alike
# (about half of all), and of texts with two matters.
TYPOS, TWO_MATTERS = 0.02, 0.08
# Shares of texts with full-width digits, with words that fill, and with a telephone
# number at the end (assumptions).
FULL_WIDTH, OPENED, CLOSED, WITH_PHONE = 0.25, 0.25, 0.30, 0.12
CHANNEL_NAMES = {
    "hall": "营业厅",
    "agent": "代收点",
    "self_terminal": "自助终端",
    "bank_counter": "银行柜台",
    "bank_debit": "银行代扣",
    "app": "网上国网",
    "wechat": "微信",
    "alipay": "支付宝",
    "ebao": "电e宝",
    "web": "网站",
    "village_point": "村邮点",
    "other": "其他渠道",
}
_OPENINGS = ("您好,", "客户来电,", "嗯,", "那个,", "客户情绪激动,", "据客户描述,")
_CLOSINGS = ("请尽快处理。", "谢谢。", "望核实。", "请回复客户。", "客户表示着急。")
_SECOND = ("另外,", "同时,", "此外,")
_AGAIN = "客户再次来电,"
# Characters and what a hurried typist takes for them; each sounds like its pair.
_SOUND_ALIKE = (
    "电店费废充冲到道账帐停亭压押购构值直余于额鹅客课户护反返映应系细统桶显现示是记计"
    "录路要药求球尽近快块处储理里未为次此发法成城工公家佳表标线现申深请情核合实时抄超"
    "修休灯登变便器气负付频贫繁烦严言重众响想生声活火通同知之用永称成使是投头诉述员圆"
    "作做人仁联连办半条调咨资询寻已以单丹无吴上尚门们力立容荣高搞低底"
)
_CAPACITIES = np.array(["160", "200", "315", "400", "500", "630", "800"])
_SLOT = re.compile(r"\{(\w+)\}")


def ticket_texts(
    calls: pd.DataFrame, places: np.ndarray, ids: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Texts of calls, and the template of their second matter.

    Parameters
    ----------
    calls : DataFrame of shape (n, any)
        `template`, `ts`, `again` (a call on an earlier matter), and the slots that the
        cause of the call knows.
    places : array of str of shape (n,)
        Name of the area that the customer lives in.
    ids : array of str of shape (n,)
        Customer number 户号.
    rng : Generator

    Returns
    -------
    texts : array of str of shape (n,)
    second : array of int of shape (n,)
        Position in the catalogue; -1 where there is one matter only.
    """
    n = len(calls)
    book = catalogue("ticket_templates")
    slots = _slots(calls, places, ids, rng)
    first = _filled(book["text_zh"], calls["template"].to_numpy(), slots)
    # A second matter is one that anybody may have.
    anyone = book["who"].eq("any") & book["base_weight"].gt(0)
    anyone &= book["type"].isin(["inquiry", "opinion", "service_request"])
    second = rng.choice(np.flatnonzero(anyone), n)
    alone = (rng.random(n) >= TWO_MATTERS) | (second == calls["template"].to_numpy())
    second[alone] = -1
    more = np.full(n, "", dtype=object)
    two = np.flatnonzero(~alone)
    joined = rng.choice(np.array(_SECOND, dtype=object), len(two))
    slots_of_two = {name: values.take(two) for name, values in slots.items()}
    more[two] = joined + _filled(book["text_zh"], second[two], slots_of_two)
    opening = _sometimes(_OPENINGS, OPENED, n, rng)
    opening[calls["again"].to_numpy(dtype=bool)] = _AGAIN
    closing = _sometimes(_CLOSINGS, CLOSED, n, rng)
    phone = slots["phone"].to_numpy(zero_copy_only=False)
    phone = np.where(rng.random(n) < WITH_PHONE, "联系电话" + phone + "。", "")
    return _hurried(opening + first + more + closing + phone, rng), second


def _slots(
    calls: pd.DataFrame, places: np.ndarray, ids: np.ndarray, rng: np.random.Generator
) -> dict[str, pa.Array]:
    """Text of every slot: what the cause knows, else something likely."""
    n = len(calls)

    def number(name: str, low: int, high: int) -> pa.Array:
        made_up = rng.integers(low, high, n)
        if name in calls:
            made_up = calls[name].fillna(pd.Series(made_up, calls.index)).to_numpy()
        return pc.cast(pa.array(np.round(made_up).astype(np.int64)), pa.string())

    ts = calls["ts"].to_numpy()
    event = calls["event"].fillna(calls["ts"]) if "event" in calls else calls["ts"]
    month = pd.Series(ts).dt.to_period("M").dt.start_time - pd.Timedelta(days=20)
    if "month" in calls:
        month = calls["month"].reset_index(drop=True).fillna(month)
    channel = pd.Series(rng.choice(["wechat", "alipay", "app", "agent"], n))
    if "channel" in calls:
        channel = calls["channel"].reset_index(drop=True).fillna(channel)
    house, side = rng.integers(1, 30, n), rng.choice(["号楼", "栋", "组"], n)
    phone = 1_990_000_0000 + rng.integers(0, 10_000, n)
    made = {
        "channel": channel.map(CHANNEL_NAMES),
        "day": _day_names(event.to_numpy(), ts),
        "ym": month.dt.year.astype("str") + "年" + month.dt.month.astype("str") + "月",
        "addr": pd.Series(places, dtype="str") + pd.Series(house).astype("str") + side,
        "cno": ids,
        "phone": pd.Series(phone).astype("str"),
    }
    return {name: pa.array(values, pa.string()) for name, values in made.items()} | {
        "amt": number("amt", 30, 400),
        "bal": number("bal", 1, 15),
        "n": number("n", 2, 4),
        "kwh": number("kwh", 40, 400),
        "dur": number("dur", 3, 30),
        "days": number("days", 5, 60),
        "volt": number("volt", 165, 197),
        "kva": pa.array(rng.choice(_CAPACITIES, n).tolist(), pa.string()),
    }


def _day_names(event: np.ndarray, called: np.ndarray) -> pd.Series:
    """Day of the event as a caller names it: today, yesterday, or the date."""
    days = (called.astype("datetime64[D]") - event.astype("datetime64[D]")).astype(int)
    date = pd.Series(event)
    named = date.dt.month.astype("str") + "月" + date.dt.day.astype("str") + "日"
    return named.mask(days == 0, "今天").mask(days == 1, "昨天")


def _filled(
    patterns: pd.Series, template: np.ndarray, slots: dict[str, pa.Array]
) -> np.ndarray:
    """Texts of the templates, slots filled in."""
    texts = np.empty(len(template), dtype=object)
    for number in np.unique(template):
        rows = np.flatnonzero(template == number)
        # Odd parts are names of slots.
        parts = _SLOT.split(patterns[number])
        pieces = [
            slots[part].take(pa.array(rows)) if odd % 2 else pa.scalar(part)
            for odd, part in enumerate(parts)
        ]
        if len(parts) == 1:
            texts[rows] = parts[0]
        else:
            filled = pc.binary_join_element_wise(*pieces, pa.scalar(""))
            texts[rows] = filled.to_numpy(zero_copy_only=False)
    return texts


def _sometimes(
    words: tuple[str, ...], share: float, n: int, rng: np.random.Generator
) -> np.ndarray:
    chosen = rng.choice(np.array(words, dtype=object), n)
    chosen[rng.random(n) >= share] = ""
    return chosen


def _hurried(texts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Texts with typing errors, and digits and signs of either width."""
    if not len(texts):
        return texts
    wide = texts.astype(str)
    code = wide.view(np.uint32).reshape(len(texts), -1)
    alike = np.frombuffer(_SOUND_ALIKE.encode("utf-32-le"), dtype=np.uint32)
    table = np.arange(0x10000, dtype=np.uint32)
    table[alike[0::2]] = alike[1::2]
    wrong = rng.random(code.shape, dtype=np.float32) < TYPOS
    code = np.where(wrong, table[code], code)
    # Signs and digits from ! to ~ have full-width twins 0xFEE0 further on.
    twin = (code >= 0x21) & (code <= 0x7E)
    comma = (code == ord(",")) & (rng.random((len(texts), 1)) < 0.5)
    twin &= comma | (rng.random((len(texts), 1)) < FULL_WIDTH)
    code = np.where(twin, code + 0xFEE0, code).astype(np.uint32)
    return np.ascontiguousarray(code).view(wide.dtype).ravel().astype(object)
