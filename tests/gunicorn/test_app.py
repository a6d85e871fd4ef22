"""What follows from a whole start: settings with their origin, listeners, facts, and what Gunicorn refuses."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cfgcheck.load.gunicorn_facts import NEVER
from cfgcheck.model.app import App, Protocol, SettingUse
from cfgcheck.model.located import Origin
from cfgcheck.syntax.environment import Environment
from tests.gunicorn import build


def _setting(app: App, name: str) -> Any:
    return app.settings[name].value


def _problems(app: App) -> list[tuple[str, str]]:
    return [(use.name, use.problem) for use in app.uses if use.problem]


def _use(app: App, name: str) -> SettingUse:
    return next(use for use in app.uses if use.name == name)


# -- precedence and origin


def test_precedence_and_origin() -> None:
    variables = build.environment({"GUNICORN_CMD_ARGS": "--threads 2 -t 5", "WEB_CONCURRENCY": "9"})
    app = build.app("gunicorn -t 7 app:app", "workers = 3\nthreads = 1\ntimeout = 1\n", variables=variables)
    found = {name: (app.settings[name].value, app.settings[name].origin) for name in ("workers", "threads", "timeout")}
    assert found == {"workers": (3, Origin.FILE), "threads": (2, Origin.ENV), "timeout": (7, Origin.CLI)}
    assert app.settings["keepalive"].origin is Origin.DEFAULT
    assert str(app.settings["threads"].span) == ".env:1:29"


def test_variables_of_gunicorn_move_defaults_only() -> None:
    variables = build.environment({"PORT": "5000", "WEB_CONCURRENCY": "4", "FORWARDED_ALLOW_IPS": "*"})
    app = build.app(variables=variables)
    assert _setting(app, "bind") == ("0.0.0.0:5000",)
    assert _setting(app, "workers") == 4
    assert _setting(app, "forwarded_allow_ips") == ("*",)
    assert app.settings["bind"].origin is Origin.ENV
    assert _setting(build.app("gunicorn -b :1 app:app", variables=variables), "bind") == (":1",)


def test_a_port_that_the_manager_sets_is_known_to_be_set() -> None:
    app = build.app(variables=Environment(unknown={"PORT": "the process manager sets it"}))
    (listener,) = app.listeners
    assert listener.address.value.host == "0.0.0.0"
    assert (listener.address.value.port, listener.address.value.port_text) == (None, "${PORT}")
    assert listener.address.value.templated


def test_values_stand_at_the_expression() -> None:
    app = build.app(config="import os\nbind = ['127.0.0.1:1',\n  'unix:/run/a.sock']\n")
    assert [listener.address.span.text for listener in app.listeners if listener.address.span] == [
        "'127.0.0.1:1'",
        "'unix:/run/a.sock'",
    ]
    assert str(app.settings["bind"].span) == "gunicorn.conf.py:2:8"


def test_the_note_of_a_default_taken() -> None:
    app = build.app(config="import os\nbind = os.environ.get('BIND', '0.0.0.0:8000')\n")
    assert _setting(app, "bind") == ("0.0.0.0:8000",)
    assert app.settings["bind"].because == "while the environment variable BIND is not set"


def test_config_files() -> None:
    files = {"conf/a.py": "workers = 2\nfrom shared import bind\n", "shared.py": "bind = ':7'\n"}
    app = build.app("gunicorn -c conf/a.py app:app", "workers = 9\n", files=files)
    assert _setting(app, "workers") == 2
    assert _setting(app, "bind") == (":7",)
    assert str(app.settings["bind"].span) == "shared.py:1:8"
    assert [file.path for file in app.files] == ["Procfile", "conf/a.py", "shared.py"]
    module = build.app("gunicorn -c python:conf.a app:app", files=files)
    assert _setting(module, "workers") == 2
    assert _setting(build.app("gunicorn -c file:conf/a.py app:app", files=files), "workers") == 2


def test_a_config_file_that_is_not_there_leaves_everything_else_unknown() -> None:
    app = build.app("gunicorn -c /etc/elsewhere.py -w 3 app:app")
    assert "/etc/elsewhere.py" in app.opaque
    assert _setting(app, "workers") == 3
    assert not app.settings["timeout"].known
    assert not app.facts.request_limit.known


def test_nothing_outside_the_folder_is_read() -> None:
    for path in ("/etc/passwd", "../../etc/passwd", "file:/etc/passwd"):
        assert "was not found" in build.app(f"gunicorn -c {path} app:app").opaque


def test_a_lone_config_file() -> None:
    app = build.lone("bind = 'unix:/run/a.sock'\nworkers = 2\n")
    assert app.files[0].path == "deploy/gunicorn.conf.py"
    assert app.span.text == "bind = 'unix:/run/a.sock'"
    assert not _problems(app)


def test_a_config_that_can_not_be_parsed() -> None:
    app = build.lone("bind = 'x\n")
    assert app.opaque == "the file is not valid Python"
    assert not app.settings["workers"].known


# -- listeners


@pytest.mark.parametrize(
    ("bind", "shown"),
    [
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        (":8000", "*:8000"),
        ("localhost", "localhost:8000"),
        ("[::1]:80", "[::1]:80"),
        ("[::]", "[::]:8000"),
        ("tcp://EXAMPLE:5", "example:5"),
        ("unix:/run/a.sock", "unix:/run/a.sock"),
        ("unix:///run/a.sock", "unix:/run/a.sock"),
        ("unix:a.sock", "unix:a.sock"),
        ("fd://3", "an inherited socket"),
        ("$HOST:8000", "${HOST}:8000"),
        ("0.0.0.0:${PORT}", "0.0.0.0:${PORT}"),
        ("unix:$DIR/a.sock", "unix:${DIR}/a.sock"),
    ],
)
def test_listeners(bind: str, shown: str) -> None:
    (listener,) = build.app(f"gunicorn -b '{bind}' app:app".replace("'", '"')).listeners
    assert str(listener.address.value) == shown
    assert listener.malformed == ""
    assert listener.option == "bind"


@pytest.mark.parametrize(
    ("bind", "reason"),
    [
        ("8000", "taken for a host"),
        ("*:80", "no host is called *"),
        (":70000", "out of range"),
        ("a:1,b:2", "not a valid port number"),
        ("::1:80", "not a valid port number"),
        ("fd://x", "not a valid file descriptor"),
        ("unix:", "empty"),
    ],
)
def test_addresses_that_gunicorn_can_not_open(bind: str, reason: str) -> None:
    app = build.app(config=f"bind = '{bind}'\n")
    assert reason in app.listeners[0].malformed
    assert reason in _use(app, "bind").problem


def test_an_inherited_socket_is_the_only_one() -> None:
    assert len(build.app("gunicorn -b fd://3 -b :80 app:app").listeners) == 1


def test_a_variable_alone_may_be_any_address() -> None:
    (listener,) = build.app("gunicorn -b $BIND app:app").listeners
    assert not listener.address.known
    assert listener.address.text == "${BIND}"


def test_tls_and_protocol() -> None:
    app = build.app("gunicorn --certfile c.pem --keyfile k.pem --protocol uwsgi app:app")
    assert app.listeners[0].tls.value is True
    assert app.listeners[0].protocol.value is Protocol.UWSGI
    foreign = build.app("gunicorn -k uvicorn_worker.UvicornWorker --protocol uwsgi app:app")
    assert foreign.listeners[0].protocol.value is Protocol.HTTP
    assert build.app(gunicorn="20.1.0").listeners[0].protocol.value is Protocol.HTTP
    assert build.app(gunicorn="").listeners[0].protocol.value is Protocol.HTTP


# -- facts


@pytest.mark.parametrize(
    ("words", "version", "works", "keepalive", "limit"),
    [
        ("", "27.0.1", "sync", None, 30.0),
        ("-t 0", "27.0.1", "sync", None, None),
        ("--threads 4", "27.0.1", "gthread", 2.0, None),
        ("-k gthread --keep-alive 0", "27.0.1", "gthread", None, None),
        ("-k gunicorn.workers.sync.SyncWorker --threads 2", "27.0.1", "gthread", 2.0, None),
        ("-k gevent", "27.0.1", "gevent", 2.0, None),
        ("-k gunicorn.workers.ggevent.GeventWorker", "27.0.1", "gevent", 2.0, None),
        ("-k gevent_wsgi", "27.0.1", "gevent_pywsgi", NEVER, None),
        ("-k eventlet", "25.3.0", "eventlet", 2.0, None),
        ("-k tornado", "27.0.1", "tornado", 3600.0, None),
        ("-k asgi", "27.0.1", "asgi", 2.0, None),
        ("-k asgi", "26.2.0", "asgi", NEVER, None),
        ("-k asgi --keep-alive 0", "26.2.0", "asgi", None, None),
        ("-k uvicorn.workers.UvicornWorker --keep-alive 75", "27.0.1", "uvicorn", 75.0, None),
        ("-k uvicorn_worker.UvicornH11Worker", "27.0.1", "uvicorn", 2.0, None),
        ("-k aiohttp.GunicornWebWorker", "27.0.1", "aiohttp", 2.0, None),
    ],
)
def test_facts(words: str, version: str, works: str, keepalive: float | None, limit: float | None) -> None:
    app = build.app(f"gunicorn {words} app:app", gunicorn=version)
    assert app.facts.worker_class.value == works
    assert app.facts.keepalive.value == keepalive
    assert app.listeners[0].keepalive.value == keepalive
    assert app.facts.request_limit.value == limit
    assert app.facts.grace.value == 30.0
    assert math.isfinite(keepalive or 0), "facts are printed as JSON"


def test_facts_of_a_class_of_the_project_are_unknown() -> None:
    facts = build.app("gunicorn -k app.workers.Mine app:app").facts
    assert not facts.worker_class.known
    assert facts.worker_class.text == "app.workers.Mine"
    for each in (facts.keepalive, facts.request_limit):
        assert not each.known
        assert "app.workers.Mine" in each.because


def test_facts_that_hang_on_what_is_unknown() -> None:
    app = build.app(config="import os\nthreads = int(os.environ['T'])\n")
    assert not app.facts.worker_class.known
    assert not app.facts.request_limit.known
    asgi = build.app("gunicorn -k asgi app:app", gunicorn="")
    assert not asgi.facts.keepalive.known


# -- versions


def test_defaults_by_version() -> None:
    assert _setting(build.app(gunicorn="22.0.0"), "forwarded_allow_ips") == ("127.0.0.1",)
    assert _setting(build.app(gunicorn="23.0.0"), "forwarded_allow_ips") == ("127.0.0.1", "::1")
    assert _setting(build.app(gunicorn="20.1.0"), "header_map") == "dangerous"
    assert "no such setting" in build.app(gunicorn="20.1.0").settings["header_map"].because
    unknown = build.app(gunicorn="")
    assert not unknown.settings["forwarded_allow_ips"].known
    assert "23.0.0" in unknown.settings["forwarded_allow_ips"].because
    assert unknown.settings["forwarded_allow_ips"].text == "127.0.0.1,::1"
    assert _setting(unknown, "timeout") == 30


def test_every_setting_is_there_in_every_version() -> None:
    for version in ("20.0.4", "23.0.0", "27.0.1", ""):
        settings = build.app(gunicorn=version).settings
        assert {"bind", "protocol", "header_map", "tolerate_dangerous_framing", "control_socket"} <= set(settings)
        assert all(each.known or each.because for each in settings.values())


@pytest.mark.parametrize(
    ("version", "refused"), [("22.0.0", False), ("23.0.0", True), ("24.0.0", True), ("24.1.1", False), ("", False)]
)
def test_networks_in_trust_lists(version: str, refused: bool) -> None:
    """A CIDR is text up to 22, refused in 23.0 and 24.0, and understood since 24.1 (facts: gunicorn, section 1)."""
    app = build.app(config="forwarded_allow_ips = '10.0.0.0/8'\n", gunicorn=version)
    assert bool(_problems(app)) is refused


def test_settings_of_other_versions() -> None:
    app = build.app(config="protocol = 'uwsgi'\n", gunicorn="23.0.0")
    assert (_use(app, "protocol").canonical, _use(app, "protocol").elsewhere) == ("", "new in 24.0")
    gone = build.app(config="tolerate_dangerous_framing = True\ndebug = True\n")
    assert _use(gone, "tolerate_dangerous_framing").elsewhere == "only in 22.0"
    assert _use(gone, "debug").elsewhere == "gone since 19.6"


# -- names that Gunicorn does not know


def test_helpers_are_told_from_mistakes() -> None:
    text = """import os
from logging import handlers
_private = 1
HOST = "a"
port = 80
bind = f"{HOST}:{port}"
for each in (1, 2):
    pass
def helper(): pass
class Thing: pass
worker = 3
keep_alive = 5
log_level = "debug"
"""
    app = build.app(config=text)
    unknown = {use.name: use.helper for use in app.uses if not use.canonical}
    assert unknown == {"_private": True, "HOST": True, "port": True, "worker": False, "keep_alive": False} | {
        "log_level": False
    }
    means = {use.name: use.means for use in app.uses if use.means}
    assert means == {"keep_alive": "keepalive", "log_level": "loglevel"}
    assert _use(app, "worker").span.text == "worker"


def test_names_of_imported_modules_are_no_mistakes_here() -> None:
    files = {"shared.py": "name_of_something = 1\nbind = ':7'\n"}
    app = build.app("gunicorn app:app", "from shared import *\n", files=files)
    assert _setting(app, "bind") == (":7",)
    assert _use(app, "name_of_something").helper


# -- what Gunicorn refuses


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("workers = -1", "Value must be positive: -1"),
        ("workers = 'many'", "invalid literal for int()"),
        ("workers = None", "int() can't convert non-string"),
        ("workers = len", "function, not a value"),
        ("reload = 'yes'", "Invalid boolean: yes"),
        ("reload = 1", "Invalid type for casting: 1"),
        ("secure_scheme_headers = []", "not a dictionary"),
        ("forwarded_allow_ips = ['127.0.0.1']", "Not a string"),
        ("forwarded_allow_ips = 'proxy.example'", "does not appear to be an IPv4 or IPv6 network"),
        ("header_map = 'keep'", "Invalid header map behaviour: keep"),
        ("worker_class = 'gthreads'", "class uri 'gthreads' invalid or not found"),
        ("worker_class = 'eventlet'", "class uri 'eventlet' invalid or not found"),
        ("def on_starting(): pass", "Value must have an arity of: 1"),
        ("post_fork = 3", "Value is not callable: 3"),
        ("from os import path as config", "module, not a value"),
        ("workers = int('four')", "ValueError: invalid literal"),
        ("wsgi_app = 'app/main.py:app'", "path, not a module"),
    ],
)
def test_values_that_gunicorn_refuses(config: str, message: str) -> None:
    problems = _problems(build.app(config=config + "\n"))
    assert len(problems) == 1
    assert message in problems[0][1]


@pytest.mark.parametrize(
    "config",
    [
        "workers = True",
        "workers = '3'",
        "workers = -1\nworkers = 2",
        "reload = 'TRUE'",
        "def on_starting(server): pass",
        "def post_request(worker, req): pass",
        "when_ready = lambda server: None",
        "from acme import on_starting",
        "class Worker: pass\nworker_class = Worker",
        "worker_class = 'egg:gunicorn#gthread'",
        "worker_class = 'mine.Worker'",
        "accesslog = None",
        "bind = ''",
        "user = 'www-data'",
        "import os\nworkers = int(os.environ.get('W', ''))",
        "raw_env = ['A=1']",
        "logconfig_dict = {'handlers': {'x': print}}",
        "statsd_host = 'localhost:8125'",
        "ssl_version = 'TLSv1_2'",
    ],
)
def test_values_that_it_takes(config: str) -> None:
    assert _problems(build.app(config=config + "\n")) == []


def test_an_old_ssl_version_is_the_only_one_spoken() -> None:
    assert _setting(build.app(config="ssl_version = 'TLSv1_2'\n", gunicorn="20.1.0"), "ssl_version") == 5
    assert _problems(build.app(config="ssl_version = 'best'\n", gunicorn="20.1.0"))


def test_eventlet_is_fine_before_26() -> None:
    assert _problems(build.app("gunicorn -k eventlet app:app", gunicorn="25.3.0")) == []
    assert _problems(build.app("gunicorn -k eventlet app:app", gunicorn="")) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("app:app", ""),
        ("app", ""),
        ("pkg.mod:create_app()", ""),
        ("'pkg.mod:create_app(\"x\")'", ""),
        ("app.py:app", "names a file"),
        ("src/app.py", "is a path"),
        ("src/app:app", "is a path"),
        ("app:app/x", "Failed to parse"),
        ("my-app:app", ""),
        ("$APP", ""),
    ],
)
def test_the_application(text: str, problem: str) -> None:
    use = _use(build.app(f"gunicorn {text}"), "APP_MODULE")
    assert use.canonical == "wsgi_app"
    assert problem in use.problem
    assert bool(use.problem) == bool(problem)


def test_no_application() -> None:
    assert _problems(build.app("gunicorn -w 3")) == [("gunicorn", "No application module specified.")]
    assert _problems(build.app("gunicorn -w 3", "wsgi_app = 'app:app'\n")) == []
    assert _problems(build.app("gunicorn --version")) == []


def test_arguments_that_can_not_be_split() -> None:
    app = build.app(variables=build.environment({"GUNICORN_CMD_ARGS": "--name 'x"}))
    assert ("GUNICORN_CMD_ARGS", "No closing quotation") in _problems(app)
