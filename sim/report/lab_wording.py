"""Texts of the figures of accounts in groups and of a change of rules, in English and Chinese."""

from __future__ import annotations

from sim.spec.base import Text

LAB_WORDS: dict[str, Text] = {
    key: Text(en=en, zh=zh)
    for key, en, zh in (
        ("pareto", "Pareto front — {world}", "帕累托前沿——{world}"),
        ("weeks_after", "weeks since placement", "委案后周数"),
        ("cohort_listed", "late at the start", "起始时已逾期"),
        ("cohort_weeks", "weeks {first}–{last}", "第{first}–{last}周"),
        ("cohorts", "Recovered share by quarter of placement", "按委案季度的回收率"),
        (
            "cohorts_note",
            "Money received 30, 90, 180 and 360 days after placement over money placed, for the accounts "
            "placed in the same quarter; a quarter has a point only where all of it was followed so long.",
            "同一季度委案账户在委案后30、90、180、360天内的回款金额除以委案金额；仅在整个季度均跟踪满该期限时给出。",
        ),
        ("funnel", "From placement to cure", "从委案到还清"),
        (
            "funnel_note",
            "Share of the accounts placed at the start that were tried, reached, talked to, that promised "
            "(or agreed on a plan or settlement), kept a promise, and were cured, each at least once within "
            "a year. Many are cured without being reached.",
            "起始委案账户中，被尝试联系、被联系上、进行过对话、作出承诺（或同意分期、折扣结清）、履行承诺、还清的占比，"
            "一年内至少一次即计入。许多账户未被联系上也会还清。",
        ),
        ("step.placed", "placed", "委案"),
        ("step.tried", "tried", "尝试联系"),
        ("step.reached", "reached", "联系上"),
        ("step.talked", "conversation", "对话"),
        ("step.promised", "promised or agreed", "承诺或同意"),
        ("step.kept", "kept a promise", "履行承诺"),
        ("step.cured", "cured", "还清"),
        ("size.small", "up to 4,000 yuan", "4千元以下"),
        ("size.medium", "4,000 to 20,000 yuan", "4千至2万元"),
        ("size.large", "over 20,000 yuan", "2万元以上"),
        ("net_gain", "net gain an account, yuan", "每户净收益（元）"),
        (
            "segment_hover",
            "{accounts} accounts a run; {more} yuan more paid, {cost} yuan cost",
            "每次运行{accounts}户；多还{more}元，成本{cost}元",
        ),
        ("spared", "Accounts better left alone", "不催更划算的账户"),
        (
            "spared_note",
            "What work on an account brought in within a year beyond what the same account pays when nobody "
            "works it, less the cost of the work; the creditor's view. An interval wholly below zero: better "
            "left alone.",
            "一年内催收比不催多收回的金额减去催收成本（债权人视角）。区间全部在零以下：不催更划算。",
        ),
        ("won_note", "Share of paired runs in which the arm did better; the dotted line is a coin toss.",
         "该方案更好的配对运行占比；虚线为抛硬币的水平。"),
        ("difference_over_time", "Difference over time", "随时间的差异"),
        (
            "difference_over_time_note",
            "Paired difference from the reference, week by week; the band is the 95 % interval of each week.",
            "与对照的逐周配对差；阴影为每周的95%区间。",
        ),
        ("gains", "Who gains and who loses", "谁受益、谁受损"),
        (
            "gains_note",
            "Paired differences with 95 % intervals; grey rings: no clear difference. Transfers pass money "
            "on, resource costs use up work, hardship is neither: the three are never summed.",
            "配对差及95%区间；灰色空心圈为无明显差异。转移支付只是资金易手，资源成本消耗人力，困难两者皆非：三者从不相加。",
        ),
        ("kind.transfer", "Transfers", "转移支付"),
        ("kind.resource", "Resource costs", "资源成本"),
        ("kind.hardship", "Hardship", "困难"),
        ("party.borrowers", "Borrowers", "借款人"),
        ("party.lenders", "Lenders", "放贷机构"),
        ("party.collectors", "Collectors", "催收机构"),
        ("party.firms", "Firms", "企业"),
        ("party.government", "Government", "政府"),
        ("each_borrower", "a borrower", "每名借款人"),
        ("group_all", "all", "全部"),
        ("age_group.young", "young", "青年"),
        ("age_group.middle", "middle-aged", "中年"),
        ("age_group.old", "old", "老年"),
        ("income.low", "lower third of wages", "工资较低三分之一"),
        ("income.middle", "middle third of wages", "工资居中三分之一"),
        ("income.high", "upper third of wages", "工资较高三分之一"),
        ("item.received_late", "paid on late accounts", "逾期账户还款"),
        ("item.displaced_payments", "payments missed elsewhere for it", "因此在他处漏付"),
        ("item.collection_cost", "cost of work on them", "对其催收的成本"),
        ("item.stress_mean", "stress", "压力"),
        ("item.trust_mean", "trust in collectors", "对催收方的信任"),
        ("item.essentials_missed", "weeks short of essentials", "必需品不足的周数"),
        ("item.attempts", "attempts felt", "承受的催收次数"),
        ("item.over_180d", "over 180 days late at the end", "期末逾期超过180天"),
        ("item.household_interest", "interest of households", "家庭利息"),
        ("item.household_charge_offs", "household debt charged off", "核销的家庭债务"),
        ("item.settlements_forgiven", "forgiven in settlements", "折扣结清减免"),
        ("item.family_support", "support by family", "亲属资助"),
        ("item.recoveries_after_charge_off", "recovered after charge-off", "核销后回收"),
        ("item.collection_fees", "collection fees", "催收费用"),
        ("item.receivable_fees", "fees for trade receivables", "应收账款催收费用"),
        ("item.collection_costs", "staff, calls, technology", "人员、通话与技术"),
        ("item.fines", "fines", "罚款"),
        ("item.firm_interest", "interest of firms", "企业利息"),
        ("item.lines_written_off", "credit lines written off", "核销的企业授信"),
        ("item.trade_write_offs", "trade debt written off", "核销的商业债权"),
        ("item.failures", "failed firms", "倒闭企业"),
        ("item.overdue_receivables", "overdue receivables at the end", "期末逾期应收"),
        ("item.overdue_payables", "overdue payables at the end", "期末逾期应付"),
        ("item.benefits", "benefits", "失业补助"),
        ("item.taxes", "taxes", "税收"),
        ("balance_sheet", "Balance sheets at the end", "期末资产负债表"),
        (
            "balance_sheet_note",
            "Million yuan, mean over runs. Every claim is somebody's debt: those rows sum to zero across "
            "sectors, and with net worth every column does. Differences in brackets are not clear.",
            "百万元，多次运行的均值。每项债权对应一项债务：各行跨部门合计为零，连同净值各列合计也为零。括号内的差异不明显。",
        ),
        ("sheet.money", "money", "货币"),
        ("sheet.household_loans, claims", "household loans, claims", "家庭贷款（债权）"),
        ("sheet.household_loans, debts", "household loans, debts", "家庭贷款（债务）"),
        ("sheet.firm_loans, claims", "firm loans, claims", "企业贷款（债权）"),
        ("sheet.firm_loans, debts", "firm loans, debts", "企业贷款（债务）"),
        ("sheet.trade_credit, claims", "trade credit, claims", "商业信用（债权）"),
        ("sheet.trade_credit, debts", "trade credit, debts", "商业信用（债务）"),
        ("sheet.net worth", "net worth, opposite sign", "净值（反号）"),
        ("sheet.borrowers", "borrowers", "借款人"),
        ("sheet.others", "other households", "其他家庭"),
        ("sheet.firms", "firms", "企业"),
        ("sheet.lenders", "lenders", "放贷机构"),
        ("sheet.collectors", "collectors", "催收机构"),
        ("sheet.government", "government", "政府"),
        ("sheet.world", "rest of the world", "国外"),
        ("sheet.sum", "sum", "合计"),
        ("tornado", "What the difference depends on", "差异取决于什么"),
        (
            "tornado_note",
            "The difference between the two arms when one assumption takes its low or its high value and all "
            "others stay; the line is the difference as set. The number moves both arms alike.",
            "某一假设取低值或高值、其余不变时两方案之差；竖线为当前设定下的差异。该数值对两方案同时生效。",
        ),
        ("low_value", "low", "低值"),
        ("high_value", "high", "高值"),
        ("as_set", "as set", "当前设定"),
        ("threshold", "Two levers at once", "两个杠杆同时变化"),
        (
            "threshold_note",
            "Difference from the rules in force at each pair of values; in brackets where the interval holds "
            "zero.",
            "各取值组合与现行规则之差；括号内的差异区间含零，即不明显。",
        ),
        ("in_force", "as in force", "维持现行"),
    )
}  # fmt: skip
