"""What a rule's experiments saw on real servers, in sentences; or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cfgcheck.record import record
from cfgcheck.report.text import readable_pattern, status_words

_OF_THE_ANSWER = {0: "a closed connection", -1: "no answer while the client waits"}
_KILO = 1000


@record(frozen=True)
class Observed:
    """An experiment in words. ``asked``: what was done; ``seen``: what the bad example gave, ``cured``: the good one;
    ``holds``: the versions it holds for, "" where it holds for all; ``test``: where a test of its own is; ``example``:
    the name of the bad example, "" where it has none."""

    asked: str
    seen: str
    cured: str = ""
    holds: str = ""
    test: str = ""
    example: str = ""

    @property
    def sentence(self) -> str:
        told = f"{self.asked}: {self.seen}" if self.asked else self.seen
        told += f"; mended: {self.cured}" if self.cured else ""
        return f"{told} ({self.holds})" if self.holds else told


def observed(fields: Mapping[str, Any]) -> list[Observed]:
    """The experiments of a rule file's fields."""
    bad = _listed((fields.get("examples") or {}).get("bad"))
    first = str(bad[0].get("name", "")) if bad else ""
    return [_of(one, first) for one in _listed(fields.get("proof")) if isinstance(one, Mapping)]


def unproven(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Why what was not shown, and who says that it is so."""
    return [
        (" ".join(str(one.get("because", "")).split()), " ".join(str(one.get("source", "")).split()))
        for one in _listed(fields.get("unproven"))
        if isinstance(one, Mapping)
    ]


def _of(proof: Mapping[str, Any], first: str) -> Observed:
    holds = ", ".join(f"{name} {wanted}" for name, wanted in (proof.get("versions") or {}).items())
    if "test" in proof:
        return Observed("", " ".join(str(proof.get("observed", "")).split()), "", holds, str(proof["test"]))
    steps = _listed(proof.get("request", {}))
    asked = "" if _starts_nothing(proof) else ", then ".join(_step(step) for step in steps if isinstance(step, Mapping))
    seen, cured = (_outcome(proof.get(name) or {}) for name in ("seen", "cured"))
    return Observed(asked, seen, cured, holds, example=str(proof.get("bad") or first))


def _starts_nothing(proof: Mapping[str, Any]) -> bool:
    """The bad example is refused: nothing can be asked, unless nginx stands in front of it and answers."""
    seen = proof.get("seen") or {}
    return bool(seen.get("refuses")) and seen.get("status") is None


def _step(step: Mapping[str, Any]) -> str:
    if "signal" in step:
        return f"SIG{step['signal']} to {'the app' if step.get('to', 'app') == 'app' else step['to']}"
    if "pause" in step:
        return f"{_seconds(step['pause'])} later"
    asked = "a raw request" if step.get("raw") else f"{step.get('method', 'GET')} {_short(str(step.get('path', '/')))}"
    asked += f" to port {step['to']}" if step.get("to") else ""
    details = list(_details(step))
    return asked + (f" with {' and '.join(details)}" if details else "") + _repeated(step)


def _short(path: str) -> str:
    return path if len(path) <= 60 else path[:57] + "…"


def _details(step: Mapping[str, Any]) -> Iterator[str]:
    if step.get("host"):
        yield f"Host {step['host']}"
    for name, value in (step.get("headers") or {}).items():
        yield f"{name}: {_times(str(value))}"
    if step.get("many"):
        yield f"{step['many']} headers more"
    if step.get("websocket"):
        yield "a websocket's handshake"
    if step.get("body"):
        yield f"{_size(int(step['body']))} of body"
    if step.get("pace"):
        yield f"{_size(int(step['pace']))} of it a second"
    if step.get("http"):
        yield f"HTTP/{step['http']}"
    if step.get("client"):
        yield f"the client at {step['client']}"


def _times(value: str) -> str:
    """``x*9000`` is a header of 9,000 bytes."""
    unit, star, number = value.partition("*")
    return f"{int(number):,} bytes" if star and len(unit) == 1 and number.isdigit() else value


def _repeated(step: Mapping[str, Any]) -> str:
    told = ""
    if int(step.get("times", 1)) > 1:
        told += f", {step['times']} times"
        told += f" {_seconds(step['wait'])} apart" if step.get("wait") else ""
        told += " on one connection" if step.get("keep") else ""
    elif step.get("wait"):
        told += f", after {_seconds(step['wait'])}"
    return told + (f", {step['at_once']} clients at once" if int(step.get("at_once", 1)) > 1 else "")


def _outcome(seen: Mapping[str, Any]) -> str:
    return ", ".join(_told(seen))


def _told(seen: Mapping[str, Any]) -> Iterator[str]:
    if seen.get("refuses"):
        yield f"{seen['refuses']} does not start"
    if seen.get("says"):
        yield f"it says `{readable_pattern(str(seen['says']))}`"
    if seen.get("warns"):
        yield f"at its start it says `{readable_pattern(str(seen['warns']))}`"
    if seen.get("status") is not None:
        yield " or ".join(_status(one) for one in _listed(seen["status"]))
    if seen.get("some") is not None:
        yield f"some get {' or '.join(_status(one) for one in _listed(seen['some']))}"
    if seen.get("after"):
        low, high = seen["after"]
        yield f"after {low:g} to {high:g} s"
    if seen.get("truncated"):
        yield "the body is cut short"
    yield from _app(seen)
    yield from _lines(seen)
    if seen.get("exit") is not None:
        yield f"exit code {seen['exit']}"
    if seen.get("left") is not None:
        yield f"{seen['left'] or 'no'} process{'' if seen['left'] == 1 else 'es'} left"


def _app(seen: Mapping[str, Any]) -> Iterator[str]:
    for name, pattern in (seen.get("headers") or {}).items():
        yield f"no {name} in the response" if pattern is None else f"the response has {name}: {_plain(pattern)}"
    for name, pattern in (seen.get("saw") or {}).items():
        yield f"the app gets no {name}" if pattern is None else f"the app sees {name} {_plain(pattern)}"
    if seen.get("requests") is not None:
        yield f"{seen['requests'] or 'no'} request{_plural(seen['requests'])} the app"
    if seen.get("body"):
        yield f"the answer holds `{_plain(seen['body'])}`"


def _lines(seen: Mapping[str, Any]) -> Iterator[str]:
    for name, who in (("log", "nginx logs"), ("app_log", "the app logs")):
        for pattern in _listed(seen.get(name) or []):
            yield f"{who} `{_plain(pattern)}`"
    for pattern in _listed(seen.get("no_log") or []):
        yield f"no line `{_plain(pattern)}`"


def _plain(pattern: Any) -> str:
    return readable_pattern(str(pattern)) or "nothing"


def _status(status: Any) -> str:
    return _OF_THE_ANSWER.get(int(status)) or status_words(int(status))


def _plural(number: int) -> str:
    return "s reach" if number > 1 else " reaches"


def _seconds(value: Any) -> str:
    return f"{float(value):g} s"


def _size(size: int) -> str:
    for unit, name in ((_KILO**2, "MB"), (_KILO, "kB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value] if value is not None else []
