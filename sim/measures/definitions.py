"""Every measure once: id, unit, names, definition, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from sim.measures import recovery, weekly
from sim.measures.record import MeasureValue, RunRecord, ratio
from sim.measures.weekly import FEN, a_year, level, total
from sim.spec.base import Text

Better = Literal["higher", "lower"] | None


class Measure(NamedTuple):
    """A measure: its meaning in both languages, which way is better, its computation."""

    id: str
    unit: str
    label: Text
    definition: Text
    better: Better
    compute: Callable[[RunRecord], MeasureValue]


_STAGE_EN = {"early": "1-30 days", "middle": "31-90 days", "late": "91-180 days", "charged_off": "charged off"}
_STAGE_ZH = {"early": "逾期1至30天", "middle": "逾期31至90天", "late": "逾期91至180天", "charged_off": "已核销"}
_LIST_EN = "common list: accounts in arrears when measurement starts, hold-out excluded"
_LIST_ZH = "共同名单：开始计量时已逾期的账户，不含对照组"
_NONE = "no account was contacted"


def _cures() -> list[Measure]:
    made = []
    for horizon in recovery.HORIZONS:
        days = horizon[:-1]
        for by_balance in (False, True):
            for stage in recovery.STAGES:
                headline = stage == recovery.HEADLINE
                if by_balance and not headline:
                    continue
                suffix = "_by_balance" if by_balance else ""
                suffix += "" if headline else f"_{stage}"
                by_en, by_zh = (" by balance", "（按金额）") if by_balance else ("", "")
                made.append(
                    Measure(
                        f"cure_rate_{horizon}{suffix}", "share",
                        Text(en=f"Cured within {days} days, {_STAGE_EN[stage]}{by_en}",
                             zh=f"{days}天内还清，{_STAGE_ZH[stage]}{by_zh}"),
                        Text(en=f"Placements whose arrears at placement came in within {days} days over "
                                f"placements followed that long{by_en}; {_LIST_EN}; stage {_STAGE_EN[stage]}.",
                             zh=f"委案时欠款在{days}天内收回的委案数除以跟踪满该期限的委案数{by_zh}；"
                                f"{_LIST_ZH}；阶段：{_STAGE_ZH[stage]}。"),
                        "higher",
                        partial(recovery.cure_rate, horizon=horizon, stage=stage, by_balance=by_balance),
                    )
                )  # fmt: skip
    return made


def _measure(
    id: str, unit: str, en: str, zh: str, meaning_en: str, meaning_zh: str, better: Better,
    compute: Callable[[RunRecord], MeasureValue],
) -> Measure:  # fmt: skip
    return Measure(id, unit, Text(en=en, zh=zh), Text(en=meaning_en, zh=meaning_zh), better, compute)


def _share_of(part: str, whole: str, reason: str, scale: float = 1.0) -> Callable[[RunRecord], MeasureValue]:
    return lambda r: ratio(scale * total(r, part), total(r, whole), reason)


def _yearly(name: str, per: Literal["borrowers", "firms"], scale: float) -> Callable[[RunRecord], MeasureValue]:
    return lambda r: a_year(r, scale * total(r, name), getattr(r, per), f"there are no {per}")


def _level(name: str) -> Callable[[RunRecord], MeasureValue]:
    return lambda r: level(r, name)


_RECOVERY = [
    _measure("direct_effect_90d", "share", "Direct effect on cure at 90 days", "90天还清率的直接效果",
             "Cure rate within 90 days of accounts 31-90 days late when measurement starts, minus that of such "
             "accounts left alone at random in the same run.",
             "开始计量时逾期31至90天的账户90天内还清率，减去同一次运行中随机不催收的同类账户的还清率。",
             "higher", recovery.direct_effect),
    _measure("recovery_rate", "share", "Recovered within a year", "一年内回收率",
             f"Money received within 360 days over money placed (whole balance from 91 days on), all stages; {_LIST_EN}.",
             f"360天内收回金额除以委案金额（逾期91天起按全部余额），所有阶段；{_LIST_ZH}。",
             "higher", recovery.recovery_rate),
    _measure("restricted_mean_recovery_weeks_52", "weeks", "Mean weeks to cure, at most 52", "平均还清周数（上限52）",
             f"Mean over placements at 31-90 days of weeks to cure, 52 where not cured; {_LIST_EN}.",
             f"逾期31至90天委案的还清周数均值，未还清计52周；{_LIST_ZH}。",
             "lower", recovery.restricted_mean_weeks),
    _measure("median_recovery_weeks", "weeks", "Week by which half are cured", "半数还清所需周数",
             f"Median weeks to cure over all placements at 31-90 days; undefined if fewer than half are cured; {_LIST_EN}.",
             f"逾期31至90天全部委案的还清周数中位数，不足半数还清时无定义；{_LIST_ZH}。",
             "lower", recovery.median_weeks),
]  # fmt: skip

_COLLECTION = [
    _measure("cost_per_100", "yuan", "Cost per 100 yuan received", "每回收100元的成本",
             "Collection costs over money received from accounts in arrears, times 100.",
             "催收成本除以逾期账户回款，乘以100。", "lower", weekly.cost_per_100),
    _measure("net_present_recovery", "yuan/borrower", "Net present recovery", "净现值回收",
             "Money received from accounts in arrears less collection costs, discounted weekly, per borrower.",
             "逾期账户回款减去催收成本，按周贴现，按每位借款人计。", "higher", weekly.net_present_recovery),
    _measure("labour_cost_share", "share", "Labour share of cost", "人工成本占比",
             "Labour costs over all collection costs.", "人工成本除以全部催收成本。", None,
             _share_of("labour_cost", "collection_cost", "nothing was spent")),
    _measure("contact_rate", "share", "Contact rate", "接通率",
             "Account-weeks with a contact over account-weeks with an attempt.",
             "有接触的账户周数除以有尝试的账户周数。", "higher",
             _share_of("contacted", "worked", "nobody was tried")),
    _measure("promise_kept_rate", "share", "Promises kept", "承诺履约率",
             "Promises kept over promises that fell due (reminders answered included).",
             "已履行的承诺除以到期的承诺（含提醒后答应还款）。", "higher",
             _share_of("promises_kept", "promises_due", "no promise fell due")),
    _measure("complaints_per_1000", "per 1,000 contacted", "Complaints per 1,000 contacted", "每千次接触投诉数",
             "Complaints over account-weeks with a contact, times 1,000.",
             "投诉数除以有接触的账户周数，乘以1000。", "lower",
             _share_of("complaints", "contacted", _NONE, 1000)),
    _measure("complaints_per_1000_borrowers", "per 1,000 borrowers a year", "Complaints per 1,000 borrowers a year",
             "每千名借款人每年投诉数", "Complaints a year per 1,000 borrowers.", "每千名借款人每年的投诉数。",
             "lower", _yearly("complaints", "borrowers", 1000)),
    _measure("dispute_rate", "share", "Disputes raised", "争议提出率",
             "Disputes raised over account-weeks with a contact.", "提出的争议数除以有接触的账户周数。",
             "lower", _share_of("disputes", "contacted", _NONE)),
    _measure("violations", "per 1,000 borrowers a year", "Violations", "违规次数",
             "Times a rule was broken, a year and per 1,000 borrowers.", "每千名借款人每年的违规次数。",
             "lower", _yearly("violations", "borrowers", 1000)),
    _measure("fines", "yuan/borrower a year", "Fines", "罚款", "Fines a year per borrower.",
             "每位借款人每年的罚款。", None, _yearly("fines", "borrowers", 1 / FEN)),
    _measure("digital_share", "share", "Contacts by machine", "数字渠道接触占比",
             "Account-weeks whose most persuasive contact was text, messenger, robot or app over those with a contact.",
             "以短信、即时消息、语音机器人或应用为主要接触的账户周数占有接触账户周数的比例。", None,
             _share_of("digital", "contacted", _NONE)),
]  # fmt: skip

_HOUSEHOLDS = [
    _measure("consumer_overdue_30_rate", "share", "Household debt 30+ days overdue", "居民贷款逾期30天以上占比",
             "Balance of accounts more than 30 days late over all balances on the books; mean of the last year.",
             "逾期30天以上账户余额除以全部在账余额；最后一年均值。", "lower", _level("consumer_overdue_30_rate")),
    _measure("npl_ratio", "share", "NPL ratio of household loans", "居民贷款不良率",
             "Balance 91-180 days late over the book, charged-off balances out of both; mean of the last year.",
             "逾期91至180天余额除以在账余额，均不含已核销；最后一年均值。", "lower", _level("npl_ratio")),
    _measure("charge_off_rate", "yuan/borrower a year", "Charge-offs", "核销额",
             "Balances charged off a year per borrower.", "每位借款人每年的核销额。", "lower",
             _yearly("charge_offs", "borrowers", 1 / FEN)),
    _measure("new_credit", "yuan/borrower a year", "New household credit", "新增居民信贷",
             "Loans made and card purchases a year per borrower.", "每位借款人每年的新增贷款与刷卡额。", "higher",
             _yearly("new_credit", "borrowers", 1 / FEN)),
    _measure("stress_mean", "0 to 1", "Mean stress", "平均压力",
             "Mean stress of borrowers; mean of the last year.", "借款人平均压力；最后一年均值。", "lower",
             _level("stress_mean")),
    _measure("sleep_disorder_rate_over_180d", "share", "Sleep disorder, over 180 days late", "逾期180天以上者睡眠障碍率",
             "Expected prevalence among borrowers over 180 days late, from the base rate, the odds ratio of the "
             "over-indebted and their stress; mean of the last year.",
             "逾期180天以上借款人的预期患病率，由基准率、过度负债者优势比及其压力推得；最后一年均值。", "lower",
             weekly.sleep_disorder_rate),
    _measure("essentials_missed_weeks", "weeks/borrower a year", "Weeks without enough for essentials", "基本生活不足周数",
             "Weeks in which income and savings did not cover essentials, a year per borrower.",
             "收入与储蓄不足以支付基本生活开支的周数，按每位借款人每年计。", "lower",
             _yearly("essentials_missed", "borrowers", 1)),
    _measure("displaced_payments", "yuan/1,000 borrowers a year", "Displaced payments", "被挤占的还款",
             "Payments meant for one lender that failed while money lately collected for another would have "
             "covered them, a year per 1,000 borrowers.",
             "因近期被另一家债权人催走资金而未能支付的还款，每千名借款人每年。", "lower",
             _yearly("displaced_payments", "borrowers", 1000 / FEN)),
]  # fmt: skip

_FIRMS = [
    _measure("trade_overdue_share", "share", "Overdue share of trade receivables", "应收账款逾期占比",
             "Overdue and disputed trade receivables over all; mean of the last year.",
             "逾期及有争议的应收账款占全部应收账款；最后一年均值。", "lower", _level("trade_overdue_share")),
    _measure("receivable_days", "days", "Receivable days", "应收账款天数",
             "Trade receivables over daily sales of all kinds; mean of the last year.",
             "应收账款除以日均全部销售额；最后一年均值。", "lower", _level("receivable_days")),
    _measure("firm_failures", "per 100 firms a year", "Firm failures", "企业倒闭",
             "Failures a year per 100 firms.", "每百家企业每年的倒闭数。", "lower", _yearly("failures", "firms", 100)),
    _measure("failures_by_arrears", "per 100 firms a year", "Failures caused by arrears", "因欠款倒闭",
             "Failures whose largest cause is late receipts or written-off receivables, a year per 100 firms.",
             "以回款拖延或坏账为最大原因的倒闭数，每百家企业每年。", "lower", weekly.failures_by_arrears),
    _measure("jobs_lost", "per 1,000 borrowers a year", "Jobs lost at firms", "企业裁员",
             "Borrowers laid off by failed or shrinking firms a year per 1,000 borrowers.",
             "被倒闭或收缩企业裁员的借款人数，每千名借款人每年。", "lower", _yearly("laid_off", "borrowers", 1000)),
    _measure("output_index", "normal = 100", "Output", "产出",
             "Sales of all firms over normal sales, times 100; mean of the last year.",
             "全部企业销售额除以正常销售额，乘以100；最后一年均值。", "higher", weekly.output_index),
]  # fmt: skip

#: All measures by id, in the order of tables.
MEASURES: dict[str, Measure] = {m.id: m for m in [*_cures(), *_RECOVERY, *_COLLECTION, *_HOUSEHOLDS, *_FIRMS]}


def compute_measures(record: RunRecord) -> dict[str, MeasureValue]:
    """Every measure of a run."""
    if record.weeks <= 0:
        return {name: MeasureValue(None, "no week has been measured") for name in MEASURES}
    return {name: measure.compute(record) for name, measure in MEASURES.items()}
