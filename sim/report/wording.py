"""Texts of the report and of the tables on screen, in English and Chinese."""

from __future__ import annotations

from sim.report.backtest_wording import BACKTEST_WORDS
from sim.report.calibration_wording import CALIBRATION_WORDS
from sim.report.lab_wording import LAB_WORDS
from sim.report.outbreak_wording import OUTBREAK_WORDS
from sim.spec.base import Text
from sim.spec.labels import in_use

WORDS: dict[str, Text] = OUTBREAK_WORDS | {
    key: Text(en=en, zh=zh)
    for key, en, zh in (
        ("title", "Comparison of arms", "方案比较"),
        ("measure", "Measure", "指标"),
        ("world", "World", "情景世界"),
        ("worlds", "Worlds", "情景世界"),
        ("arm", "Arm", "方案"),
        ("arms", "Arms", "方案"),
        ("runs", "Paired runs", "配对运行次数"),
        ("weeks", "Weeks", "周数"),
        ("week", "Week", "周"),
        ("seed", "Seed", "随机种子"),
        ("scenario", "Scenario", "情景"),
        ("mean", "mean", "均值"),
        ("effect", "effect", "效应"),
        ("unclear", "no clear difference", "无明显差异"),
        ("equal", "no difference", "无差异"),
        (
            "more_measures",
            "{count} further measures (other stages, by balance) are shown by --all, by --json and in "
            "the report.",
            "另有{count}项指标（其他账龄、按金额）见 --all、--json 与报告。",
        ),
        ("reference", "reference", "对照"),
        ("against_alone", "Effects: against leaving everybody alone.", "效应：相对于完全不催收。"),
        ("against_first", "Effects: against the arm “{arm}”.", "效应：相对于方案“{arm}”。"),
        (
            "intervals",
            "Brackets: 95 % intervals over seeds; they cover the randomness of the runs, not the doubt "
            "about the model's numbers.",
            "方括号：对随机种子的95%区间，只反映运行的随机性，不反映模型参数的不确定性。",
        ),
        (
            "precision_reached",
            "Asked for: {measure} ({unit}), {arm}, {world}, within an interval of {wanted}; it is {width} "
            "wide after {runs} runs.",
            "要求：{world}中{arm}的{measure}（{unit}）区间宽度不超过{wanted}；{runs}次运行后宽度为{width}，已达到。",
        ),
        (
            "precision_missed",
            "Asked for, not reached: {measure} ({unit}), {arm}, {world}, within an interval of {wanted}; it "
            "is {width} wide after {runs} runs, and about {needed} would be needed.",
            "要求未达到：{world}中{arm}的{measure}（{unit}）区间宽度不超过{wanted}；{runs}次运行后宽度为{width}，"
            "约需{needed}次运行。",
        ),
        (
            "precision_undefined",
            "Asked for, not reached: {measure}, {arm}, {world}, is defined in too few of {runs} runs for an "
            "interval.",
            "要求未达到：{world}中{arm}的{measure}在{runs}次运行中有定义的次数太少，无法给出区间。",
        ),
        ("design_points", "Points", "设计点"),
        ("arms_over_points", "Arms over all points", "各方案在所有点上的结果"),
        ("what_arms_set", "What the arms set", "各方案的设置"),
        ("sweep_file", "The sweep", "扫描设置"),
        ("spread", "Outcomes over all points", "各点上的结果"),
        (
            "spread_note",
            "A dot is the mean of one point's runs; the box holds the middle half of the points.",
            "每个点为一个设计点多次运行的均值，方框为中间一半的设计点。",
        ),
        ("drivers", "What outcomes move with", "结果随什么变动"),
        (
            "drivers_note",
            "A dot is one point of the design; shown are the numbers with the strongest rank correlation.",
            "每个点为一个设计点；图中为秩相关最强的数值。",
        ),
        ("best_at", "best at {share} %", "在{share}%的点上最佳"),
        ("moves_with", "{outcome} moves with: {fields}.", "{outcome}随以下数值变动：{fields}。"),
        (
            "sweep_note",
            "Means over {points} points of {runs} paired runs each; brackets: from the 5th to the 95th "
            "percentile over points; in round brackets: rank correlation over points.",
            "{points}个点（每点{runs}次配对运行）的均值；方括号：各点的第5至第95百分位；圆括号：各点上的秩相关系数。",
        ),
        ("key_figures", "Key figures", "关键数字"),
        ("effects", "Effects with their intervals", "效应及其区间"),
        (
            "effects_note",
            "Each dot is the mean paired difference, each bar its 95 % interval; a bar across the zero line "
            "shows no clear difference.",
            "点为配对差的均值，横线为95%区间；跨过零线即无明显差异。",
        ),
        ("liquidation", "Recovered share by age of debt", "按账龄的累计回收率"),
        (
            "liquidation_note",
            "Money recovered since placement, as a share of what was placed at that age.",
            "自委托起累计回收金额占该账龄委托金额的比例。",
        ),
        ("survival", "Not cured yet", "尚未治愈的比例"),
        (
            "survival_note",
            "Share of the accounts placed at the start that are not cured yet, by weeks since placement "
            "(Kaplan-Meier); bands: 95 % over runs.",
            "起始委托账户中尚未治愈的比例（Kaplan-Meier法），横轴为委托后的周数；阴影为各次运行的95%区间。",
        ),
        ("rolls", "Roll rates", "滚动率矩阵"),
        (
            "rolls_note",
            "Where the accounts of each bucket of lateness are a month later, %; each row sums to 100.",
            "各逾期区间的账户一个月后所处的区间（%），每行合计100。",
        ),
        ("month_later", "a month later", "一个月后"),
        ("bucket.current", "current", "正常"),
        ("bucket.1-30", "1-30 days", "1-30天"),
        ("bucket.31-60", "31-60 days", "31-60天"),
        ("bucket.61-90", "61-90 days", "61-90天"),
        ("bucket.91-180", "91-180 days", "91-180天"),
        ("bucket.181+", "over 180 days", "180天以上"),
        ("bucket.charged_off", "charged off", "已核销"),
        ("bucket.closed", "closed", "已结清"),
        ("reproduction", "Failures that one failure causes", "一家企业倒闭引发的倒闭数"),
        (
            "reproduction_note",
            "By the quarter of the failure that causes them, within half a year; above 1 failures multiply. "
            "Bands: 95 % over runs.",
            "按引发者倒闭的季度统计，半年内引发的倒闭；大于1时倒闭会自我扩散。阴影为各次运行的95%区间。",
        ),
        ("sector_map", "Map of failures", "倒闭分布图"),
        (
            "sector_map_note",
            "Mean number of failures a run, by sector and arm; darker means more.",
            "各行业、各方案每次运行的平均倒闭数，颜色越深越多。",
        ),
        ("sureness", "How sure the effects are", "效应有多可靠"),
        (
            "sureness_note",
            "Two intervals of each effect: Student's, and a bootstrap that follows skewed values. Won: share "
            "of paired runs in which the arm did better. Worth: how many unpaired runs one paired run is "
            "worth.",
            "每个效应给出两种区间：t区间与适应偏态的自助法区间。“胜出”为该方案更好的配对运行比例；"
            "“相当于”为一次配对运行抵得上多少次不配对的运行。",
        ),
        (
            "many",
            "{shown} effects were looked at; {clear} have an interval without zero, where chance alone would "
            "give about {chance}. {left} remain clear when all are judged together (Holm).",
            "共考察{shown}个效应；{clear}个的区间不含零，而仅凭偶然约有{chance}个。"
            "若一并检验（Holm校正），仍有{left}个明显。",
        ),
        ("student", "Student's interval", "t区间"),
        ("bootstrap", "Bootstrap interval", "自助法区间"),
        ("won", "Won (%)", "胜出（%）"),
        ("together", "p, all judged together", "p值（一并检验）"),
        ("worth", "Worth (runs)", "相当于（次）"),
        ("weekly", "Week by week", "逐周走势"),
        ("weekly_note", "Means over the runs of each arm.", "各方案多次运行的均值。"),
        ("tradeoff", "Recovery, cost and complaints", "回收、成本与投诉"),
        (
            "tradeoff_note",
            "Up: more recovered; to the left: cheaper; larger circles: more complaints.",
            "越高回收越多，越靠左成本越低，圆越大投诉越多。",
        ),
        ("sectors", "Firm failures by sector", "按行业的企业倒闭"),
        ("sectors_note", "Mean number of failures a run.", "每次运行的平均倒闭数。"),
        ("all_measures", "All measures", "全部指标"),
        ("definition", "Definition", "定义"),
        ("undefined", "Not defined", "无定义"),
        ("assumptions", "Numbers behind each world", "各情景世界的数值依据"),
        (
            "assumptions_note",
            "Every number of a world names its source. “Assumption”: no usable evidence was found. “Fitted”: "
            "chosen so that the world meets its targets.",
            "每个数值都注明来源。“assumption”为假设（未找到可用证据），“fitted”为按情景目标拟合。",
        ),
        ("number", "Number", "数值名称"),
        ("value", "Value", "取值"),
        ("unit", "Unit", "单位"),
        ("source", "Source", "来源"),
        ("sources", "Sources", "来源"),
        ("note", "Remark", "备注"),
        ("reproduce", "How to reproduce", "如何复现"),
        (
            "reproduce_note",
            "The same seed gives the same numbers, whatever the number of threads.",
            "相同的随机种子得到相同的数字，与线程数无关。",
        ),
        ("command_line", "Command line", "命令行"),
        ("theme", "Light / dark", "明 / 暗"),
        (
            "made_by",
            "Made by arrears {version}; input hash {hash}",
            "由 arrears {version} 生成；输入哈希 {hash}",
        ),
        (
            "not_real",
            "A simulation: read differences between arms, not forecasts of any lender or firm.",
            "此为模拟：请看方案之间的差异，不要当作对任何机构或企业的预测。",
        ),
        ("higher", "higher is better", "越高越好"),
        ("lower", "lower is better", "越低越好"),
        ("group.recovery", "Recovery", "回收"),
        ("group.cost", "Cost of collection", "催收成本"),
        ("group.conduct", "Conduct and complaints", "行为与投诉"),
        ("group.households", "Households", "家庭"),
        ("group.lenders", "Lenders", "放贷机构"),
        ("group.firms", "Firms and trade credit", "企业与商业信用"),
        ("group.prediction", "Prediction", "预测"),
        ("group.other", "Other", "其他"),
        ("series.recovered_late", "Received on late accounts a week", "每周逾期账户回款"),
        ("series.collection_cost", "Cost of collection a week", "每周催收成本"),
        ("series.complaints", "Complaints a week", "每周投诉数"),
        ("series.failures", "Firms failing a week", "每周企业倒闭数"),
        ("series.employment", "Employment", "就业率"),
        ("series.output", "Output a week", "每周产出"),
    )
}
WORDS.update(BACKTEST_WORDS)

WORDS |= LAB_WORDS

#: Measures of each group in the order of display; a variant (``cure_rate_90d_early``) follows its measure.
GROUPS: dict[str, tuple[str, ...]] = {
    "recovery": (
        "cure_rate_30d",
        "cure_rate_90d",
        "cure_rate_180d",
        "cure_rate_360d",
        "direct_effect_90d",
        "recovery_rate",
        "restricted_mean_recovery_weeks_52",
        "median_recovery_weeks",
        "received_per_borrower",
        "net_present_recovery",
        "contact_rate",
        "promise_kept_rate",
        "settled_rate_360d",
        "settlements_kept",
        "settlement_kept_rate",
        "settlement_discount",
    ),
    "cost": (
        "cost_per_100",
        "labour_cost_share",
        "digital_share",
        "low_value_by_machine",
        "net_present_to_lenders",
        "net_present_in_house",
        "net_present_agency",
        "net_present_debt_buyer",
        "debt_sale_price",
        "market_size",
        "digital_market_size",
        "digital_market_growth",
        "digital_adoption",
        "analyst_share",
    ),
    "conduct": (
        "complaints_per_1000",
        "dispute_rate",
        "open_disputes",
        "violations",
        "violations_found_share",
        "fines",
        "misuse_fines",
        "collectors_suspended",
        "data_breaches",
    ),
    "households": (
        "consumer_overdue_30_rate",
        "stress_mean",
        "trust_mean",
        "numbers_blocked",
        "moved",
        "breached_borrowers",
        "sleep_disorder_rate_over_180d",
        "essentials_missed_weeks",
        "displaced_payments",
        "breathing_spaces",
    ),
    "lenders": ("npl_ratio", "bad_debt_rate", "charge_off_rate", "new_credit"),
    "firms": (
        "trade_overdue_share",
        "receivable_days",
        "firm_failures",
        "failures_by_arrears",
        "reproduction_number",
        "jobs_lost",
        "output_index",
    ),
    "prediction": (
        "prediction_accuracy",
        "prediction_base_rate",
        "prediction_auc",
        "prediction_brier",
        "prediction_calibration",
        "score_auc",
    ),
}
WORDS |= CALIBRATION_WORDS


def word(key: str, lang: str, **values: object) -> str:
    """A text of the report in ``en`` or ``zh`` with its placeholders filled, in the vocabulary in use."""
    text = WORDS[in_use(key, WORDS)]
    return (text.zh if lang == "zh" else text.en).format(**values)


def group_of(measure: str) -> tuple[int, str, int]:
    """Position of the group, its name and the position inside it of a measure or a variant of one."""
    for place, (group, members) in enumerate(GROUPS.items()):
        for row, member in enumerate(members):
            if measure == member or measure.startswith(f"{member}_"):
                return place, group, row
    return len(GROUPS), "other", 0


def is_variant(measure: str) -> bool:
    """Whether a measure repeats another for a stage of debt or by balance."""
    return measure.endswith(("_early", "_middle", "_late", "_charged_off", "_by_balance"))
