"""Why a figure is undefined, in Chinese: measures and statistics give their reasons in English."""

from __future__ import annotations

import re
from functools import cache

from sim.spec.labels import name_of

#: Reasons as they are given, ``{…}`` for what varies, and the same in Chinese. ``{stage}`` and ``{strategy}``
#: are names, ``{rest}`` a reason of its own.
_CHINESE = {
    "the run has {weeks} weeks, the horizon needs more than {least}": "运行{weeks}周，观察期须超过{least}周",
    "the run has {weeks} weeks, the horizon needs more": "运行仅{weeks}周，不足观察期",
    "the run has {weeks} weeks, growth needs {least}": "运行仅{weeks}周，计算增长须{least}周",
    "there is no debt": "没有债务",
    "there are no sales": "没有销售",
    "there are no firms": "没有企业",
    "there are no borrowers": "没有借款人",
    "the same happened in every case": "各案结果相同",
    "nothing was spent": "没有支出",
    "nothing was spent the year before": "上一年没有支出",
    "nothing was received": "没有回款",
    "nobody was tried": "未联系任何人",
    "nobody was treated": "未催收任何人",
    "nobody predicted": "没有预测",
    "nobody is over 180 days late": "无人逾期超过180天",
    "no week has been measured": "尚无已度量的周",
    "no week has this figure": "没有任何一周有此数值",
    "no settlement was paid": "没有付清的和解",
    "no settlement fell due": "没有到期的和解",
    "no rule was broken": "没有违规",
    "no promise fell due": "没有到期的承诺",
    "no debt was sold": "没有出售债务",
    "no collector of this kind had an account": "没有账户交予此类催收方",
    "no account was in arrears": "没有逾期账户",
    "no account was contacted": "没有联系任何账户",
    "no account was placed": "没有委托账户",
    "no account was placed in the last week": "最后一周没有委托账户",
    "no account was placed with the app": "没有使用应用的委托账户",
    "no account was placed with a low balance": "没有小额委托账户",
    "no account with a low balance was placed": "没有小额委托账户",
    "no account was placed at stage {stage}": "没有{stage}的委托账户",
    "no account was placed at stage {stage} and followed for {weeks} weeks":
        "没有{stage}且跟踪满{weeks}周的委托账户",
    "no account was placed at stage {stage} and followed for a year": "没有{stage}且跟踪满一年的委托账户",
    "no account at stage {stage} was worked by {strategy} alone": "没有{stage}且仅由“{strategy}”处理的账户",
    "no account at stage {stage} has one like it on the other side": "{stage}的账户在另一方没有相似者",
    "no treated account was followed for the horizon": "没有跟踪满观察期的已催收账户",
    "no held out account was followed for the horizon": "没有跟踪满观察期的留置账户",
    "no firm failed {weeks} weeks or more before the end": "没有企业在结束前{weeks}周或更早倒闭",
    "fewer than half of the placements were cured within a year": "一年内还清的委托不足一半",
    "collectors have no staff": "催收方没有员工",
    "undefined in every run": "每次运行均无定义",
    "undefined in every pair": "每对运行均无定义",
    "undefined in {some} of {all} runs": "{all}次运行中有{some}次无定义",
    "undefined in {some} of {all} pairs": "{all}对运行中有{some}对无定义",
    "undefined in {some} of {all} runs ({rest})": "{all}次运行中有{some}次无定义（{rest}）",
    "undefined in {some} of {all} pairs ({rest})": "{all}对运行中有{some}对无定义（{rest}）",
    "one run gives no interval": "一次运行不能给出区间",
    "one pair gives no interval": "一对运行不能给出区间",
    "effect: {rest}": "效应：{rest}",
    "in {arm}: {rest}": "在“{arm}”中：{rest}",
}  # fmt: skip


def reason_in(reason: str, lang: str) -> str:
    """A reason in a language, ``en`` or ``zh``; one that is not known stays in English."""
    if lang != "zh":
        return reason
    found = _one(reason)
    if found is None:
        parts = reason.split("; ")
        found = "；".join(_one(part) or part for part in parts)
    return found


def _one(reason: str) -> str | None:
    for pattern, chinese in _patterns():
        match = pattern.fullmatch(reason)
        if match is not None:
            return chinese.format(**{name: _named(name, value) for name, value in match.groupdict().items()})
    return None


def _named(name: str, value: str) -> str:
    if name in ("stage", "strategy", "arm"):
        return name_of("stage" if name == "stage" else "strategy", value, "zh")
    return reason_in(value, "zh") if name == "rest" else value


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The reasons as patterns; those in which less varies first."""
    rows = sorted(_CHINESE.items(), key=lambda row: row[0].count("{"))
    return tuple(
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(english))), chinese)
        for english, chinese in rows
    )
