"""Texts of the page of a backtest, in English and Chinese."""

from __future__ import annotations

from sim.spec.base import Text

BACKTEST_WORDS: dict[str, Text] = {
    key: Text(en=en, zh=zh)
    for key, en, zh in (
        ("backtest_gains", "Better than the roll-rate chain?", "是否优于滚动率链?"),
        (
            "backtest_gains_note",
            "Gain in the log score one month ahead with 95 % intervals (bootstrap over borrowers); right "
            "of zero is better. Gradient boosting is a yardstick: it predicts but explains no borrower.",
            "提前一个月的对数得分改进及 95 % 区间（按借款人自助抽样）；零点右侧为更优。"
            "梯度提升仅为参照：它能预测，却不解释借款人的行为。",
        ),
        ("backtest_curve", "Is the chance right?", "概率是否准确?"),
        (
            "backtest_curve_note",
            "Tenths of accounts by predicted chance of being late against the share that was; on the "
            "dotted line a chance is as often right as it says.",
            "按预测逾期概率将账户分为十组，与实际逾期比例对照；落在虚线上表示概率与实际相符。",
        ),
        ("backtest_cure", "Cure by months already late", "按已逾期月数的恢复比例"),
        (
            "backtest_cure_note",
            "Share back in order in the month predicted. The curve was not fitted: borrowers were fitted to "
            "earlier months of other accounts.",
            "预测月份恢复正常的账户比例。该曲线未参与拟合：借款人由其他账户更早的月份拟合。",
        ),
        ("backtest_how", "What was read and predicted", "读取与预测的内容"),
        ("backtest_scores", "All scores", "全部得分"),
        ("backtest_setting", "Settings", "设置"),
        (
            "backtest_setting_note",
            "The document beside this page (backtest.json) holds every figure; predictions.csv the chances "
            "of each account.",
            "本页旁的 backtest.json 含全部数字；predictions.csv 含每个账户的概率。",
        ),
    )
}
