"""How each feature is said, English and Chinese: the words behind `service.words`."""

from typing import NamedTuple


class Said(NamedTuple):
    """The same in English and Chinese."""

    en: str
    zh: str


class Word(NamedTuple):
    """How a feature is said."""

    en: str
    """With {} for the amount, such as "more than 40%"."""
    zh: str
    """Name; the amount follows it."""
    unit: str
    """One of `UNITS`."""
    none: Said | None = None
    """Not above 0."""
    some: Said | None = None
    """Above 0."""


# English and Chinese unit; both follow the number.
UNITS = {
    "share": ("%", "%"),
    "log": ("%", "%"),  # a logarithm's slope, said as growth
    "clock": ("", ""),
    "kwh": (" kWh", " kWh"),
    "kw": (" kW", " kW"),
    "hours": (" hours", " 小时"),
    "days": (" days", " 天"),
    "months": (" months", " 个月"),
    "years": (" years", " 年"),
    "yuan": (" yuan", " 元"),
    "count": ("", ""),
    "times": (" times", ""),
    "number": ("", ""),
}
# Units of things that a Chinese reader counts: 超过 rather than 高于.
COUNTED = ("days", "months", "years", "yuan", "count", "hours")

WORDS = {
    # load
    "annual_energy": Word("{} a year", "年用电量", "kwh"),
    "mean_power": Word("a mean load of {}", "平均负荷", "kw"),
    "base_load": Word("a base load of {}", "基荷", "kw"),
    "area_peak_load": Word("{} at the area's peak", "地区高峰时负荷", "kw"),
    "peak_valley_difference": Word(
        "{} between the day's peak and valley", "日峰谷差", "kw"
    ),
    "load_factor": Word("a load factor of {}", "负荷率", "share"),
    "typical_load_factor": Word(
        "typical days with a mean load of {} of their highest", "典型日负荷率", "share"
    ),
    "minimum_load_rate": Word("a minimum load rate of {}", "最小负荷率", "share"),
    "peak_valley_difference_rate": Word(
        "a peak-valley difference of {} of the day's peak", "峰谷差率", "share"
    ),
    "shape_entropy": Word("a shape entropy of {}", "负荷形状熵", "number"),
    "mean_ramp": Word("a mean ramp of {}", "平均爬坡率", "number"),
    "maximum_ramp": Word("a steepest ramp of {}", "最大爬坡率", "number"),
    "peak_hour": Word("the day's peak {}", "日高峰时刻", "clock"),
    "valley_hour": Word("the day's valley {}", "日低谷时刻", "clock"),
    "share_night": Word("{} of the energy at night", "夜间电量占比", "share"),
    "share_morning": Word("{} of the energy in the morning", "早间电量占比", "share"),
    "share_midday": Word("{} of the energy at midday", "日间电量占比", "share"),
    "share_evening": Word("{} of the energy in the evening", "晚间电量占比", "share"),
    "share_sharp": Word("{} of the energy in sharp hours", "尖峰电量占比", "share"),
    "share_peak": Word("{} of the energy in peak hours", "峰段电量占比", "share"),
    "share_flat": Word("{} of the energy in flat hours", "平段电量占比", "share"),
    "share_valley": Word("{} of the energy in valley hours", "谷段电量占比", "share"),
    "share_deep_valley": Word(
        "{} of the energy in deep valley hours", "深谷电量占比", "share"
    ),
    "base_load_share": Word(
        "a base load of {} of the mean load", "基荷占平均负荷的比例", "share"
    ),
    "full_load_hours": Word("{} of full load a year", "最大负荷利用小时", "hours"),
    "coincidence": Word(
        "at the area's peak {} of its own highest load", "同时率", "share"
    ),
    "coefficient_of_variation": Word(
        "a daily energy varying by {}", "日电量变异系数", "share"
    ),
    "robust_coefficient_of_variation": Word(
        "a daily energy usually varying by {}", "日电量稳健变异系数", "share"
    ),
    "day_to_day_variability": Word(
        "a day-to-day variability of {}", "日间差异度", "number"
    ),
    "rest_day_ratio": Word(
        "on rest days {} the energy of working days", "休息日与工作日电量之比", "times"
    ),
    "summer_ratio": Word(
        "in summer {} the energy of the year's mean day",
        "夏季与全年日均电量之比",
        "times",
    ),
    "winter_ratio": Word(
        "in winter {} the energy of the year's mean day",
        "冬季与全年日均电量之比",
        "times",
    ),
    "trend": Word("a yearly trend of the energy of {}", "用电量年趋势", "log"),
    "missing_share": Word("{} of the readings missing", "缺测率", "share"),
    "complete_days": Word("{} of complete readings", "完整数据天数", "days"),
    # how customers pay
    "days_overdue": Word(
        "{} overdue",
        "逾期天数",
        "days",
        Said("nothing overdue", "无逾期"),
        Said("something overdue", "有逾期"),
    ),
    "days_since_full_payment": Word(
        "{} since the last full payment or top-up", "距上次足额缴费或购电", "days"
    ),
    "payments_per_cycle": Word(
        "{} payments a billing cycle",
        "每个账期缴费次数",
        "count",
        Said("no payment", "期内无缴费"),
        Said("some payment", "期内有缴费"),
    ),
    "amount_yuan": Word("{} paid", "缴费金额", "yuan"),
    "arrears_ratio": Word(
        "{} of what was billed unpaid",
        "欠费率",
        "share",
        Said("nothing billed unpaid", "无欠费"),
        Said("some of what was billed unpaid", "有欠费"),
    ),
    "tenure_years": Word("an account open for {}", "开户年限", "years"),
    # credit
    "late_share": Word(
        "{} of the bills late",
        "迟缴率",
        "share",
        Said("no bill late", "无迟缴"),
        Said("some bill late", "有迟缴"),
    ),
    "worst_delay_days": Word(
        "a worst delay of {}",
        "最长迟缴",
        "days",
        Said("no delay at all", "从未迟缴"),
        Said("some delay", "曾有迟缴"),
    ),
    "mean_delay_days": Word(
        "a mean delay of {}",
        "平均迟缴",
        "days",
        Said("no mean delay", "平均无迟缴"),
        Said("some mean delay", "平均有迟缴"),
    ),
    "delay_trend": Word("a monthly trend of the delay of {}", "迟缴月趋势", "days"),
    "unpaid_bills": Word(
        "{} unpaid bills",
        "未缴账单数",
        "count",
        Said("no unpaid bill", "无未缴账单"),
        Said("some unpaid bill", "有未缴账单"),
    ),
    "overdue_months": Word(
        "an oldest open bill {} overdue",
        "最长逾期",
        "months",
        Said("no open bill overdue", "无逾期账单"),
        Said("some open bill overdue", "有逾期账单"),
    ),
    "amount_volatility": Word("bills varying by {}", "账单金额波动系数", "share"),
    "energy_trend": Word("a monthly trend of the energy of {}", "电量月趋势", "share"),
    "n_bills": Word("{} bills", "账单数", "count"),
    "n_disconnections": Word(
        "{} disconnections",
        "欠费停电次数",
        "count",
        Said("never disconnected", "未曾欠费停电"),
        Said("disconnected at least once", "曾欠费停电"),
    ),
    "n_breaches": Word(
        "{} breaches of use",
        "违约用电窃电次数",
        "count",
        Said("no breach of use", "无违约用电窃电"),
        Said("some breach of use", "有违约用电窃电"),
    ),
    "n_bounced": Word(
        "{} bounced payments",
        "缴费退回次数",
        "count",
        Said("no bounced payment", "无缴费退回"),
        Said("some bounced payment", "有缴费退回"),
    ),
    "has_instalment": Word(
        "{} instalment plans",
        "分期协议",
        "count",
        Said("no instalment plan", "无分期协议"),
        Said("an instalment plan", "有分期协议"),
    ),
}
