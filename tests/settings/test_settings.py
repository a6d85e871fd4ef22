"""Settings files: found, read, refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfgcheck.findings import Severity
from cfgcheck.model.located import Origin
from cfgcheck.model.version import Version
from cfgcheck.settings import Settings, SettingsError, load_settings
from cfgcheck.settings.edges import KNOWN_EDGES
from cfgcheck.settings.quantities import seconds, size
from cfgcheck.settings.schema import SettingsTable, keys_at

TELL = "say its idle, response, tls or strips;"

DESIGN = """
nginx = "1.30"
gunicorn = "27.0.1"
timeout-order = "app-above-proxy"
fail-on = "error"
select = ["timeout"]
ignore = ["missing-host", "dns"]
exclude = ["old/**"]
rules = ["ops/rules"]
[edge]
kind = "our-proxy"
idle = "60s"
response = "1.5m"
tls = true
strips = ["X-Forwarded-Ssl"]
[[stack]]
name = "shop"
paths = ["deploy/shop"]
[hosts.web]
addresses = ["10.0.0.5", "app.internal"]
paths = ["deploy/app"]
"""


def written(folder: Path, text: str, name: str = "cfgcheck.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str) -> Settings:
    return load_settings(folder, written(folder, text))


def refused(folder: Path, text: str) -> list[str]:
    """The complaints about a settings file, without its path."""
    path = written(folder, text)
    with pytest.raises(SettingsError) as error:
        load_settings(folder, path)
    return [line.removeprefix(f"{path}:") for line in str(error.value).splitlines()]


def test_all_keys_of_the_design(tmp_path: Path) -> None:
    found = loaded(tmp_path, DESIGN)
    assert found.versions["nginx"].value == Version(1, 30)
    assert found.versions["nginx"].origin is Origin.DECLARED
    assert str(found.versions["gunicorn"].span).endswith("cfgcheck.toml:3:12")
    assert found.timeout_order == "app-above-proxy"
    assert found.fail_on is Severity.ERROR
    assert [choice.name for choice in found.select] == ["timeout"]
    assert [str(choice.span).rpartition("cfgcheck.toml:")[2] for choice in found.ignore] == ["7:11", "7:27"]
    assert found.exclude == ("old/**",)
    assert found.rules == (tmp_path / "ops/rules",)
    assert found.edge is not None
    assert (found.edge.idle.value, found.edge.response.value, found.edge.tls.value) == (60, 90, True)
    assert found.edge.strips == ("X-Forwarded-Ssl",)
    assert [(one.name, one.paths) for one in found.stacks] == [("shop", (tmp_path / "deploy/shop",))]
    assert found.hosts["web"].addresses == ("10.0.0.5", "app.internal")
    assert found.hosts["web"].paths == (str(tmp_path / "deploy/app"),)


def test_declared_apps(tmp_path: Path) -> None:
    text = """
[[app]]
name = "web"
command = "gunicorn -b :8000 shop.wsgi"
environment = { WEB_CONCURRENCY = "4" }
directory = "src"
max-body = "10m"
[[app]]
name = "worker"
response-headers = "16k"
exposed = false
development = true
[[app]]
name = "escaped"
command = "gunicorn \\"x\\""
"""
    found = loaded(tmp_path, text)
    web, escaped = found.apps
    assert web.command.value == web.command.span.text == "gunicorn -b :8000 shop.wsgi"  # type: ignore[union-attr]
    assert web.environment["WEB_CONCURRENCY"].value == "4"
    assert web.environment["WEB_CONCURRENCY"].span.text == "4"  # type: ignore[union-attr]
    assert web.directory == tmp_path / "src"
    assert escaped.command.value == 'gunicorn "x"'
    assert escaped.command.span.text == '"gunicorn \\"x\\""'  # type: ignore[union-attr]
    declared = found.declared.app("web")
    assert declared.max_body is not None
    assert declared.max_body.value == 10 * 1024 * 1024
    other = found.declared.app("worker")
    assert other.response_headers is not None
    assert (other.response_headers.value, other.max_body) == (16384, None)
    assert other.exposed is not None
    assert other.exposed.value is False
    assert found.declared.app("nobody").exposed is None


def test_declarations(tmp_path: Path) -> None:
    text = """
somaxconn = 4096
nginx-user = "www-data"
firewall = true
proxy-addresses = ["172.17.0.1"]
socket-access = ["/home/shop/run"]
write-locations = ["/api/"]
websocket-locations = ["shop.example.com/live/*"]
retry-safe-locations = ["/put/"]
"""
    found = loaded(tmp_path, text).declared
    assert found.somaxconn is not None
    assert (found.somaxconn.value, found.somaxconn.origin) == (4096, Origin.DECLARED)
    assert found.nginx_user is not None
    assert found.nginx_user.value == "www-data"
    assert found.firewall is not None
    assert found.firewall.value is True
    assert found.proxy_addresses == ("172.17.0.1",)
    assert found.lets_in("/home/shop/run/app.sock")
    assert not found.lets_in("/home/shop/runner.sock")
    assert found.write_locations == ("/api/",)


@pytest.mark.parametrize("kind", KNOWN_EDGES)
def test_known_edges_bring_their_limits(tmp_path: Path, kind: str) -> None:
    edge = loaded(tmp_path, f'[edge]\nkind = "{kind}"\nidle = "7s"\n').edge
    assert edge is not None
    assert (edge.idle.value, edge.idle.origin) == (7, Origin.DECLARED)
    assert edge.response.value == KNOWN_EDGES[kind].response
    assert kind in edge.response.because
    assert not edge.tls.known


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ('nginxx = "1.30"\n', ['1:1: unknown key "nginxx"; did you mean "nginx"?']),
        ("nginx = 1.30\n", ['1:1: "nginx" must be in quotes, such as "1.30": without them that is the number 1.3']),
        ('uwsgi = "new"\n', ['1:1: "uwsgi" must be a version, such as "1.30"']),
        ('# first\n  fail_on = "error"\n', ['2:3: unknown key "fail_on"; did you mean "fail-on"?']),
        ('fail-on = "warn"\n', ['1:1: "fail-on" must be "error", "warning" or "info"; did you mean "warning"?']),
        ('select = "timeout"\n', ['1:1: "select" must be a list, such as ["…"]']),
        ("select = [1]\n", ['1:11: "select" must be text in quotes']),
        ('[edge]\nkind = "x"\nidel = 1\n', ['3:1: unknown key "idel" in [edge]; did you mean "idle"?']),
        ('[edge]\nidle = "1 moon"\n', [
            '2:1: "edge.idle" must be a time such as "60s", "5m", a number of seconds, or "unlimited"'
        ]),
        ('[edge]\nkind = "aws-elb"\n', [
            f'2:1: "edge.kind" is none of {", ".join(KNOWN_EDGES)}: {TELL} did you mean "aws-alb"?'
        ]),
        ('[[stack]]\npaths = ["x"]\n', ['1:1: "name" is missing in [stack]']),
        ('[[stack]]\nname = "x"\npaths = []\n', ['3:1: "stack.paths" must not be empty']),
        ("[hosts.web]\nadresses = []\n", ['2:1: unknown key "adresses" in [hosts.web]; did you mean "addresses"?']),
        ('[[app]]\nname = "x"\n', ['2:1: nothing is said of the app "x"; give its command']),
        ('[[app]]\nname = "x"\ncommand = "gunicorn"\nhost = "wbe"\n[hosts.web]\n', [
            '4:1: there is no [hosts.wbe]; did you mean "web"?'
        ]),
        ('[[app]]\nname = "x"\ncommand = "a"\n[[app]]\nname = "x"\ncommand = "b"\n', [
            '5:1: there are two apps called "x"'
        ]),
        ('b = 1\na = 2\n', ['1:1: unknown key "b"', '2:1: unknown key "a"']),
        ("nginx = \n", ["1:9: not valid TOML: invalid value"]),
        ('nginx = "1', ["1:11: not valid TOML: unterminated string"]),
        ("x = " + "[" * 5000, ["1:1: not valid TOML: RecursionError"]),
        ("edge = 3\n", ['1:1: "edge" must be a table']),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, complaints: list[str]) -> None:
    assert refused(tmp_path, text) == complaints


def test_nearest_file_upward_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    written(tmp_path, '[tool.cfgcheck]\nnginx = "1.1"\n', "pyproject.toml")
    deep = tmp_path / "deploy" / "nginx"
    deep.mkdir(parents=True)
    assert load_settings(deep).versions["nginx"].value == Version(1, 1)
    written(tmp_path / "deploy", "[tool.other]\n", "pyproject.toml")
    assert load_settings(deep).folder == tmp_path
    written(tmp_path / "deploy", 'nginx = "1.2"\n')
    assert load_settings(deep).versions["nginx"].value == Version(1, 2)
    nginx = written(deep, "x", "nginx.conf")
    assert load_settings(nginx).folder == tmp_path / "deploy"


def test_above_the_repository_nothing_is_looked_for(tmp_path: Path) -> None:
    written(tmp_path, 'nginx = "1.1"\n')
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert load_settings(tmp_path / "repository") == Settings()


def test_outside_of_a_repository_up_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 'nginx = "1.1"\n')
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert load_settings(tmp_path / "a" / "b") == Settings()
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path("a/b")).versions["nginx"].value == Version(1, 1)
    assert str(load_settings(Path("a/b")).versions["nginx"].span) == "cfgcheck.toml:1:9"


def test_own_file_before_pyproject(tmp_path: Path) -> None:
    written(tmp_path, 'nginx = "1.1"\n')
    written(tmp_path, '[tool.cfgcheck]\nnginx = "1.2"\n', "pyproject.toml")
    assert load_settings(tmp_path).versions["nginx"].value == Version(1, 1)


def test_positions_in_pyproject(tmp_path: Path) -> None:
    path = written(
        tmp_path, '[project]\nname = "x"\n[tool.cfgcheck.edge]\nkind = "aws-alb"\nidel = 1\n', "pyproject.toml"
    )
    with pytest.raises(SettingsError, match=r'pyproject.toml:5:1: unknown key "idel" in \[edge\]'):
        load_settings(tmp_path, path)


def test_somebody_elses_broken_pyproject_is_not_our_business(tmp_path: Path) -> None:
    path = written(tmp_path, '[project]\ndependencies = ["cfgcheck"\n', "pyproject.toml")
    assert load_settings(tmp_path) == Settings()
    path.write_text('[tool.cfgcheck]\nnginx = "1.30\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(tmp_path)


def test_a_named_file_must_have_settings(tmp_path: Path) -> None:
    path = written(tmp_path, "[project]\n", "pyproject.toml")
    with pytest.raises(SettingsError, match=r"there is no table \[tool.cfgcheck\]"):
        load_settings(tmp_path, path)
    with pytest.raises(SettingsError, match="can't be read: no such file"):
        load_settings(tmp_path, tmp_path / "missing.toml")
    with pytest.raises(SettingsError, match="can't be read: is a directory"):
        load_settings(tmp_path, tmp_path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        load_settings(tmp_path, path)


def test_windows_line_endings(tmp_path: Path) -> None:
    assert refused(tmp_path, 'nginx = "1.30"\r\n[edge]\r\nidel = 1\r\n') == [
        '3:1: unknown key "idel" in [edge]; did you mean "idle"?'
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("60s", 60), ("1m", 60), ("500ms", 0.5), ("2h", 7200), (90, 90), (1.5, 1.5), ("unlimited", None)],
)
def test_times(value: object, expected: float | None) -> None:
    assert seconds(value) == expected


@pytest.mark.parametrize(("value", "expected"), [("16k", 16384), ("10m", 10485760), ("1G", 2**30), (4096, 4096)])
def test_sizes(value: object, expected: int) -> None:
    assert size(value) == expected


@pytest.mark.parametrize("value", ["", "x", "-1s", True, None, -1, "1 fortnight", float("nan"), float("inf")])
def test_what_is_no_quantity(value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        seconds(value)
    with pytest.raises(ValueError, match="must be"):
        size(value)


def test_every_key_is_documented() -> None:
    manual = (Path(__file__).parent.parent.parent / "docs" / "settings.md").read_text(encoding="utf-8")
    tables: list[tuple[str | int, ...]] = [(), ("edge",), ("stack", 0), ("hosts", "x"), ("app", 0)]
    keys = [key for table in tables for key in keys_at(table)]
    assert [key for key in keys if f"{key} =" not in manual and f"[tool.cfgcheck.{key}" not in manual] == []
    assert all(field.description for field in SettingsTable.model_fields.values())


def test_the_manuals_example_is_valid(tmp_path: Path) -> None:
    manual = (Path(__file__).parent.parent.parent / "docs" / "settings.md").read_text(encoding="utf-8")
    examples = [part.partition("```")[0] for part in manual.split("```toml\n")[1:]]
    assert examples
    for example in examples:
        text = example.replace("[tool.cfgcheck.", "[").replace("[[tool.cfgcheck.", "[[").replace("[tool.cfgcheck]", "")
        loaded(tmp_path, text)


def test_without_settings_nothing_heavy_is_imported(tmp_path: Path) -> None:
    written(tmp_path / "project", '[project]\nname = "x"\ndependencies = ["cfgcheck"]\n', "pyproject.toml")
    written(tmp_path / "other", '[project]\nname = "x"\n', "pyproject.toml")
    code = (
        "import sys; from pathlib import Path; from cfgcheck.settings import load_settings;"
        "loaded = lambda: [name for name in ('pydantic', 'tomllib', 'difflib', 'click') if name in sys.modules];"
        f"load_settings(Path({str(tmp_path / 'other')!r})); print(loaded());"
        f"load_settings(Path({str(tmp_path / 'project')!r})); print(loaded())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['tomllib']"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80) | st.text(st.sampled_from('ab[]{}=,"\n. 1-edgstack')).map(lambda text: text.encode()))
def test_any_bytes_are_settings_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "cfgcheck.toml"
    path.write_bytes(data)
    try:
        load_settings(tmp_path, path)
    except SettingsError as error:
        assert str(error).startswith(str(path))
