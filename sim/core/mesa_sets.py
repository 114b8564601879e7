"""Mesa agent sets whose agents come into being when someone looks at them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from random import Random
from typing import Any

from mesa.agent import AgentSet  # type: ignore[import-untyped,unused-ignore]


class LazyAgentSet(AgentSet):  # type: ignore[misc]
    """Mesa's ``AgentSet`` for agents that come into being when someone looks at them.

    Subclasses give length, iteration, membership, indexing, ``get`` and ``set``; the rest is
    here. What is derived (``select``, ``shuffle``, ``sort``, ``groupby``, copies) is an ordinary
    ``AgentSet``. The set itself is the model's register: ``inplace=True`` raises TypeError.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def random(self) -> Random:
        """The model's ``random.Random``, used by the shuffling methods."""
        generator: Random = self.model.random
        return generator

    def _derived(self, agents: Iterable[Any], inplace: bool = False) -> AgentSet:
        if inplace:
            raise TypeError("the model's own agent set cannot be changed in place; leave inplace=False")
        return AgentSet(agents, random=self.random)

    @classmethod
    def _from_iterable(cls, agents: Iterable[Any]) -> AgentSet:
        # the operators &, |, - and ^ build their result here
        return AgentSet(agents)

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: float = math.inf,
        inplace: bool = False,
        agent_type: type[Any] | None = None,
    ) -> AgentSet:
        """The first ``at_most`` agents (a float up to 1: that share) of a type that pass a filter."""
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(self) * at_most)
        stop = None if at_most == math.inf else max(0, math.ceil(at_most))
        passed = (agent for agent in self._of_type(agent_type) if filter_func is None or filter_func(agent))
        return self._derived(islice(passed, stop), inplace)

    def _of_type(self, agent_type: type[Any] | None) -> Iterator[Any]:
        return (agent for agent in self if agent_type is None or isinstance(agent, agent_type))

    def shuffle(self, inplace: bool = False) -> AgentSet:
        """All agents in random order."""
        agents = self.to_list()
        self.random.shuffle(agents)
        return self._derived(agents, inplace)

    def sort(
        self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False
    ) -> AgentSet:
        """All agents by an attribute or a function, the largest first unless ``ascending``."""
        values = self.get(key) if isinstance(key, str) else [key(agent) for agent in self]
        order = sorted(range(len(values)), key=values.__getitem__, reverse=not ascending)
        agents = self.to_list()
        return self._derived((agents[i] for i in order), inplace)

    def groupby(self, by: Callable[[Any], Any] | str, result_type: str = "agentset") -> Any:
        """Mesa's ``GroupBy`` over an attribute or a function."""
        return self.copy().groupby(by, result_type)

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> LazyAgentSet:
        """Call a method, or a function of the agent, for every agent still there; returns itself."""
        for agent in self:
            _call(agent, method, args, kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> LazyAgentSet:
        """As ``do``, in random order; an agent removed on the way is left out."""
        agents = self.to_list()
        self.random.shuffle(agents)
        for agent in agents:
            if agent in self:
                _call(agent, method, args, kwargs)
        return self

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """The results of a method, or of a function of the agent, in order."""
        return [_call(agent, method, args, kwargs) for agent in self]

    def to_list(self) -> list[Any]:
        """All agents as a list."""
        return list(iter(self))

    def copy(self) -> AgentSet:
        """All agents as an ordinary AgentSet."""
        return self._derived(self)

    __copy__ = copy

    def count(self, value: Any) -> int:
        """1 if the agent is in the set, else 0."""
        return int(value in self)

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Place of an agent; ValueError if it is not in the set."""
        return self.to_list().index(value, start, len(self) if stop is None else stop)

    def __reversed__(self) -> Iterator[Any]:
        yield from reversed(self.to_list())

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _call(agent: Any, method: str | Callable[..., Any], args: Any, kwargs: Any) -> Any:
    if isinstance(method, str):
        return getattr(agent, method)(*args, **kwargs)
    return method(agent, *args, **kwargs)


class ModelAgentSet(LazyAgentSet):
    """Every agent of a model: the ordinary ones first, then each table in order of registration.

    It is a view and holds nothing: agents come in by being created and leave by ``agent.remove()``.
    """

    def _parts(self) -> list[Any]:
        return [self.model.ordinary_agents, *self.model.column_sets]

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts())

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._parts())

    def __contains__(self, agent: object) -> bool:
        return any(agent in part for part in self._parts())

    def __getitem__(self, item: Any) -> Any:
        places: Any = range(len(self))[item]
        plain, *column_sets = self._parts()
        ordinary = list(plain)
        if isinstance(item, slice):
            return [self._at(place, ordinary, column_sets) for place in places]
        return self._at(places, ordinary, column_sets)

    @staticmethod
    def _at(place: int, ordinary: list[Any], column_sets: list[Any]) -> Any:
        for part in (ordinary, *column_sets):
            if place < len(part):
                return part[place]
            place -= len(part)
        raise IndexError("agent index out of range")

    def _of_type(self, agent_type: type[Any] | None) -> Iterator[Any]:
        if agent_type is None:
            return iter(self)
        plain: Any
        plain, *column_sets = self._parts()
        # whole tables of another type are passed over without making their handles
        wanted: Iterator[Any] = (part for part in column_sets if issubclass(part.agent_class, agent_type))
        return chain((a for a in plain if isinstance(a, agent_type)), chain.from_iterable(wanted))

    def get(self, attr_names: Any, handle_missing: str = "error", default_value: Any = None) -> list[Any]:
        """Values of an attribute, or lists of the values of several, for every agent in order."""
        lists = (part.get(attr_names, handle_missing, default_value) for part in self._parts())
        return list(chain.from_iterable(lists))

    def set(self, attr_name: str, value: Any) -> ModelAgentSet:
        """Give one value to an attribute of every agent; returns itself."""
        for part in self._parts():
            part.set(attr_name, value)
        return self

    def add(self, agent: Any) -> None:
        """Not possible on the model's own set: TypeError."""
        raise TypeError("model.agents is a view: agents enter by being created with the model")

    def discard(self, agent: Any) -> None:
        """Not possible on the model's own set: TypeError."""
        raise TypeError("model.agents is a view: agents leave by agent.remove()")

    remove = discard
