"""Whole configurations, nested and spread over files: the model says what the running nginx does with each request."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from cfgcheck.app import Input, load
from cfgcheck.model.nginx import Location, Proxy
from cfgcheck.settings import load_settings
from tests.model import nginx_real, tree_expected
from tests.model.nginx_real import RealNginx
from tests.model.recorders import RECORDERS, Recorder
from tests.model.tree_asking import Log, Seen, ask
from tests.model.trees import Asked, Tree, trees
from tests.profiles import oracle_examples

pytestmark = pytest.mark.oracle

_SETTINGS = "cfgcheck.toml"


@pytest.fixture(scope="module")
def recorders() -> Iterator[dict[str, Recorder]]:
    with tempfile.TemporaryDirectory(prefix="up") as base:
        made = {family: kind(Path(base) / family) for family, kind in RECORDERS.items()}
        yield made
        for recorder in made.values():
            recorder.close()


def _files(tree: Tree, recorders: dict[str, Recorder], program: str) -> dict[str, str]:
    files = {_SETTINGS: f'nginx = "{nginx_real.version(program)}"\n'}
    for name, text in tree.files.items():
        for family, recorder in recorders.items():
            text = text.replace(f"@UP-{family}@", str(recorder.path)).replace(f"@PORT-{family}@", str(recorder.port))
        files[name] = text
    return files


def _model(folder: Path) -> dict[tuple[str, str, str], Location]:
    """Every location that passes on, by server, kind and path."""
    _, (stack,) = load(Input((folder,)), load_settings(folder))
    (proxy,) = [found for found in stack.proxies if found.complete]
    return {_key(location): location for location in _passing(proxy)}


def _passing(proxy: Proxy) -> list[Location]:
    return [location for location in proxy.locations() if location.passes is not None]


def _key(location: Location) -> tuple[str, str, str]:
    kind = location.modifier if location.modifier in ("if", "limit_except") else "location"
    return location.server.names[0], kind, tree_expected.path_of(location)


_BOUNDED = settings(
    max_examples=oracle_examples(),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)],
)
"""A tree is not made smaller: that takes minutes, and the message names the location and both sides."""


@_BOUNDED
@given(tree=trees(modern=True))
def test_every_location_does_as_the_model_says(recorders: dict[str, Recorder], tree: Tree) -> None:
    _compare(tree, recorders, nginx_real.executable())


@pytest.mark.skipif(not nginx_real.system_executable(), reason="no nginx with a debug log on this machine")
@_BOUNDED
@given(tree=trees(modern=False))
def test_the_nginx_of_this_machine_does_too(recorders: dict[str, Recorder], tree: Tree) -> None:
    """A distribution's nginx is older: other defaults, other headers."""
    _compare(tree, recorders, nginx_real.system_executable())


def _compare(tree: Tree, recorders: dict[str, Recorder], program: str) -> None:
    note(str(tree))
    for recorder in recorders.values():
        recorder.requests.clear()
    with nginx_real.started(_files(tree, recorders, program), program) as nginx, Log(nginx.base / "error.log") as log:
        found = _model(nginx.base)
        assert set(found) == {(asked.server, asked.kind, asked.path) for asked in tree.asked}
        for asked in tree.asked:
            location = found[asked.server, asked.kind, asked.path]
            assert location.passes is not None
            recorder = recorders[location.passes.family]
            seen = ask(nginx.base / asked.server, log, recorder, asked.method, asked.target)
            _compare_times(location, seen)
            _compare_request(location, asked, seen)
            _compare_answer(location, seen)
            if asked.peers > 1:
                tried = tree_expected.attempts(location, asked.method, asked.peers)
                assert _tried(nginx, log, recorder, asked) == tried, asked


def _compare_times(location: Location, seen: Seen) -> None:
    if seen.connect is not None:  # over a unix socket there is nothing to wait for
        assert location.connect_timeout.value == seen.connect, location.label
    assert location.read_timeout.value == seen.read, location.label
    if not tree_expected.passes_body(location):
        return
    if seen.send_left:
        assert location.send_timeout.value == seen.connect, location.label
    else:
        assert location.send_timeout.value == seen.send, location.label


def _compare_request(location: Location, asked: Asked, seen: Seen) -> None:
    assert location.passes is not None
    (received,) = seen.received
    assert received.fields == tree_expected.expected(location, asked.method), location.label
    told = tree_expected.comparable(location, received.fields)
    assert tree_expected.traced(location, asked) == told, location.label
    assert bool(received.body) is tree_expected.passes_body(location)
    version = location.http_version.value
    if location.passes.family == "proxy":
        line = "HTTP/2" if version == "2" else f"{asked.method} {asked.target} HTTP/{version}"
        assert received.line == line


def _compare_answer(location: Location, seen: Seen) -> None:
    assert location.passes is not None
    head = seen.answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    assert head[0] == "HTTP/1.1 200 OK"
    own = [line.partition(": ")[::2] for line in head if line.lower().startswith("x-r-")]
    assert own == tree_expected.to_client(location), location.label
    if location.passes.family != "grpc":
        assert location.family_setting("buffering").value is seen.buffered, location.label
    header = location.header("Connection")
    if header is None or "$" not in header.value:  # what is computed for each request can't be known
        kept = seen.kept and seen.received[0].stays
        assert location.keeps_connections.value is kept, location.label


def _tried(nginx: RealNginx, log: Log, recorder: Recorder, asked: Asked) -> int:
    """How many times nginx tries a pool whose servers all fail."""
    recorder.failing = True
    try:
        return len(ask(nginx.base / asked.server, log, recorder, asked.method, asked.target, body=0).received)
    finally:
        recorder.failing = False
