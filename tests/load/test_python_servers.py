"""Commands of uvicorn, Hypercorn, Daphne, Granian and waitress: what is started, where it listens, what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.match import Match, reaches
from cfgcheck.load.python_servers_listeners import SocketOwner
from cfgcheck.model.address import Address
from cfgcheck.model.app import AppKind
from cfgcheck.model.located import Located, Origin
from tests.hanging import no_hang
from tests.load.python_servers import addresses, app_of, found, problems


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("uvicorn shop:app", AppKind.UVICORN),
        ("exec /srv/venv/bin/uvicorn shop:app", AppKind.UVICORN),
        ("poetry run uvicorn shop:app", AppKind.UVICORN),
        ("python3.12 -m uvicorn shop:app", AppKind.UVICORN),
        ("dumb-init -- hypercorn shop:app", AppKind.HYPERCORN),
        ("cd /srv && daphne shop.asgi:application", AppKind.DAPHNE),
        ("uv run granian shop:app", AppKind.GRANIAN),
        ("python -m waitress shop:app", AppKind.WAITRESS),
        ("waitress-serve shop:app", AppKind.WAITRESS),
        ("fastapi run app/main.py", AppKind.UVICORN),
    ],
)
def test_it_is_found(text: str, kind: AppKind) -> None:
    command = found(text)
    assert command is not None
    assert command.kind is kind
    assert command.span.text.split()[-1] == text.split()[-1]


@pytest.mark.parametrize(
    "text",
    [
        "gunicorn -k uvicorn.workers.UvicornWorker shop:app",
        "pip install uvicorn[standard]",
        "pkill uvicorn",
        "uvicorn --version",
        "hypercorn -h",
        "fastapi deploy",
        "python -m shop.uvicorn_server",
        "celery -A shop worker",
        "",
    ],
)
def test_it_is_not_found(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uvicorn shop:app", ["127.0.0.1:8000"]),
        ("uvicorn shop:app --host 0.0.0.0 --port=8080", ["0.0.0.0:8080"]),
        ("uvicorn shop:app --host :: --port 8080", ["[::]:8080"]),
        ("uvicorn shop:app --uds /run/shop.sock --port 8080", ["unix:/run/shop.sock"]),
        ("uvicorn shop:app --fd 3", ["an inherited socket"]),
        ("uvicorn shop:app --port $PORT", ["127.0.0.1:${PORT}"]),
        ("uvicorn shop:app --port ${PORT:-9000}", ["127.0.0.1:9000"]),
        ("uvicorn shop:app --port 99999", ["?"]),
        ("uvicorn shop:app --port x", ["?"]),
        ("fastapi run", ["0.0.0.0:8000"]),
        ("fastapi dev --port 8001", ["127.0.0.1:8001"]),
        ("hypercorn shop:app", ["127.0.0.1:8000"]),
        (
            "hypercorn -b :8080 -b '[::1]:8081' --bind unix:/run/shop.sock shop:app",
            ["*:8080", "[::1]:8081", "unix:/run/shop.sock"],
        ),
        ("hypercorn --bind localhost shop:app", ["localhost:8000"]),
        ("hypercorn --bind fd://3 shop:app", ["an inherited socket"]),
        ("hypercorn -b 0.0.0.0:$PORT -b 127.0.0.1:9 shop:app", ["0.0.0.0:${PORT}", "127.0.0.1:9"]),
        ("hypercorn --insecure-bind 0.0.0.0:80 shop:app", ["127.0.0.1:8000"]),
        ("hypercorn --certfile a --keyfile b --insecure-bind 0.0.0.0:80 shop:app", ["127.0.0.1:8000", "0.0.0.0:80"]),
        ("hypercorn -c hypercorn.toml shop:app", ["?"]),
        ("hypercorn -c hypercorn.toml -b 127.0.0.1:9 shop:app", ["127.0.0.1:9"]),
        ("daphne shop:app", ["127.0.0.1:8000"]),
        ("daphne -b 0.0.0.0 shop:app", ["0.0.0.0:8000"]),
        ("daphne -p 8001 shop:app", ["127.0.0.1:8001"]),
        ("daphne -u /run/shop.sock shop:app", ["unix:/run/shop.sock"]),
        ("daphne -u /run/shop.sock -p 8001 shop:app", ["127.0.0.1:8001", "unix:/run/shop.sock"]),
        ("daphne --fd 0 shop:app", ["an inherited socket"]),
        ("daphne -e tcp:port=8443:interface=127.0.0.1 shop:app", ["127.0.0.1:8443"]),
        ("daphne -e ssl:443:privateKey=key.pem shop:app", ["*:443"]),
        (r"daphne -e 'tcp6:8000:interface=\:\:1' shop:app", ["[::1]:8000"]),
        ("daphne -e unix:/run/shop.sock:mode=660 shop:app", ["unix:/run/shop.sock"]),
        ("daphne -e systemd:domain=INET:index=0 shop:app", ["an inherited socket"]),
        ("daphne -e onion:80 shop:app", ["?"]),
        ("granian shop:app", ["127.0.0.1:8000"]),
        ("granian --host 0.0.0.0 --port 80 shop:app", ["0.0.0.0:80"]),
        ("granian --uds /run/shop.sock shop:app", ["unix:/run/shop.sock"]),
        ("waitress-serve shop:app", ["0.0.0.0:8080"]),
        ("waitress-serve --port=80 shop:app", ["0.0.0.0:80"]),
        ("waitress-serve --listen=*:80 shop:app", ["0.0.0.0:80", "[::]:80"]),
        (
            "waitress-serve --listen='127.0.0.1:80 [::1]:81' --listen 10.0.0.1 shop:app",
            ["127.0.0.1:80", "[::1]:81", "10.0.0.1:8080"],
        ),
        ("waitress-serve --unix-socket=/run/shop.sock shop:app", ["unix:/run/shop.sock"]),
        ("waitress-serve --list 127.0.0.1:80 shop:app", ["127.0.0.1:80"]),
    ],
)
def test_where_it_listens(text: str, expected: list[str]) -> None:
    assert addresses(app_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "v6_only"),
    [
        ("uvicorn shop:app --host ::", True),
        ("uvicorn shop:app --host :: --workers 2", False),
        ("uvicorn shop:app --host :: --workers $N", False),
        ("hypercorn shop:app -b [::]:8000", False),
        ("daphne shop:app -b ::", False),
        ("granian shop:app --host ::", False),
        ("waitress-serve --listen=[::]:8000 shop:wsgi", True),
    ],
)
def test_who_serves_ipv4_on_an_ipv6_socket(text: str, v6_only: bool) -> None:
    (listener,) = app_of(text).listeners
    assert listener.address.value.v6_only is v6_only
    expected = Match.NO if v6_only else Match.YES
    assert reaches(Address.tcp("127.0.0.1", 8000), listener.address.value) is expected
    assert reaches(Address.tcp("::1", 8000), listener.address.value) is Match.YES


def test_an_address_stands_where_it_is_written() -> None:
    app = app_of("uvicorn shop:app --host 0.0.0.0 --port 8080")
    assert app.listeners[0].address.span is not None
    assert app.listeners[0].address.span.text == "8080"
    assert app.listeners[0].address.origin is Origin.CLI
    assert app_of("uvicorn shop:app").listeners[0].address.span is None


def test_variables_set_options() -> None:
    app = app_of(
        "uvicorn shop:app", variables={"UVICORN_PORT": "9001", "UVICORN_HOST": "0.0.0.0", "WEB_CONCURRENCY": "4"}
    )
    assert addresses(app) == ["0.0.0.0:9001"]
    assert app.facts.workers.value == 4
    assert app.facts.workers.origin is Origin.ENV
    assert addresses(app_of("granian shop:app", variables={"GRANIAN_PORT": "9001"})) == ["127.0.0.1:9001"]
    assert addresses(app_of("uvicorn --port 80 shop:app", variables={"UVICORN_PORT": "9001"})) == ["127.0.0.1:80"]


def test_variables_that_others_read() -> None:
    variables = {"UVICORN_PORT": "9001", "GRANIAN_PORT": "9001", "HYPERCORN_PORT": "9001"}
    assert addresses(app_of("hypercorn shop:app", variables=variables)) == ["127.0.0.1:8000"]
    assert addresses(app_of("fastapi run", variables=variables)) == ["0.0.0.0:8000"]
    assert addresses(app_of("uvicorn shop:app", "0.15", variables)) == ["127.0.0.1:8000"]


def test_a_variable_with_a_bad_value_is_refused() -> None:
    file_text = "UVICORN_PORT=x uvicorn shop:app"
    app = app_of(file_text)
    assert problems(app) == ["'x' is not a valid integer."]
    assert addresses(app) == ["?"]


def test_what_an_env_file_may_set_is_not_known() -> None:
    app = app_of("uvicorn shop:app --env-file .env")
    assert not app.settings["workers"].known
    assert not app.settings["forwarded_allow_ips"].known
    assert addresses(app) == ["127.0.0.1:8000"]
    assert app_of("uvicorn shop:app --env-file .env --workers 2").facts.workers.value == 2


def test_hidden_arguments_leave_open_what_is_not_given() -> None:
    app = app_of("uvicorn shop:app --workers 2 $UVICORN_ARGS")
    assert app.opaque
    assert app.facts.workers.value == 2
    assert not app.facts.keepalive.known
    assert addresses(app) == ["?"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uvicorn shop:app --worker 2", "No such option: --worker"),
        ("uvicorn shop:app --log-level INFO", "'INFO' is not one of"),
        ("uvicorn shop:app extra", "unexpected extra argument (extra)"),
        ("uvicorn shop:app --port", "'--port' requires an argument"),
        ("uvicorn shop:app --reload=yes", "'--reload' does not take a value"),
        ("uvicorn shop", "must be in format"),
        ("uvicorn shop/main.py:app", "is a path"),
        ("uvicorn", "No application module specified."),
        ("hypercorn shop:app --workers four", "invalid int value: 'four'"),
        ("hypercorn shop:app -k gevent", "No worker of class gevent"),
        ("daphne shop.asgi", "names no object"),
        ("daphne -p 80a shop:app", "'80a'"),
        ("granian shop:app --workers 0", "0 is not in the range x>=1."),
        ("granian shop:app --interface WSGI2", "not one of"),
        ("granian shop:app --workers-kill-timeout 2x", "not a valid duration"),
        ("waitress-serve shop:app --port=80", "unexpected extra argument"),
        ("waitress-serve --po=80 --th 4 --p 1 shop:app", ""),
        ("granian --host localhost shop:app", "is no IP address"),
        ("waitress-serve -p 80 shop:app", "option -p not recognized"),
        ("waitress-serve --l=80 shop:app", "not a unique prefix"),
        ("waitress-serve --listen=:80 --port=80 shop:app", "port may not be set if listen is set."),
        ("waitress-serve --unix-socket=/a --listen=:80 shop:app", "listen may not be set if unix_socket is set."),
    ],
)
def test_what_it_refuses(text: str, expected: str) -> None:
    found = problems(app_of(text))
    assert (any(expected in problem for problem in found)) if expected else not found, found


@pytest.mark.parametrize(
    "text",
    [
        "granian shop:app --interface ASGI",
        "granian ./shop.py:app",
        "hypercorn shop/main.py",
        "fastapi run app/main.py",
        "waitress-serve shop.wsgi",
        "uvicorn --factory shop:create_app",
        "UVICORN_APP=shop:app uvicorn",
        "uvicorn $APP_MODULE",
        "uvicorn shop:app --port x --port 80",
    ],
)
def test_what_it_takes(text: str) -> None:
    assert problems(app_of(text)) == []


def test_options_come_with_versions() -> None:
    assert problems(app_of("uvicorn shop:app --timeout-graceful-shutdown 5")) == []
    assert problems(app_of("uvicorn shop:app --timeout-graceful-shutdown 5", "0.20.0"))
    assert app_of("uvicorn shop:app --timeout-graceful-shutdown 5", "0.20.0").uses[-2].elsewhere == "new in 0.23.2"
    assert problems(app_of("granian shop:app --uds /run/shop.sock", "2.4.2"))
    assert problems(app_of("granian shop:app --uds /run/shop.sock", "2.8.7")) == []


def test_defaults_that_changed_are_known_with_the_version_only() -> None:
    assert app_of("uvicorn shop:app", "0.52.4").settings["forwarded_allow_ips"].value == "127.0.0.1"
    assert app_of("uvicorn shop:app", "0.54.0").settings["forwarded_allow_ips"].value == "127.0.0.1,::1"
    assert not app_of("uvicorn shop:app").settings["forwarded_allow_ips"].known


@pytest.mark.parametrize(
    ("text", "keepalive", "grace"),
    [
        ("uvicorn shop:app", 5.0, None),
        ("uvicorn shop:app --timeout-keep-alive 75 --timeout-graceful-shutdown 20", 75.0, 20.0),
        ("uvicorn shop:app --timeout-keep-alive 0", None, None),
        ("hypercorn shop:app", 5.0, 3.0),
        ("hypercorn shop:app --keep-alive 30 --graceful-timeout 9", 30.0, 9.0),
        ("hypercorn shop:app --workers 2 --graceful-timeout 9", 5.0, 0.0),
        ("daphne shop:app", 60.0, 0.0),
        ("granian shop:app", 30.0, None),
        ("granian shop:app --http1-header-read-timeout 9000 --workers-kill-timeout 1m30s", 9.0, 90.0),
        ("granian shop:app --no-http1-keep-alive", None, None),
        ("waitress-serve shop:app", 120.0, 0.0),
        ("waitress-serve --channel-timeout=90 shop:app", 90.0, 0.0),
    ],
)
def test_times(text: str, keepalive: float | None, grace: float | None) -> None:
    newest = {"uvicorn": "0.54.0", "hypercorn": "0.18.0", "daphne": "4.2.3", "granian": "2.8.7"}
    app = app_of(text, newest.get(text.split()[0], "3.0.2"))
    assert app.facts.keepalive.value == keepalive
    assert all(listener.keepalive.value == keepalive for listener in app.listeners)
    assert app.facts.grace.value == grace
    assert app.facts.request_limit.value is None


def test_limits() -> None:
    assert app_of("daphne -t 20 shop:app").facts.request_limit.value == 20.0
    assert app_of("daphne shop:app").facts.header_limit.value == 16384
    assert app_of("uvicorn --http httptools shop:app").facts.header_limit.value is None
    assert app_of("uvicorn --http h11 shop:app", "0.54.0").facts.header_limit.value == 16384
    assert not app_of("uvicorn shop:app").facts.header_limit.known
    assert app_of("waitress-serve shop:app").facts.body_limit.value == 1 << 30


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("uvicorn shop:app --uds /run/shop.sock", 0o666),
        ("hypercorn shop:app -b unix:/run/shop.sock", 0o755),
        ("hypercorn shop:app -b unix:/run/shop.sock -m 7", 0o770),
        ("hypercorn shop:app -b unix:/run/shop.sock -m 022", 0o751),
        ("daphne shop:app -u /run/shop.sock", 0o666),
        ("daphne shop:app -e unix:/run/shop.sock:mode=600", 0o600),
        ("granian shop:app --uds /run/shop.sock", 0o755),
        ("granian shop:app --uds /run/shop.sock --uds-permissions 0660", 0o660),
        ("granian shop:app --uds /run/shop.sock --uds-permissions 660", 0o1224),
        ("waitress-serve --unix-socket=/run/shop.sock shop:app", 0o600),
        ("waitress-serve --unix-socket=/run/shop.sock --unix-socket-perms=660 shop:app", 0o660),
    ],
)
def test_mode_of_the_socket(text: str, mode: int) -> None:
    (listener,) = app_of(text).listeners
    assert listener.file is not None
    assert oct(listener.file.mode.value) == oct(mode)


def test_the_units_umask_counts() -> None:
    owner = SocketOwner(umask=Located.declared(0o077))
    (listener,) = app_of("granian shop:app --uds /run/shop.sock", owner=owner).listeners
    assert listener.file is not None
    assert listener.file.mode.value == 0o700


def test_modes_that_are_misread() -> None:
    (use,) = [use for use in app_of("granian shop:app --uds-permissions 660").uses if use.problem]
    assert use.means == "1224"
    (use,) = [use for use in app_of("hypercorn shop:app --umask 022").uses if use.problem]
    assert use.means == "026"
    assert problems(app_of("hypercorn shop:app --umask 007")) == []


def test_tls() -> None:
    assert [each.tls.value for each in app_of("uvicorn shop:app --ssl-certfile a").listeners] == [True]
    assert [each.tls.value for each in app_of("hypercorn shop:app --certfile a").listeners] == [False]
    both = app_of("hypercorn shop:app --certfile a --keyfile b --insecure-bind :80")
    assert [each.tls.value for each in both.listeners] == [True, False]
    assert [each.tls.value for each in app_of("daphne -e ssl:443:privateKey=a shop:app").listeners] == [True]


SNIPPETS = r"""
uvicorn hypercorn daphne granian waitress-serve fastapi run dev shop:app --port -p 80 --bind -b unix:/a --listen= *:80
--uds $X ${X:-1} ' " -- -e tcp: ssl:=: \ --fd fd:// --host :: [:: {{x}} --workers -1 --umask --config =
"""
WORDS = SNIPPETS.split()


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_command_can_be_read(words: list[str]) -> None:
    command = found(" ".join(words))
    if command is not None:
        app = app_of(" ".join(words))
        assert app.listeners
        assert all(use.span.end <= len(use.span.file.text) for use in app.uses)


@pytest.mark.parametrize("piece", ["{{", "--port ", "-b x ", "--listen=a ", ":", "$X", "-e tcp: ", "9"])
def test_a_long_command_line_takes_no_time(piece: str) -> None:
    
    for name in ("uvicorn shop:app --port ", "daphne -e ", "waitress-serve --listen=", "hypercorn -b "):
        with no_hang():
            app_of(name + piece * (300_000 // len(piece)))
