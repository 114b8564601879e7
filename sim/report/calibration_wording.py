"""Texts of the report of a calibration, in English and Chinese."""

from __future__ import annotations

from sim.spec.base import Text

CALIBRATION_WORDS: dict[str, Text] = {
    key: Text(en=en, zh=zh)
    for key, en, zh in (
        ("calibration_target", "Target", "目标"),
        ("calibration_value", "Wanted", "目标值"),
        ("calibration_simulated", "Simulated, fresh seeds", "模拟值（新种子）"),
        ("calibration_reached", "Reached in the design", "设计所及范围"),
        ("calibration_met", "Inside the tolerance", "在容差之内"),
        ("calibration_yes", "yes", "是"),
        ("calibration_no", "no", "否"),
        ("calibration_source", "Source", "来源"),
        ("calibration_points", "Points of the design", "设计点"),
        ("calibration_tried", "Points that chose", "用于选点的参数点"),
        ("calibration_checks", "Runs on fresh seeds", "新种子运行次数"),
        ("calibration_covered", "Truths in their 90 % intervals", "真值落在90%区间的比例"),
        ("calibration_chosen", "chosen point", "选定点"),
        ("calibration_draws", "draws of the posterior", "后验抽样"),
        ("calibration_fit", "How far from each target", "与各目标的距离"),
        (
            "calibration_fit_note",
            "In tolerances, declared before the fit: between −1 and 1 a target is met. Lines: 95 % intervals "
            "over runs on seeds that the fit has not seen.",
            "以事先声明的容差为单位：−1至1之间即为达到目标。线段：未用于拟合的随机种子上的95%区间。",
        ),
        ("calibration_places", "What the targets leave possible", "目标所允许的参数范围"),
        (
            "calibration_places_note",
            "Each parameter over its range before anything was known, 0 to 1. Lines: 90 % intervals of the "
            "posterior; dots: the chosen point. A line over the whole range: the targets say nothing.",
            "各参数在其先验范围（0至1）内的位置。线段：90%后验区间；圆点：选定点。线段占满范围表示目标未提供信息。",
        ),
        ("calibration_coverage", "Whether the intervals hold what they say", "区间是否名副其实"),
        (
            "calibration_coverage_note",
            "Points of the table taken as the truth: share of truths in their 90 % intervals, by parameter. "
            "Over all parameters it must be between 86 and 94 %.",
            "把参数表中的点当作真值：各参数真值落在其90%区间的比例。所有参数合计须在86%至94%之间。",
        ),
        ("calibration_share", "share of truths (%)", "真值占比（%）"),
        ("calibration_place", "place in the range", "在范围中的位置"),
        ("calibration_misses", "tolerances from the target", "与目标的距离（容差倍数）"),
        ("calibration_ties", "What cannot be told apart", "无法区分的参数"),
        ("calibration_correlation", "Correlation", "相关系数"),
        ("calibration_no_ties", "No two parameters are tied.", "没有相互牵制的参数。"),
        ("calibration_costs", "What a missed target would cost", "达到未达目标的代价"),
        (
            "calibration_costs_note",
            "By the stand-in fitted to all points run: each missed target is pressed for in turn. Targets in "
            "the last column are met at the chosen point and missed there.",
            "依据由全部已运行点拟合的代理模型：逐一强求各未达目标。末列为在选定点达到、此时却未达到的目标。",
        ),
        ("calibration_pressed", "Nearest that it comes", "最接近值"),
        ("calibration_given_up", "Given up", "因此失去"),
        ("calibration_none", "nothing", "无"),
        ("calibration_parameter", "Parameter", "参数"),
        ("calibration_interval", "90 % interval", "90%区间"),
        ("calibration_range", "Range", "范围"),
        ("calibration_learnt", "Spread after / before", "校准后/前离散度"),
        ("calibration_parameters", "Parameters", "参数"),
        ("calibration_targets", "Targets", "目标"),
        (
            "calibration_share_of",
            "Range: a share of {field}",
            "范围：占{field}的比例",
        ),
    )
}
