"""What measured firm networks look like: targets of :func:`sim.network.describe.describe`."""

from __future__ import annotations

from typing import NamedTuple

FIRM_NETWORKS = (
    "Bacilieri, Borsos, Astudillo-Estevez, Lafond, Firm-level production networks: what do we (really) "
    "know?, INET Oxford Working Paper 2023-08"
)
OWN_INDUSTRY = (
    "Diem, Borsos, Reisch, Kertesz, Thurner, Estimating the loss of economic predictability from "
    "aggregating firm-level production networks, arXiv:2302.11451"
)
ZIPF = "Axtell, Zipf distribution of U.S. firm sizes, Science 293, 2001"
TABLE = "the sector table"
NO_SOURCE = "no target"


class Target(NamedTuple):
    """Label and target of one statistic; ``undefined`` says when it has no value."""

    id: str
    label_en: str
    label_zh: str
    text: str
    low: float | None
    high: float | None
    source: str
    note: str = ""
    undefined: str = "too few firms with links"


_TAIL = "fewer than 20 firms in the tail, or its threshold is zero"
_HUBS = "Hubs saturate small sectors: out tails need about 100,000 firms; below 1,000 tails mean nothing."
_LEONTIEF = (
    "Conflict: .60-.68 needs a variance of ln input share near 3; input shares of a sector table stay "
    "below 1, so generated networks reach .80-.88."
)
_OUT_SLOPE = (
    "Conflict, not met: generated networks give about 1.0 at 25 suppliers a firm and 1.3 at 5; sales to "
    "firms vary with size and with the share sold to firms, which customers do not follow."
)
_IN_SLOPE = (
    "Met at about 25 suppliers a firm; 1.7 at 5. The measured slopes belong to data without a "
    "reporting threshold."
)
_ECUADOR = (
    "Ecuador 2015, no reporting threshold; compare at a mean degree of about 25. Amounts there are in "
    "dollars a year, here in yuan: only the variance is comparable."
)
_MEAN_IN = (
    "Conflict: a mean of 3.19 with variance 2.06 means about 68 suppliers a reporting buyer, not 25; "
    "generated networks give about 2.1 at a mean degree of 25."
)
_OWN = (
    "Conflict: the 22-sector table itself has .268 on its diagonal, and links follow the table; finer "
    "sectors have less."
)

TARGETS: tuple[Target, ...] = (
    Target(
        "mean_degree",
        "Suppliers a firm, mean",
        "平均供应商数",
        "20-35; 4-6 above a reporting threshold",
        4.0,
        35.0,
        FIRM_NETWORKS,
        "Two populations: all links (20-35), or only those above a reporting threshold (4-6).",
    ),
    Target(
        "in_tail",
        "Tail exponent of suppliers, top 5 %",
        "前5%的供应商数尾部指数",
        "about 1.3",
        1.2,
        1.4,
        FIRM_NETWORKS,
        _HUBS,
        _TAIL,
    ),
    Target(
        "in_tail_top",
        "Tail exponent of suppliers, top 1 %",
        "前1%的供应商数尾部指数",
        "about 1.3",
        1.2,
        1.4,
        FIRM_NETWORKS,
        _HUBS,
        _TAIL,
    ),
    Target(
        "out_tail",
        "Tail exponent of customers, top 5 %",
        "前5%的客户数尾部指数",
        "1.1-1.3",
        1.1,
        1.3,
        FIRM_NETWORKS,
        _HUBS,
        _TAIL,
    ),
    Target(
        "out_tail_top",
        "Tail exponent of customers, top 1 %",
        "前1%的客户数尾部指数",
        "1.1-1.3",
        1.1,
        1.3,
        FIRM_NETWORKS,
        _HUBS,
        _TAIL,
    ),
    Target(
        "size_tail",
        "Tail exponent of sales, top 5 %",
        "前5%的销售额尾部指数",
        "about 1",
        0.9,
        1.1,
        ZIPF,
        "Sizes are lognormal, so the exponent rises further out.",
        _TAIL,
    ),
    Target(
        "size_tail_top",
        "Tail exponent of sales, top 1 %",
        "前1%的销售额尾部指数",
        "about 1",
        0.9,
        1.1,
        ZIPF,
        "Sizes are lognormal, so the exponent rises further out.",
        _TAIL,
    ),
    Target(
        "out_slope",
        "Slope of ln sales to firms on ln customers",
        "对企业销售额对客户数的弹性",
        ".73-.80",
        0.73,
        0.80,
        FIRM_NETWORKS,
        _OUT_SLOPE,
    ),
    Target(
        "in_slope",
        "Slope of ln purchases on ln suppliers",
        "采购额对供应商数的弹性",
        "1.33-1.49",
        1.33,
        1.49,
        FIRM_NETWORKS,
        _IN_SLOPE,
    ),
    Target(
        "corr_out_in",
        "Correlation of ln customers and ln suppliers",
        "客户数与供应商数相关",
        "about .55",
        0.45,
        0.65,
        FIRM_NETWORKS,
    ),
    Target(
        "corr_out_sales",
        "Correlation of ln customers and ln sales to firms",
        "客户数与对企业销售额相关",
        "about .50",
        0.40,
        0.60,
        FIRM_NETWORKS,
    ),
    Target(
        "corr_in_purchases",
        "Correlation of ln suppliers and ln purchases",
        "供应商数与采购额相关",
        "about .76",
        0.66,
        0.86,
        FIRM_NETWORKS,
    ),
    Target(
        "corr_sales_purchases",
        "Correlation of ln sales to firms and ln purchases",
        "对企业销售额与采购额相关",
        ".60-.68",
        0.60,
        0.68,
        FIRM_NETWORKS,
        _LEONTIEF,
    ),
    Target(
        "degree_assortativity",
        "Degree assortativity",
        "度同配性",
        "-.2 to -.05",
        -0.20,
        -0.05,
        FIRM_NETWORKS,
        "Total degree at the two ends of a link. Weakens with the number of firms (-.05 at a million).",
    ),
    Target(
        "reciprocity",
        "Share of links that are reciprocated",
        "互惠链接占比",
        "a few per cent",
        0.01,
        0.08,
        FIRM_NETWORKS,
    ),
    Target(
        "strong_core",
        "Firms in the strong core",
        "强连通核心占比",
        "one giant core",
        None,
        None,
        FIRM_NETWORKS,
        "Share rises with the mean degree.",
    ),
    Target(
        "bow_tie_out",
        "Firms downstream of the core",
        "核心下游占比",
        "larger than IN",
        None,
        None,
        FIRM_NETWORKS,
        "Reached from the core along the flow of goods.",
    ),
    Target(
        "bow_tie_in",
        "Firms upstream of the core",
        "核心上游占比",
        "smaller than OUT",
        None,
        None,
        FIRM_NETWORKS,
        "Reaches the core along the flow of goods.",
    ),
    Target(
        "no_supplier",
        "Firms without a supplier in the network",
        "无供应商企业占比",
        "none stated",
        None,
        None,
        NO_SOURCE,
        "A quarter at a mean degree of 5: they buy outside, for cash.",
    ),
    Target(
        "no_customer",
        "Firms without a customer in the network",
        "无客户企业占比",
        "none stated",
        None,
        None,
        NO_SOURCE,
        "Nearly half at a mean degree of 5: they sell to households and abroad.",
    ),
    Target(
        "mean_log_k_out",
        "Mean ln customers",
        "客户数对数均值",
        "2.07",
        1.87,
        2.27,
        FIRM_NETWORKS,
        _ECUADOR,
    ),
    Target(
        "var_log_k_out",
        "Variance of ln customers",
        "客户数对数方差",
        "2.89",
        2.4,
        3.4,
        FIRM_NETWORKS,
        _ECUADOR,
    ),
    Target(
        "mean_log_k_in",
        "Mean ln suppliers",
        "供应商数对数均值",
        "3.19",
        2.99,
        3.39,
        FIRM_NETWORKS,
        _MEAN_IN,
    ),
    Target(
        "var_log_k_in",
        "Variance of ln suppliers",
        "供应商数对数方差",
        "2.06",
        1.7,
        2.4,
        FIRM_NETWORKS,
        _ECUADOR,
    ),
    Target(
        "mean_log_s_out",
        "Mean ln sales to firms, yuan a year",
        "年对企业销售额对数均值",
        "11.08 (dollars)",
        None,
        None,
        FIRM_NETWORKS,
        _ECUADOR,
    ),
    Target(
        "var_log_s_out",
        "Variance of ln sales to firms",
        "对企业销售额对数方差",
        "6.97",
        5.8,
        8.1,
        FIRM_NETWORKS,
        _ECUADOR,
    ),
    Target(
        "mean_log_s_in",
        "Mean ln purchases, yuan a year",
        "年采购额对数均值",
        "10.53 (dollars)",
        None,
        None,
        FIRM_NETWORKS,
        _ECUADOR,
    ),
    Target(
        "var_log_s_in",
        "Variance of ln purchases",
        "采购额对数方差",
        "7.63",
        6.4,
        8.9,
        FIRM_NETWORKS,
        _ECUADOR,
    ),
    Target(
        "sd_log_amount",
        "Spread of ln link amounts",
        "链接金额对数标准差",
        "none stated",
        None,
        None,
        NO_SOURCE,
        "Wide at low mean degree (about 3 at 25 suppliers, 4-5 at 5).",
        "no links",
    ),
    Target(
        "link_survival",
        "Links that survive a year",
        "链接年存续率",
        ".45 in tax data, .92 in a survey",
        0.45,
        0.92,
        FIRM_NETWORKS,
        "Two measurements that disagree by design.",
        "one state of a network has no past; it is read off a run",
    ),
    Target(
        "own_sector_share",
        "Trade inside the own sector",
        "同行业交易占比",
        ".19-.24",
        0.19,
        0.24,
        OWN_INDUSTRY,
        _OWN,
        "no links",
    ),
    Target(
        "flow_placed",
        "Flow on links over flow in the sector table",
        "链接流量占投入产出表比例",
        "near 1",
        0.97,
        1.0,
        TABLE,
        "Below 1,000 firms several per cent are lost: some sector pairs have no link.",
        "no sector table with these sectors was given",
    ),
    Target(
        "flow_error",
        "Absolute error of sector flows over all flow",
        "行业流量绝对误差占比",
        "near 0",
        0.0,
        0.03,
        TABLE,
        "About 6 % and more below 1,000 firms.",
        "no sector table with these sectors was given",
    ),
)
