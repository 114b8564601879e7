"""``arrears scenarios``, ``check``, ``explain`` and ``describe``."""

from __future__ import annotations

import json as jsonlib
import math
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import options
from sim.cli.options import need_portfolio, read_settings
from sim.core.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd


class Kind(StrEnum):
    """Whose life is explained."""

    account = "account"
    borrower = "borrower"
    firm = "firm"


_TABLES = (".csv", ".csv.gz", ".parquet", ".tsv", ".gz")
_GRAPHS = (".graphml", ".xml")


def scenarios(lang: options.Lang = options.Language.en, json: options.Json = False) -> None:
    """List the shipped scenarios, worlds, rule sets, and the known strategies and modules."""
    from sim.collection import module_names, strategy_names
    from sim.spec.labels import name_of
    from sim.spec.loader import (
        load_rules,
        load_scenario,
        load_world,
        rule_set_names,
        scenario_names,
        world_names,
    )

    code = lang.value
    found = {
        "scenarios": {name: getattr(load_scenario(name).description, code) for name in scenario_names()},
        "worlds": {name: getattr(load_world(name).label, code) for name in world_names()},
        "rules": {name: getattr(load_rules(name).label, code) for name in rule_set_names()},
        "strategies": {name: name_of("strategy", name, code) for name in strategy_names()},
        "modules": {name: name_of("module", name, code) for name in module_names()},
    }
    if json:
        typer.echo(jsonlib.dumps({"schema": 1, **found}, ensure_ascii=False))
        return
    width = max(len(name) for group in found.values() for name in group)
    for group, names in found.items():
        typer.echo(f"{group}:")
        for name, meaning in names.items():
            typer.echo(f"  {name:<{width}}  {meaning}")


def check(
    files: Annotated[
        list[Path], typer.Argument(help="Scenario, world, rule set, sweep, lesson, portfolio, network.")
    ],
    mapping: options.Mapping = None,
) -> None:
    """Check files and say in one line what each is."""
    faults = 0
    for path in files:
        try:
            typer.echo(_verdict(path, mapping))
        except SpecError as error:
            faults += 1
            print(f"arrears: {' '.join(str(error).split())}", file=sys.stderr)
    if faults:
        raise typer.Exit(2)


def _verdict(path: Path, mapping: str | None) -> str:
    if not path.exists():
        raise SpecError(str(path), "", "there is no such file", "a file of one of the kinds known here")
    if path.is_dir():
        raise SpecError(str(path), "", "is a folder", "a file")
    name = path.name.lower()
    if name.removesuffix(".gz").endswith(_GRAPHS):
        return _network_verdict(path)
    if name.endswith(_TABLES):
        return (
            _portfolio_verdict(path, mapping)
            if mapping or not _is_edge_list(path)
            else _network_verdict(path)
        )
    if name.endswith((".yaml", ".yml")):
        return _specification_verdict(path)
    raise SpecError(
        str(path),
        "",
        f"the ending {path.suffix or 'of the name'!r} belongs to no kind of file known here",
        ".yaml, .csv, .csv.gz, .parquet, .graphml",
    )


def _specification_verdict(path: Path) -> str:
    from sim.collection import module_names, own_rule_names, strategy_names
    from sim.experiments.lesson_check import check_lesson
    from sim.network.sector_table import load_sector_table
    from sim.spec.check import check_file

    return check_file(
        path,
        strategies=strategy_names(),
        modules=module_names(),
        own_rules=own_rule_names(),
        sectors=load_sector_table().sectors,
        lesson=check_lesson,
    )


def _is_edge_list(path: Path) -> bool:
    """Whether a table's header names buyers and suppliers; no fault is raised here."""
    if path.name.lower().endswith(".parquet"):
        return False
    from sim.spec.textfile import open_table

    try:
        header = set(open_table(path).header)
    except SpecError:
        return False
    return len(header & {"buyer", "supplier", "weekly_amount"}) >= 2


def _portfolio_verdict(path: Path, mapping: str | None) -> str:
    from sim.spec.portfolio import read_portfolio, summary

    facts: dict[str, Any] = summary(read_portfolio(path, mapping))
    current = facts["late"]["0"]["share"]
    return (
        f"{path}: portfolio of {facts['accounts']:,} accounts of {facts['borrowers']:,} borrowers with "
        f"{facts['lenders']} lenders, {facts['balance_yuan']:,.0f} yuan, {1 - current:.1%} of accounts late, "
        f"{facts['revolving_share']:.0%} revolving, {facts['months_of_history']} months of history, "
        f"read as {facts['encoding']}"
    )


def _network_verdict(path: Path) -> str:
    from sim.network.read import read_network

    network = read_network(path)
    weekly = int(network.weekly_amount.sum()) / 100
    return f"{path}: network of {network.firms:,} firms, {network.links:,} links, {weekly:,.0f} yuan a week"


def explain(
    kind: Annotated[Kind, typer.Argument(help="account, borrower or firm.")],
    number: Annotated[int, typer.Argument(help="Its number, from 0.", min=0)],
    scenario: Annotated[str, typer.Option("--scenario", help="Scenario: a name or a file.")] = "baseline",
    world: options.World = None,
    strategy: options.Strategy = None,
    rules: options.Rules = None,
    portfolio: options.Portfolio = None,
    mapping: options.Mapping = None,
    network: options.Network = None,
    weeks: options.Weeks = None,
    seed: options.Seed = None,
    settings: options.Settings = None,
    json: options.Json = False,
) -> None:
    """Tell the life of one account, borrower or firm, week by week, by running it again."""
    from sim.experiments.plan import base_scenario
    from sim.model import Ecosystem

    need_portfolio(mapping, portfolio)
    spec, _ = base_scenario(
        scenario,
        rules=rules,
        portfolio=portfolio,
        mapping=mapping,
        network=network,
        weeks=weeks,
        seed=seed,
        changes=read_settings(settings),
    )
    model = Ecosystem(spec, world=world or spec.world, strategy=strategy, rng=spec.seed)
    model.run(spec.weeks)
    life = model.explain(kind.value, number)
    if json:
        print_frame(life, json)
    else:
        typer.echo("Money in yuan.")
        print_frame(_in_yuan(life), json)


def _in_yuan(life: pd.DataFrame) -> pd.DataFrame:
    """Money columns in yuan and the stage by its name, for reading; JSON keeps fen and numbers."""
    from sim.collection.names import STAGES
    from sim.phases.replay import MONEY

    told = life.copy()
    for name in MONEY.intersection(told.columns):
        told[name] = [f"{fen / 100:,.2f}" for fen in told[name]]
    if "stage" in told:
        told["stage"] = [STAGES[number] for number in told["stage"]]
    return told


def print_frame(frame: pd.DataFrame, json: bool) -> None:
    """Print a table for people, or its rows as one JSON document."""
    if json:
        rows = [{str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]
        typer.echo(jsonlib.dumps({"schema": 1, "rows": rows}, ensure_ascii=False, allow_nan=False))
    else:
        typer.echo(frame.to_string(index=False) if len(frame) else "none")


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def describe(
    network: options.Network = None,
    firms: Annotated[int | None, typer.Option("--firms", help="Generate a network of so many firms.")] = None,
    degree: Annotated[float, typer.Option("--degree", help="Mean number of suppliers a firm.")] = 10.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the generated network.")] = 1,
    spreaders: Annotated[
        int, typer.Option("--super-spreaders", min=0, help="List so many firms by systemic impact.")
    ] = 0,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Show the statistics of a supply network beside those of measured ones."""
    from sim.cli.spreaders import most_harmful, spreader_table
    from sim.network.describe import describe as statistics_of
    from sim.network.generate import generate
    from sim.network.read import read_network
    from sim.network.sector_table import load_sector_table

    if network is not None and firms is not None:
        raise SpecError("--firms", "", "is given together with --network", "one of the two")
    table = load_sector_table()
    supply = (
        read_network(network, table=table)
        if network is not None
        else generate(2_000 if firms is None else firms, degree, seed, table)
    )
    found = statistics_of(supply, table)
    if json:
        rows = [vars(item) for item in found]
        document = {"schema": 1, "firms": supply.firms, "links": supply.links, "rows": rows}
        if spreaders:
            document["super_spreaders"] = most_harmful(supply, spreaders).to_dict("records")
        typer.echo(jsonlib.dumps(document, ensure_ascii=False, allow_nan=False))
        return
    from rich.table import Table
    from rich.text import Text

    from sim.cli.table import console

    shown = Table(title=f"{supply.firms:,} firms, {supply.links:,} links", title_justify="left")
    for name in ("statistic", "here", "measured"):
        shown.add_column(name, justify="right" if name == "here" else "left", overflow="fold")
    for item in found:
        value = "\N{EM DASH}" if item.value is None else f"{item.value:.3f}"
        label = item.label_zh if lang.value == "zh" else item.label_en
        shown.add_row(Text(label), _marked(value, item.value, item.low, item.high), Text(item.target))
    to = console()
    to.print(shown)
    if spreaders:
        to.print(spreader_table(most_harmful(supply, spreaders), lang.value))
    for item in found:
        if item.value is None:
            to.print(Text(f"\N{EM DASH} {item.label_en}: {item.note}", style="dim"))


def _marked(text: str, value: float | None, low: float | None, high: float | None) -> Any:
    """A value, coloured by whether it lies inside its target."""
    from rich.text import Text

    if value is None or (low is None and high is None):
        return Text(text)
    inside = (low is None or value >= low) and (high is None or value <= high)
    return Text(text, style="green" if inside else "yellow")
