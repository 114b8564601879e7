"""The firms of a network whose failure would cost most output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.contagion import systemic_impact
from sim.network.supply import SupplyNetwork

if TYPE_CHECKING:
    from rich.table import Table

_HEADS = {
    "en": (
        "Firm",
        "Sector",
        "Share of sales",
        "Systemic impact",
        "for want of inputs",
        "for want of orders",
    ),
    "zh": ("企业", "行业", "销售占比", "系统性影响", "经由缺少供应", "经由失去订单"),
}
_TITLE = {
    "en": "Output lost if the firm fails (ESRI of Diem et al. 2022, linear, replaceable within its sector)",
    "zh": "该企业倒闭后损失的总产出份额（ESRI，Diem 等 2022；线性，行业内可替代）",
}


def most_harmful(supply: SupplyNetwork, count: int) -> pd.DataFrame:
    """The ``count`` firms of largest systemic impact: columns firm, sector, sales_share, esri, down, up,
    converged."""
    impact = systemic_impact(supply, replaceability="sector")
    rows = np.argsort(-impact.esri, kind="stable")[:count]
    return pd.DataFrame(
        {
            "firm": [str(i) if supply.firm_ids is None else supply.firm_ids[i] for i in rows],
            "sector": [supply.sectors[supply.sector[i]] for i in rows],
            "sales_share": supply.weekly_sales[rows] / supply.weekly_sales.sum(),
            "esri": impact.esri[rows],
            "down": impact.down[rows],
            "up": impact.up[rows],
            "converged": impact.converged[rows],
        }
    )


def spreader_table(found: pd.DataFrame, lang: str) -> Table:
    """The ranking for a terminal; a star marks values that have not converged."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=_TITLE[lang], title_justify="left")
    for number, head in enumerate(_HEADS[lang]):
        shown.add_column(head, justify="left" if number < 2 else "right", overflow="fold")
    for row in found.to_dict("records"):
        star = "" if row["converged"] else " *"
        values = [f"{100 * row[name]:.2f} %" for name in ("sales_share", "esri", "down", "up")]
        values[1] += star
        shown.add_row(Text(row["firm"]), Text(row["sector"].replace("_", " ")), *values)
    return shown
