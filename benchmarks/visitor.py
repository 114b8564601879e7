"""A visitor without a browser: speaks the dashboard's own websocket protocol, as its page in a browser does.

It keeps what the server draws, answers with the state of its widgets, and asks again for fragments that renew
themselves. So thirty of them load a server like thirty open pages, at a hundredth of the memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect


class Visitor:
    """One open page.

    Parameters
    ----------
    address:
        Of the page with its query, such as ``http://127.0.0.1:8501/classroom?room=ABCDE``.
    patience:
        Seconds to wait for the server before :class:`TimeoutError`.
    """

    def __init__(self, address: str, patience: float = 900.0) -> None:
        found = urlsplit(address)
        self.patience = patience
        self.origin = f"{found.scheme}://{found.netloc}"
        self.page, self.query = found.path.strip("/"), found.query
        self.runs = 0
        self._hash, self._kept = "", dict[str, ForwardMsg]()
        self._drawn: dict[tuple[int, ...], tuple[int, Any]] = {}
        self._states: dict[str, WidgetState] = {}
        self._renewed: dict[str, tuple[int, float, float]] = {}  # fragment: run, seconds between, when next
        stream = f"ws://{found.netloc}/_stcore/stream"
        told = {"subprotocols": ["streamlit"], "origin": self.origin, "max_size": None, "ping_interval": None}
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(stream, open_timeout=patience, **told))
        self._ask()
        self.settle()

    def close(self) -> None:
        """Leave."""
        self._open.close()

    @property
    def params(self) -> dict[str, str]:
        """The query of the address, as the page has set it."""
        return {name: values[-1] for name, values in parse_qs(self.query).items()}

    def elements(self) -> Iterator[Any]:
        """What is drawn, from top to bottom."""
        for _, (_, element) in sorted(self._drawn.items()):
            yield element

    def words(self) -> str:
        """All running text of the page."""
        parts = []
        for element in self.elements():
            kind = element.WhichOneof("type")
            body = getattr(element, kind)
            parts.append(str(getattr(body, "body", "") or getattr(body, "label", "")))
        return "\n".join(parts)

    def find(self, kind: str, label: str = "", place: int = 0) -> Any:
        """The widget of a kind (``button``, ``slider``, ``button_group``) and label; :class:`LookupError` if
        it is not there."""
        found = [
            getattr(element, kind)
            for element in self.elements()
            if element.WhichOneof("type") == kind and label in ("", getattr(element, kind).label)
        ]
        if len(found) <= place:
            raise LookupError(f"no {kind} {label!r} on the page; it says: {self.words()[:600]}")
        return found[place]

    def has(self, kind: str, label: str = "") -> bool:
        """Whether a widget is drawn."""
        try:
            self.find(kind, label)
        except LookupError:
            return False
        return True

    def press(self, label: str) -> float:
        """Press a button and wait until the page is drawn; seconds it took."""
        one = self.find("button", label)
        if one.disabled:
            raise LookupError(f"the button {label!r} is disabled")
        return self._set(one.id, trigger_value=True)

    def press_again(self, name: str) -> float:
        """Press a button by its id, one that the page may have taken away meanwhile."""
        return self._set(name, trigger_value=True)

    def choose(self, place: int, option: int) -> float:
        """Pick an option of the group of buttons at a place, in the order of the page (main column first)."""
        group = self.find("button_group", place=place)
        return self._set(group.id, string_array_value=[group.options[option].content])

    def slide(self, label: str, value: float) -> float:
        """Move a slider; seconds until the page is drawn anew."""
        return self._set(self.find("slider", label).id, double_array_value=[value])

    def tick(self, label: str) -> float:
        """Tick a box."""
        return self._set(self.find("checkbox", label).id, bool_value=True)

    def type(self, label: str, text: str) -> None:
        """Fill a text field of a form; sent with its button."""
        self._keep(self.find("text_input", label).id, string_value=text)

    def until(self, holds: Callable[[Visitor], object]) -> None:
        """Look on, with fragments renewed, until something holds; :class:`TimeoutError` if it never does."""
        end = time.monotonic() + self.patience
        while not holds(self):
            if time.monotonic() > end:
                raise TimeoutError(f"it never came; the page says: {self.words()[:600]}")
            self.look(0.1)

    def look(self, seconds: float) -> None:
        """Keep the page open for a while: renew its fragments when they ask for it."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            for name, (run, wait, when) in list(self._renewed.items()):
                if when <= now and name in self._renewed:
                    self._renewed[name] = (run, wait, now + wait)
                    self._ask(fragment=name)
                    self.settle()
            wait = min([end, *(when for _, _, when in self._renewed.values())]) - time.monotonic()
            self._take(max(0.0, wait))

    def settle(self) -> None:
        """Take what the server sends until its script has finished; a script that starts another goes on."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if self._take(end - time.monotonic()) == "finished":
                return
        raise TimeoutError(f"the script did not finish in {self.patience:.0f} s")

    def _set(self, widget: str, **value: Any) -> float:
        self._keep(widget, **value)
        begun = time.monotonic()
        self._ask()
        self.settle()
        for name in [name for name, state in self._states.items() if state.HasField("trigger_value")]:
            del self._states[name]
        return time.monotonic() - begun

    def _keep(self, widget: str, **value: Any) -> None:
        state = WidgetState(id=widget)
        for name, given in value.items():
            if isinstance(given, list):
                getattr(state, name).data.extend(given)
            else:
                setattr(state, name, given)
        self._states[widget] = state

    def _ask(self, fragment: str = "") -> None:
        asked = BackMsg()
        told = asked.rerun_script
        told.query_string, told.page_name = self.query, "" if self._hash else self.page
        told.page_script_hash = self._hash
        told.widget_states.widgets.extend(self._states.values())
        told.context_info.url = f"{self.origin}/{self.page}"
        if fragment:
            told.fragment_id, told.is_auto_rerun = fragment, True
        self._socket.send(asked.SerializeToString())

    def _take(self, seconds: float) -> str:
        """The next message, at most so late; ``finished`` when a script has ended for good."""
        try:
            data = self._socket.recv(timeout=seconds)
        except TimeoutError:
            return ""
        message = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            told = self._kept[message.ref_hash]
            metadata = message.metadata
            message = ForwardMsg()
            message.CopyFrom(told)
            message.metadata.CopyFrom(metadata)
            kind = message.WhichOneof("type")
        elif message.hash and message.metadata.cacheable:
            self._kept[message.hash] = message
        return self._handle(str(kind), message)

    def _handle(self, kind: str, message: ForwardMsg) -> str:
        if kind == "new_session":
            self.runs += 1
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "delta":
            place = tuple(message.metadata.delta_path)
            if message.delta.WhichOneof("type") == "new_element":
                self._drawn[place] = (self.runs, message.delta.new_element)
            else:
                self._drawn.pop(place, None)
        elif kind == "auto_rerun":
            wait = message.auto_rerun.interval
            self._renewed[message.auto_rerun.fragment_id] = (self.runs, wait, time.monotonic() + wait)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "script_finished":
            return self._finished(message.script_finished)
        return ""

    def _finished(self, how: int) -> str:
        if how == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return "again"
        if how == ForwardMsg.FINISHED_SUCCESSFULLY:
            # a whole run: what it has not drawn is gone
            self._drawn = {place: kept for place, kept in self._drawn.items() if kept[0] == self.runs}
            self._renewed = {name: kept for name, kept in self._renewed.items() if kept[0] == self.runs}
        return "finished"
