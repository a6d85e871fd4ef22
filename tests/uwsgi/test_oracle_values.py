"""What options are taken for equals what a real uWSGI says of itself."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.disk import Disk
from cfgcheck.load.uwsgi import UwsgiStart, build_uwsgi
from cfgcheck.load.uwsgi_options import options
from cfgcheck.model.app import App
from tests.profiles import oracle_examples
from tests.uwsgi.real import Run, dump_options, probe

pytestmark = pytest.mark.oracle

_NUMBERS = st.sampled_from(
    [
        "3", "0", "12", "2 ; two", "2 # two", "30s", "2m", "32k", "1e3", "1.5", "0x20", '"4"', "'8'", "abc", "", " 7",
        "+5", "-1", "65535", "65536", "70000", "99999999999", "4294967297", "18446744073709551616", "true", "1_000",
        "٣", "9999999999999999999999",
    ]
)  # fmt: skip
_COUNTS = _NUMBERS.filter(lambda text: text not in ("65535", "65536", "70000", "99999999999"))  # workers cost memory
_PLACES = st.sampled_from([0, 6])
_SWITCHES = st.sampled_from(
    ["true", "false", "off", "no", "0", "FALSE", "Off", "nO", "00", "", "disable", "'false'", "false ; no", "yes", "n"]
)


def _app(folder: Path) -> App:
    disk = Disk(folder)
    file = disk.read("a.ini")
    assert file is not None
    app, _ = build_uwsgi(disk, UwsgiStart("a", folder="", config=file))
    return app


def _both(lines: list[str]) -> tuple[Run, App]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "a.ini").write_text("\n".join(["[uwsgi]", *lines, ""]))
        return probe(["--ini", "a.ini"], folder), _app(folder)


@settings(max_examples=oracle_examples(), deadline=None)
@given(
    numbers=st.tuples(_COUNTS, _NUMBERS, _NUMBERS),
    switches=st.tuples(_SWITCHES, _SWITCHES),
    touch=st.booleans(),
    place=_PLACES,
)
def test_values_equal(numbers: tuple[str, str, str], switches: tuple[str, str], touch: bool, place: int) -> None:
    (processes, buffer, mercy), (master, lock) = numbers, switches
    lines = ["socket = u.sock", f"workers = {processes}", f"buffer-size = {buffer}", f"thunder-lock = {lock}"]
    lines += [f"worker-reload-mercy = {mercy}", *(["touch-reload = /nowhere"] if touch else [])]
    lines.insert(place, f"master = {master}" if master else "")
    real, app = _both(lines)
    refused = [use for use in app.uses if use.means == "refused"]
    if refused:
        assert not real.started, refused
        return
    assert real.started, real.log
    assert app.settings["master"].value is real.master
    assert app.settings["thunder-lock"].value is ("thunder lock: enabled" in real.log)
    assert f"graceful operations on workers is {app.settings['worker-reload-mercy'].value} seconds" in real.log
    if "PROBE" in real.log:
        assert app.settings["processes"].value == real.facts["processes"]
        assert app.settings["buffer-size"].value == real.facts["buffer-size"]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.mark.parametrize(
    "value",
    [
        "127.0.0.1:{port}", ":{port}", "0.0.0.0:{port}", "localhost:{port}", "[::1]:{port}", "127.0.0.1:{port} ; main",
        "127.0.0.1:{port}abc", "127.0.0.1:{above}", "3031", "app.sock", "sub/app.sock", "@name", "\\0name", "127.0.0.1",
        "{folder}/x.sock", '"u.sock"', "u.sock ; comment", "  u.sock",
    ],
)  # fmt: skip
def test_bound_address_equals(value: str) -> None:
    """What a socket's value is bound to, as the kernel tells."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="u") as name:
        folder = Path(name).resolve()
        (folder / "sub").mkdir()
        text = value.format(port=port, above=65536 + port, folder=folder)
        (folder / "a.ini").write_text(f"[uwsgi]\nsocket = {text}\n")
        real, app = probe(["--ini", "a.ini"], folder), _app(folder)
    if "Address family not supported" in real.log or "Cannot assign requested address" in real.log:
        pytest.xfail("no IPv6 here")
    assert real.facts, real.log
    (where,) = real.facts["sockets"]
    (listener,) = app.listeners
    address = listener.address.value
    if address.is_tcp:
        ip = {"": "0.0.0.0", "localhost": "127.0.0.1"}.get(address.host, address.host)
        assert [ip, address.port] == where
    else:
        assert ("\0" + address.path if address.abstract else address.path) == where.rstrip("\0")


@pytest.mark.parametrize(
    "value", ["255.255.255.255:0", "unix:/tmp/x.sock", "nosuchhost.invalid:{port}", "http://127.0.0.1:{port}"]
)
def test_malformed_address_is_bound_elsewhere(value: str) -> None:
    port = _free_port()
    lines = [f"socket = {value.format(port=port)}"]
    real, app = _both(lines)
    assert [["255.255.255.255", port]] == real.facts.get("sockets") or not real.facts or "sockets" in real.facts
    (listener,) = app.listeners
    assert listener.malformed
    assert all(where[0] == "255.255.255.255" for where in real.facts.get("sockets", []))


def test_second_socket_of_one_name_is_dropped() -> None:
    port = _free_port()
    real, app = _both([f"http-socket = 127.0.0.1:{port}", f"socket = 127.0.0.1:{port}"])
    assert real.facts["sockets"][0] == ["127.0.0.1", port]
    assert [listener.option for listener in app.listeners] == ["http-socket"]
    assert app.uses[-1].means == "dropped"


@pytest.mark.parametrize(
    ("mode", "taken"),
    [("666", True), ("660", True), ("1", True), *((bad, False) for bad in ("0666", "true", "", "668", "666 ; x"))],
)
def test_chmod_socket_refused_alike(mode: str, taken: bool) -> None:
    real, app = _both(["socket = u.sock", f"chmod-socket = {mode}"])
    assert bool(real.facts) is taken
    assert any(use.means == "refused" for use in app.uses) is not taken


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        (["cheaper = 1", "processes = 3"], True),
        (["cheaper = 3", "processes = 3"], False),
        (["max-worker-lifetime = 5"], False),
        (["max-worker-lifetime = 5", "min-worker-lifetime = 1"], True),
        (["protocol = htttp"], False),
        (["protocol = http11"], True),
        (["harakiri = -1"], False),
        (["strict = true", "harakri = 3"], False),
        (["harakri = 3", "strict = true"], False),
        (["strict", "set-ph = a=b", "procname = %(a)"], True),
        (["strict", "a = b", "procname = %(a)"], False),
        (["set-ph = processes=4"], False),
        (["set = nothing"], False),
        (["listen = 99999999"], False),
    ],
)
def test_refused_alike(lines: list[str], taken: bool) -> None:
    real, app = _both(["socket = u.sock", *lines])
    assert bool(real.facts) is taken, real.log
    if lines != ["listen = 99999999"]:  # somaxconn is the machine's
        assert any(use.means == "refused" for use in app.uses) is not taken


def test_table_has_every_option_of_the_real_one() -> None:
    assert dump_options() - set(options()) == set()
