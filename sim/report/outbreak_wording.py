"""Texts about outbreaks in English and Chinese; in epidemic words only a firm's liquidity is infected."""

from __future__ import annotations

from sim.spec.base import Text

OUTBREAK_WORDS: dict[str, Text] = {
    key: Text(en=en, zh=zh)
    for key, en, zh in (
        ("outbreak", "Outbreak", "传染冲击"),
        ("outbreak.finance", "Cascade", "连锁违约"),
        ("shock", "Shock", "冲击"),
        ("shock.none", "none: the default of the rescued firms is prevented", "无：阻止被救助企业违约"),
        ("rescued", "Rescued", "救助"),
        ("open_channels", "Open channels", "开放的传染渠道"),
        ("all_channels", "all", "全部"),
        ("no_channels", "none", "无"),
        ("firm", "Firm", "企业"),
        ("sector", "Sector", "行业"),
        ("generation", "Generation", "代"),
        ("seeds", "0 (shocked)", "0（受冲击）"),
        ("untraced", "not traced", "无法追溯"),
        ("mass_firms", "Firms", "企业"),
        ("mass_borrowers", "Households behind them", "其波及的家庭"),
        ("extra", "Further failures", "新增倒闭"),
        ("traced", "Traced to the shock", "可追溯至冲击"),
        ("main_cause", "Largest cause", "最大原因"),
        ("employees", "Employees", "员工数"),
        ("channel", "Channel", "渠道"),
        ("with_shock", "With the shock", "有冲击"),
        ("without_shock", "Without the shock", "无冲击"),
        ("with_rescue", "With shock and rescue", "冲击加救助"),
        ("run", "Run", "运行"),
        (
            "outbreak_intervals",
            "Brackets: 95 % intervals over paired runs (seeds only).",
            "方括号：配对运行的95%区间（仅反映随机种子）。",
        ),
        (
            "one_run",
            "One run: no intervals; --runs gives them.",
            "仅一次运行，无区间；可用 --runs 增加次数。",
        ),
        (
            "incomplete",
            "The run is too short for a full follow-up: R is too low.",
            "运行时间不足以完整跟踪：R 偏低。",
        ),
        (
            "headline_note",
            "With the shock minus without it, over all weeks; the shocked firms themselves are left out of "
            "further failures.",
            "有冲击减无冲击，覆盖全部周；新增倒闭不含受冲击企业本身。",
        ),
        (
            "generations_note",
            "Firms of a generation: the sum of the shares of failures that lead to the shocked firms in so "
            "many steps from firm to firm, households and lenders in between not counted. Households: "
            "defaults of borrowers that lead to firms of that generation.",
            "某代企业：经该步数（企业到企业，中间的家庭与放贷机构不计）追溯到受冲击企业的倒闭份额之和。"
            "家庭：由该代企业倒闭波及的借款人违约。",
        ),
        ("headline", "What the shock did", "冲击的后果"),
        ("headline.shocked_firms", "Firms shocked", "受冲击企业"),
        ("headline.extra_failures", "Firms failing with the shock only", "仅在冲击下倒闭的企业"),
        ("headline.averted_failures", "Firms failing without it only", "仅在无冲击时倒闭的企业"),
        ("headline.further_failures", "Further failures, net", "净新增倒闭"),
        ("headline.extra_borrowers", "Borrowers over 90 days late, net", "净新增逾期90天以上借款人"),
        ("headline.jobs_lost", "Borrowers laid off, net", "净新增被裁借款人"),
        ("headline.job_years", "Employment missing at firms", "企业损失的就业"),
        ("headline.output_lost", "Output lost", "产出损失"),
        ("headline.write_offs", "Trade debt written off", "核销的商业债务"),
        ("headline.overdue_added", "Overdue trade debt at the end", "期末新增逾期商业债务"),
        ("headline.failures_averted", "Failures averted by the rescue", "救助避免的倒闭"),
        ("headline.layoffs_averted", "Lay-offs averted by the rescue", "救助避免的裁员"),
        ("headline.output_saved", "Output saved by the rescue", "救助挽回的产出"),
        ("headline.R", "R of the shocked firms", "受冲击企业的R"),
        ("headline.R.finance", "Further failures a shocked firm", "每家受冲击企业引发的后续倒闭"),
        ("by_generation", "By generation", "按代"),
        ("by_generation.finance", "By step from the shock", "按与冲击的距离"),
        ("by_sector", "By sector", "按行业"),
        ("by_channel", "Losses by channel", "按渠道的损失"),
        (
            "by_channel_note",
            "How much less the shock costs with one channel closed in both runs; “direct” is left with all "
            "closed; the remainder is what no channel does alone.",
            "关闭某一渠道后（有无冲击两次运行均关闭）冲击损失减少多少；“直接”为全部关闭后所剩；余项为渠道间的交互。",
        ),
        ("top_infected", "Firms that owe their failure most to the shock", "倒闭最归因于冲击的企业"),
        ("part.open", "all channels open", "全部渠道开放"),
        ("part.closed", "direct (all closed)", "直接（全部关闭）"),
        ("part.contagion", "contagion", "传染合计"),
        ("part.interaction", "interaction", "交互余项"),
        ("loss.failures", "Failures", "倒闭"),
        ("loss.trade_write_offs", "Write-offs", "核销"),
        ("loss.jobs_lost", "Lay-offs", "裁员"),
        ("loss.output_lost", "Output lost", "产出损失"),
        ("loss.household_charge_offs", "Household charge-offs", "家庭贷款核销"),
        ("contagion.own", "own", "自身"),
        ("contagion.late_receipts", "late receipts", "迟收货款"),
        ("contagion.write_off", "write-offs", "坏账核销"),
        ("contagion.cancelled_orders", "cancelled orders", "订单取消"),
        ("contagion.lost_inputs", "lost inputs", "投入中断"),
        ("contagion.layoffs", "lay-offs", "裁员"),
        ("contagion.household_to_lender", "household to lender", "家庭至放贷机构"),
        ("contagion.firm_to_lender", "firm to lender", "企业至放贷机构"),
        ("contagion.lender_to_credit", "lender to credit", "放贷机构至信贷"),
        ("epidemic_curve", "Week by week, with and without the shock", "逐周走势：有无冲击"),
        (
            "epidemic_curve_note",
            "Means over runs; the band is the 95 % interval of the difference, drawn around the run without "
            "the shock.",
            "多次运行的均值；色带为差异的95%区间，以无冲击运行为基准。",
        ),
        ("figure.failures_so_far", "Failures so far", "累计倒闭"),
        ("figure.strained", "Strained firms", "承压企业"),
        ("figure.trade_overdue", "Overdue trade debt", "逾期商业债务"),
        ("figure.jobs", "Employees of all firms", "全部企业员工"),
        ("figure.laid_off_so_far", "Borrowers laid off so far", "累计被裁借款人"),
        ("figure.output", "Output a week", "每周产出"),
        ("reproduction", "Reproduction number by week of failure", "按倒闭周的再生数"),
        ("reproduction.finance", "Further failures a failure, by week", "每起倒闭引发的后续倒闭（按周）"),
        (
            "reproduction_note",
            "Mean number of firms whose failure a failing firm causes within 52 weeks, by four weeks of "
            "failure; hollow: the follow-up ends after the run, so R is too low.",
            "每家倒闭企业在52周内引起的平均倒闭企业数，按四周分组；空心：跟踪期超出运行，R 偏低。",
        ),
        ("tree", "Infection tree by generation", "按代的感染树"),
        ("tree.finance", "Who brought down whom, step by step", "谁拖垮了谁：逐级关系图"),
        (
            "tree_note",
            "Failed firms of the first run that lead back to the shock, each at its largest cause; colour: "
            "channel; size: share that the shock answers for. At most 300 firms with most mass.",
            "首次运行中可追溯至冲击的倒闭企业，各连至最大原因；颜色为渠道，大小为归因于冲击的份额；"
            "最多显示质量最大的300家。",
        ),
        ("channel_losses", "Losses by channel", "按渠道的损失"),
        (
            "channel_losses_note",
            "How much less the shock costs with one channel closed; bars across zero: no effect found.",
            "关闭单一渠道后冲击损失减少多少；区间跨零即未见效果。",
        ),
        ("sector_map", "Where failures came, and when", "倒闭的行业与时间"),
        (
            "sector_map_note",
            "Failures with the shock minus without it by sector and four weeks, mean over runs, "
            "shocked firms too.",
            "按行业与四周分组的倒闭差异（有冲击减无冲击）的均值，含受冲击企业。",
        ),
    )
}
