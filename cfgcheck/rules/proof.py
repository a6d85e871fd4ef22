"""How a rule is proven: an experiment on real servers, described as data. ``docs/proof.md`` describes every field.

Imports pydantic: only for tests, generated pages and compiling rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


def _pattern(value: Any) -> Any:
    if isinstance(value, str):
        re.compile(value)
    return value


Pattern = Annotated[Text, BeforeValidator(_pattern)]
Patterns = Annotated[list[Pattern], BeforeValidator(_listed)]
Statuses = Annotated[list[Annotated[int, Field(ge=-1, le=599)]], BeforeValidator(_listed)]
Seconds = Annotated[float, Field(ge=0, le=130)]
Bytes = Annotated[int, Field(ge=0)]


class Request(_Strict):
    """What a client sends to nginx. Sizes in bytes, times in seconds.

    ``to``: the port, as the files have it, that it goes to: by default nginx's first ``listen``; an app's own port asks
    the app without nginx. ``headers``: ``x*9000`` as a value stands for 9,000 times x, in ``path`` too; ``many``: so
    many further small headers. ``body``: so many bytes, ``pace`` of them a second. ``at_once``: so many clients at a
    time; ``times``: one after another on new connections; ``wait``: before each. ``keep``: all on one connection.
    ``raw``: sent as it is. ``client``: the address of loopback that it comes from. ``patience``: after how long the
    client gives up. ``stay``: so long the client of a websocket says nothing; the answer counts as truncated where the
    connection is closed before that.
    """

    method: Text = "GET"
    path: Text = "/"
    host: Text | None = None
    to: int | None = None
    client: Annotated[str, StringConstraints(pattern=r"^127(\.\d{1,3}){3}$")] | None = None
    headers: dict[str, str] = {}
    many: int = 0
    body: Bytes = 0
    pace: Bytes = 0
    http: Literal["1.0", "1.1"] = "1.1"
    websocket: bool = False
    stay: Seconds = 0
    at_once: Annotated[int, Field(ge=1, le=2000)] = 1
    times: Annotated[int, Field(ge=1, le=500)] = 1
    wait: Seconds = 0
    patience: Seconds = 90
    keep: bool = False
    raw: str = ""
    background: bool = False
    """The next step does not wait for its answer; it counts among the answers at the end."""


class Signal(_Strict):
    """A signal for what the manager started: the main process of ``to``; then so long to wait for it to end."""

    signal: Literal["TERM", "INT", "QUIT", "HUP", "KILL"]
    to: Text = "app"
    within: Seconds = 10


class Pause(_Strict):
    """Nothing happens for so many seconds."""

    pause: Seconds


Step = Request | Signal | Pause


class Seen(_Strict):
    """What happened. What is not said is not looked at.

    ``status``: of all answers, one of these (0: the connection was closed without an answer, -1: the client gave up);
    ``some``: of at least one. ``after``: seconds until the answer, at least and at most. ``truncated``: the body ended
    before its length.
    ``body``: a pattern that the body matches; ``headers``: patterns of response headers, null where there must be none.
    ``log``, ``app_log``: patterns that nginx's error log and the app's output must match; ``no_log``: must not.
    ``saw``: what the app saw of the last request: ``scheme``, ``host``, ``method``, ``path``, ``script`` (WSGI's
    SCRIPT_NAME), ``query``, ``remote`` and request headers in lower case: patterns of the whole value, null where the
    app must not have got it. ``requests``: how many reached the app.
    ``refuses``: who does not start: ``nginx`` (``nginx -t``) or an app; ``says``: the pattern of what it says then;
    ``warns``: it starts, but says this at start-up. ``exit``: the exit code after a signal; ``left``: how many of its
    processes are still there.
    """

    status: Statuses | None = None
    some: Statuses | None = None
    after: tuple[Seconds, Seconds] | None = None
    truncated: bool | None = None
    body: Pattern | None = None
    headers: dict[str, Pattern | None] = {}
    log: Patterns = []
    no_log: Patterns = []
    app_log: Patterns = []
    saw: dict[str, Pattern | None] = {}
    requests: int | None = None
    refuses: Text | None = None
    says: Pattern | None = None
    warns: Pattern | None = None
    exit: int | None = None
    left: int | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Seen:
        if not self.model_fields_set:
            raise ValueError("say what was seen")
        return self


class Experiment(_Strict):
    """One bad example run on real servers, and the good one that cures it.

    ``bad``, ``good``: names of the rule's examples, the first ones by default. ``start``: command lines of the app
    servers by name, where the files don't tell them; ``start_good``: where those of the good example are other ones.
    ``request``: the steps, the same for both. ``versions``: what it holds for; a server at hand outside of them is not
    asked. ``symptom: false``: the finding's own status and log line are not this experiment's (``because`` says why).
    ``together``: both examples run at the same time, where each takes a minute. ``mended``, ``start_mended``: what the
    bad example must show, and how it is started, once its fix was applied, where that is not ``cured`` and ``start``.
    """

    bad: Text | None = None
    good: Text | None = None
    start: dict[Text, Text] = {}
    start_good: dict[Text, Text] = {}
    request: Annotated[list[Step], BeforeValidator(_listed)] = [Request()]
    seen: Seen
    cured: Seen
    mended: Seen | None = None
    start_mended: dict[Text, Text] = {}
    versions: Mapping[str, Text] = {}
    needs: Annotated[list[Literal["root", "namespaces"]], BeforeValidator(_listed)] = []
    symptom: bool = True
    together: bool = False
    because: Text | None = None

    @model_validator(mode="after")
    def _reason(self) -> Experiment:
        if not self.symptom and self.because is None:
            raise ValueError("`symptom: false` wants `because`")
        return self


class OwnTest(_Strict):
    """An experiment that is a test of its own: ``tests/live/test_x.py::test_name``, and what it sees, in a sentence."""

    test: Annotated[str, StringConstraints(pattern=r"^tests/[\w/]+\.py::test_\w+$")]
    observed: Text
    versions: Mapping[str, Text] = {}


class Unproven(_Strict):
    """Why no experiment here shows it, and who says that it is so."""

    because: Text
    source: Text


Proof = Experiment | OwnTest
