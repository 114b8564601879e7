"""Mesa agents whose state lives in numpy columns.

A million Python objects cost seconds and hundreds of megabytes; a million rows do not. An agent
class derived from :class:`ColumnAgent` stands for the rows of one table. Its objects are handles
(set, row number) made when someone asks for them, and its :class:`ColumnAgentSet` answers the
questions of Mesa's ``AgentSet`` from the columns wherever it can. Ordinary Mesa agents live
beside them in the same :class:`ColumnModel`. Mesa itself (3.3 and later) is used as it is.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import mesa  # type: ignore[import-untyped,unused-ignore]
import numpy as np
from mesa.agent import AgentSet  # type: ignore[import-untyped,unused-ignore]
from numpy.typing import NDArray

from sim.core.columns import Bool, Columns, rows
from sim.core.errors import SpecError
from sim.core.mesa_sets import LazyAgentSet, ModelAgentSet


def _checked(value: Any, dtype: np.dtype[Any], source: str, field: str) -> Any:
    """``value`` if a column of ``dtype`` holds it without loss of kind or range, else SpecError."""
    if isinstance(value, np.generic):
        value = value.item()  # a narrow numpy float would compare after rounding the limit to infinity
    is_bool = isinstance(value, bool)
    if dtype.kind == "b":
        fits, allowed = is_bool, "True or False"
    elif dtype.kind in "iu":
        limits = np.iinfo(dtype)
        whole = isinstance(value, numbers.Integral) and not is_bool
        fits = whole and int(limits.min) <= value <= int(limits.max)
        allowed = f"a whole number from {limits.min} to {limits.max}"
    else:
        top = float(np.finfo(dtype).max)
        # not-a-number fails both comparisons, so it is refused with the infinities
        number: Any = value
        fits = isinstance(value, numbers.Real) and not is_bool and bool(-top <= number <= top)
        allowed = f"a finite number up to {top:.3g} in size"
    if not fits:
        raise SpecError(source, field, f"{f'{value!r}':.60} does not fit the column ({dtype})", allowed)
    return value


class ColumnAgent(mesa.Agent):  # type: ignore[misc]
    """A handle of one row of a table; columns read and write like attributes.

    Reading a column gives a Python scalar (``int``, ``float`` or ``bool``). Writing checks the
    value against the column's type and goes straight into the row. Only declared columns,
    ``pos`` and properties with a setter can be written. Subclasses name their table in
    ``TABLE`` and may add methods and properties; a property wins over a column of its name.

    Handles come from the model's sets (``model.agents_by_type[Firm][12]``), never from a call
    of the class, and the same row is always the same object.

    Raises
    ------
    AttributeError
        Reading or writing a name that is neither a column nor defined by the class.
    SpecError
        Writing a value that does not fit the column.
    """

    TABLE: ClassVar[str] = ""
    # A position is rarely set, so it takes room only in the handles that have one.
    pos: Any = None
    __slots__ = ("_owner", "_row")
    _owner: ColumnAgentSet
    _row: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        raise TypeError(f"{name} is a row of the table {self.TABLE!r}: take it from agents_by_type[{name}]")

    @property
    def model(self) -> Any:
        """The model whose table holds the row."""
        return self._owner.model

    @property
    def unique_id(self) -> int:
        """Number of the agent in its model, from 1; rows of one table are consecutive."""
        return self._owner.first_id + self._row

    @property
    def row(self) -> int:
        """Row number in the table, from 0."""
        return self._row

    def __getattr__(self, name: str) -> Any:
        # copy and pickle ask for underscored names before the slots are filled
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        table = self._owner.table
        if name not in table._fields:
            raise self._undeclared(name)
        return getattr(table, name).item(self._row)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "pos" or hasattr(type(getattr(type(self), name, None)), "__set__"):
            object.__setattr__(self, name, value)
            return
        table = self._owner.table
        if name not in table._fields:
            raise self._undeclared(name)
        column: NDArray[Any] = getattr(table, name)
        column[self._row] = _checked(value, column.dtype, repr(self), name)

    def _undeclared(self, name: str) -> AttributeError:
        known = ", ".join(self._owner.table._fields)
        return AttributeError(f"{type(self).__name__} has no column {name!r}; columns: {known}")

    def __getstate__(self) -> tuple[dict[str, Any], ColumnAgentSet, int]:
        return self.__dict__, self._owner, self._row

    def __setstate__(self, state: tuple[dict[str, Any], ColumnAgentSet, int]) -> None:
        extra, self._owner, self._row = state
        if extra:
            self.__dict__.update(extra)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._owner.table._fields})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.unique_id}>"


class ColumnAgentSet(LazyAgentSet):
    """All rows of one table as agents, made on demand and then kept.

    ``get``, ``set``, ``agg`` and ``sort`` by a column, and ``where``, work on the arrays. A handle,
    once made, lives as long as the set: Mesa's derived sets hold weak references only.

    Parameters
    ----------
    model:
        Model with the table in ``model.tables[agent_class.TABLE]``.
    agent_class:
        Class of the handles.
    first_id:
        ``unique_id`` of row 0.
    """

    def __init__(self, model: ColumnModel, agent_class: type[ColumnAgent], first_id: int) -> None:
        super().__init__(model)
        self.agent_class = agent_class
        self.first_id = first_id
        self._kept: Bool = np.ones(rows(model.tables[agent_class.TABLE]), np.bool_)
        self._size = len(self._kept)
        self._handles: list[ColumnAgent | None] = []

    @property
    def table(self) -> Any:
        """The table of the rows, looked up in the model each time."""
        return self.model.tables[self.agent_class.TABLE]

    def _handle(self, row: int) -> ColumnAgent:
        if not self._handles:
            self._handles = [None] * len(self._kept)
        handle = self._handles[row]
        if handle is None:
            handle = self.agent_class.__new__(self.agent_class)
            # past the class's own __setattr__, which looks for columns first
            object.__setattr__(handle, "_owner", self)
            object.__setattr__(handle, "_row", row)
            self._handles[row] = handle
        return handle

    def _rows(self) -> Any:
        return range(self._size) if self._size == len(self._kept) else np.flatnonzero(self._kept)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[ColumnAgent]:
        kept = self._kept
        return (self._handle(row) for row in range(len(kept)) if kept[row])

    def __contains__(self, agent: object) -> bool:
        return isinstance(agent, ColumnAgent) and agent._owner is self and bool(self._kept[agent._row])

    def __getitem__(self, item: Any) -> Any:
        picked = self._rows()[item]
        return (
            [self._handle(int(row)) for row in picked]
            if isinstance(item, slice)
            else self._handle(int(picked))
        )

    def _is_column(self, name: str) -> bool:
        return name in self.table._fields and not hasattr(self.agent_class, name)

    def column(self, name: str) -> NDArray[Any]:
        """The column as a read-only array in the order of the set (a view unless rows were removed).

        Raises
        ------
        AttributeError
            The table has no such column.
        """
        table = self.table
        if name not in table._fields:
            known = ", ".join(table._fields)
            raise AttributeError(f"{self.agent_class.__name__} has no column {name!r}; columns: {known}")
        whole: NDArray[Any] = getattr(table, name)
        view = whole.view() if self._size == len(self._kept) else whole[self._kept]
        view.flags.writeable = False
        return view

    def where(self, mask: NDArray[Any]) -> AgentSet:
        """The agents for which a boolean array, as long and in the order of the set, is true.

        Raises
        ------
        SpecError
            The mask has another shape or kind.
        """
        mask = np.asarray(mask)
        if mask.shape != (self._size,) or mask.dtype != np.bool_:
            problem = f"array of shape {mask.shape} and type {mask.dtype}"
            raise SpecError("where", "mask", problem, f"{self._size} booleans")
        picked = np.flatnonzero(self._kept)[mask]
        return self._derived(self._handle(row) for row in picked.tolist())

    def get(self, attr_names: Any, handle_missing: str = "error", default_value: Any = None) -> list[Any]:
        """Values of an attribute, or lists of the values of several, for every agent in order."""
        if handle_missing not in ("error", "default"):
            raise ValueError(f"handle_missing is {handle_missing!r}, should be 'error' or 'default'")
        if isinstance(attr_names, str):
            return self._values(attr_names, handle_missing == "default", default_value)
        lists = [self._values(name, handle_missing == "default", default_value) for name in attr_names]
        return [list(row) for row in zip(*lists, strict=True)] if lists else [[] for _ in range(self._size)]

    def _values(self, name: str, lenient: bool, default: Any) -> list[Any]:
        if self._is_column(name):
            values: list[Any] = self.column(name).tolist()
            return values
        if lenient:
            if not hasattr(self.agent_class, name):
                return [default] * self._size
            return [getattr(agent, name, default) for agent in self]
        return [getattr(agent, name) for agent in self]

    def set(self, attr_name: str, value: Any) -> ColumnAgentSet:
        """Give one value to a column (or settable property) of every agent; returns itself."""
        if self._is_column(attr_name):
            column: NDArray[Any] = getattr(self.table, attr_name)
            column[self._kept] = _checked(value, column.dtype, self.agent_class.__name__, attr_name)
            return self
        for agent in self:
            setattr(agent, attr_name, value)
        return self

    def agg(self, attribute: str, func: Any) -> Any:
        """One function, or each of several, of all values of an attribute.

        numpy's functions, ``sum``, ``min``, ``max`` and ``len`` work on the column; any other
        function gets the list of Python scalars that Mesa would give it.
        """
        if not callable(func):
            return [self.agg(attribute, single) for single in func]
        if not self._is_column(attribute):
            return func(self.get(attribute))
        column = self.column(attribute)
        if func is len:
            return len(column)
        if func is sum:
            return _exact_sum(column)
        if len(column) and (func is min or func is max):
            # Python's own would walk the array element by element
            return (column.min() if func is min else column.max()).item()
        if isinstance(func, np.ufunc) or getattr(func, "__module__", "") == "numpy":
            # the width of Python's own numbers, so that nothing overflows or rounds in a narrow type
            wide = {"i": np.int64, "u": np.uint64, "f": np.float64}.get(column.dtype.kind, column.dtype)
            return func(column.astype(wide, copy=False))
        return func(column.tolist())

    def sort(
        self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False
    ) -> AgentSet:
        """All agents by a column, an attribute or a function; ties keep their order."""
        if not (isinstance(key, str) and self._is_column(key)) or inplace:
            return super().sort(key, ascending, inplace)
        values, found = self.column(key), np.flatnonzero(self._kept)
        if ascending:
            order = np.argsort(values, kind="stable")
        else:  # sorting the reversed array and reversing the result keeps ties in their order
            order = (self._size - 1 - np.argsort(values[::-1], kind="stable"))[::-1]
        return self._derived(self._handle(row) for row in found[order].tolist())

    def add(self, agent: Any) -> None:
        """Bring back a removed row; TypeError for anything that is not a row of this table."""
        if not (isinstance(agent, ColumnAgent) and agent._owner is self):
            raise TypeError(f"{agent!r:.60} is not a row of the table {self.agent_class.TABLE!r}")
        self._size += not self._kept[agent._row]
        self._kept[agent._row] = True

    def discard(self, agent: Any) -> None:
        """Mark a row as removed: the set passes over it, its columns stay as they are."""
        if agent in self:
            self._kept[agent._row] = False
            self._size -= 1

    def remove(self, agent: Any) -> None:
        """As ``discard``, but KeyError if the agent is not in the set."""
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def clear(self) -> None:
        """Mark every row as removed."""
        self._kept[:] = False
        self._size = 0

    def __getstate__(self) -> dict[str, Any]:
        # only the handles that exist, with their rows
        made = {row: handle for row, handle in enumerate(self._handles) if handle is not None}
        return {**self.__dict__, "_handles": made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        made = state.pop("_handles")
        super().__setstate__(state)
        self._handles = [None] * len(self._kept) if made else []
        for row, handle in made.items():
            self._handles[row] = handle


def _exact_sum(column: NDArray[Any]) -> Any:
    """What ``sum`` gives for the column's values as Python numbers: whole numbers never wrap."""
    if column.dtype.kind == "f":
        return float(column.sum(dtype=np.float64))
    largest = max(abs(int(column.max())), abs(int(column.min()))) if len(column) else 0
    if largest * len(column) < 2**63:
        return int(column.sum(dtype=np.int64))
    return sum(column.tolist())


class ColumnModel(mesa.Model):  # type: ignore[misc]
    """A Mesa model with agents in columns beside ordinary ones.

    One counter numbers all agents from 1 in order of arrival: an ordinary agent takes the next
    number, a table the next ``rows`` numbers in row order.

    Parameters
    ----------
    rng:
        Seed of Mesa's ``model.random`` and ``model.rng``, in any form that Mesa takes.

    Attributes
    ----------
    tables:
        Tables by name. Arrays may be exchanged for others of the same length; tables without
        agents may be added freely.
    """

    def __init__(self, *, rng: Any = None) -> None:
        super().__init__(rng=rng)
        self.tables: dict[str, Any] = {}
        self._every_agent = ModelAgentSet(self)
        if not hasattr(self, "agent_id_counter"):  # newer Mesa versions keep this counter themselves
            self.agent_id_counter: int = 1

    def register_table(self, agent_class: type[ColumnAgent], table: Columns) -> ColumnAgentSet:
        """Make every row of a table an agent of ``agent_class``; returns their set.

        The set is also ``agents_by_type[agent_class]`` and part of ``agents``.

        Raises
        ------
        SpecError
            The class names no table, or one that is taken; columns differ in length, are not
            one-dimensional numbers, or bear a name that every agent has (``model``, ``step``...).
        """
        name, source = agent_class.TABLE, agent_class.__name__
        if not name:
            raise SpecError(source, "TABLE", "is empty", "the table's name")
        if agent_class in self.agents_by_type or self.tables.get(name, table) is not table:
            raise SpecError(source, "TABLE", f"{name!r} is registered already", "one class a table, once")
        _check_columns(source, table)
        self.tables[name] = table
        agents = ColumnAgentSet(self, agent_class, self.agent_id_counter)
        self.agent_id_counter += len(agents)
        self.agents_by_type[agent_class] = agents
        return agents

    @property
    def agents(self) -> ModelAgentSet:
        """All agents, ordinary and in columns."""
        return self._every_agent

    @agents.setter
    def agents(self, agents: Any) -> None:
        raise AttributeError("model.agents is kept by the model; choose another name for your own collection")

    @property
    def ordinary_agents(self) -> Any:
        """The agents that are objects of their own, as Mesa keeps them."""
        return super().agents

    @property
    def column_sets(self) -> list[ColumnAgentSet]:
        """The sets of the registered tables, in order of registration."""
        return [agents for agents in self.agents_by_type.values() if isinstance(agents, ColumnAgentSet)]

    def register_agent(self, agent: Any) -> None:
        """Take in an ordinary agent and give it the next number; called by ``Agent.__init__``."""
        # Up to 3.3 Mesa numbers agents by a class-level table of models that keeps every model
        # alive; the entry goes and the model's own counter serves.
        ids = getattr(mesa.Agent, "_ids", None)
        if ids is not None:
            ids.pop(self, None)
            agent.unique_id = self.agent_id_counter
            self.agent_id_counter += 1
        super().register_agent(agent)

    def deregister_agent(self, agent: Any) -> None:
        """Let an agent go (a row is marked as removed); called by ``Agent.remove``."""
        if isinstance(agent, ColumnAgent):
            agent._owner.remove(agent)
        else:
            super().deregister_agent(agent)

    def remove_all_agents(self) -> None:
        """Remove the ordinary agents and mark every row as removed."""
        super().remove_all_agents()
        for agents in self.column_sets:
            agents.clear()


def _check_columns(source: str, table: Columns) -> None:
    columns = table._asdict()
    reserved = sorted(set(columns) & set(dir(ColumnAgent)))
    if reserved:
        raise SpecError(source, reserved[0], "is a name that every agent has", "another column name")
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise SpecError(source, "", f"columns have {sorted(lengths)} rows", "columns of one length")
    for name, column in columns.items():
        if column.ndim != 1 or column.dtype.kind not in "biuf":
            problem = f"{column.ndim}-dimensional column of {column.dtype}"
            raise SpecError(source, name, problem, "one-dimensional whole numbers, floats or booleans")
