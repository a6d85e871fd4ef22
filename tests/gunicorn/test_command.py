"""Which commands start Gunicorn, and how their arguments are read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.gunicorn_command import find_gunicorn, parse_arguments
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.shell_words import in_file, split_commands, split_words
from tests.gunicorn import build

STARTS = [
    "gunicorn app:app",
    "exec gunicorn app:app",
    "/srv/venv/bin/gunicorn app:app",
    "python -m gunicorn app:app",
    "python3.12 -u -W ignore -m gunicorn app:app",
    "poetry run gunicorn app:app",
    "poetry run python -m gunicorn app:app",
    "pipenv run gunicorn app:app",
    "uv run gunicorn app:app",
    "uv run --no-dev --with gunicorn gunicorn app:app",
    "env DJANGO=1 gunicorn app:app",
    "A=1 B='x y' gunicorn app:app",
    "newrelic-admin run-program gunicorn app:app",
    "NEW_RELIC=x newrelic-admin run-program python -m gunicorn app:app",
    "ddtrace-run gunicorn app:app",
    "opentelemetry-instrument --traces_exporter console gunicorn app:app",
    "dumb-init -- gunicorn app:app",
    "tini -g -- /usr/local/bin/gunicorn app:app",
    "sudo -u www-data -E gunicorn app:app",
    "gosu app gunicorn app:app",
    "./wait-for-it.sh db:5432 -t 30 -- gunicorn app:app",
    "/entrypoint.sh gunicorn app:app",
    "bin/start-nginx gunicorn app:app",
    "conda run -n env gunicorn app:app",
    "sh -c 'python manage.py migrate && gunicorn app:app'",
    "start-stop-daemon --start --exec /usr/bin/gunicorn -- app:app",
]


@pytest.mark.parametrize("text", STARTS)
def test_wrappers_are_seen_through(text: str) -> None:
    found = build.command(text)
    assert [word.value for word in found.words] == ["app:app"]
    assert found.name_span.text.endswith("gunicorn")
    assert found.span.text.startswith(found.name_span.text)


@pytest.mark.parametrize(
    "text",
    [
        "pip install gunicorn",
        "uv pip install gunicorn",
        "poetry add gunicorn",
        "apt-get install -y gunicorn",
        "pkill gunicorn",
        "supervisorctl restart gunicorn",
        "systemctl restart gunicorn",
        "echo gunicorn app:app",
        "docker run image gunicorn app:app",
        "python manage.py rungunicorn",
        "python gunicorn_conf.py",
        "python -c 'import gunicorn'",
        "uwsgi --ini gunicorn.ini",
        "celery -A gunicorn worker",
        "cat gunicorn",
        "",
    ],
)
def test_commands_that_only_name_it(text: str) -> None:
    assert [find_gunicorn(each) for each in split_commands(text, in_file(SourceFile("x", text)))] in ([None], [])


def test_variables_before_the_command_are_its_environment() -> None:
    app = build.app("WEB_CONCURRENCY=3 env PORT=5001 gunicorn app:app")
    assert app.settings["workers"].value == 3
    assert app.settings["bind"].value == ("0.0.0.0:5001",)
    assert app.settings["workers"].span is not None
    assert app.settings["workers"].span.text == "WEB_CONCURRENCY=3"


OPTIONS = [
    ("-w4", {"workers": 4}),
    ("-w 4 --workers=5", {"workers": 5}),
    ("--work 4", None),
    ("--workers=", None),
    ("--thr=4", {"threads": 4}),
    ("-b a:1 -b b:2", {"bind": ("a:1", "b:2")}),
    ("-Dw4 -Rb:1", {"daemon": True, "workers": 4, "enable_stdio_inheritance": True, "bind": (":1",)}),
    ("--reload --no-sendfile --preload", {"reload": True, "sendfile": False, "preload_app": True}),
    ("-m 022", {"umask": 18}),
    ("-m 0o77", {"umask": 63}),
    ("-t 0", {"timeout": 0}),
    ("-t 0x10", None),
    ("--reload=yes", None),
    ("--frobnicate", None),
    ("-b", None),
    ("--log-file - --access-logfile=-", {"errorlog": "-", "accesslog": "-"}),
    ("--limit-request-field_size 100", {"limit_request_field_size": 100}),
    ("--limit-request-field-size 100", None),
    ("--forwarded-allow-ips='*'", {"forwarded_allow_ips": ("*",)}),
    ("-e A=1 -e B=2", {"raw_env": ("A=1", "B=2")}),
    ("-t -5", None),
    ("--proxy-protocol", {"proxy_protocol": "auto"}),
    ("--keep-alive 75", {"keepalive": 75}),
]


@pytest.mark.parametrize(("text", "wanted"), OPTIONS)
def test_options(text: str, wanted: dict[str, object] | None) -> None:
    app = build.app(f"gunicorn app:app {text}")
    problems = [use.problem for use in app.uses if use.problem]
    if wanted is None:
        assert len(problems) == 1
        return
    assert problems == []
    assert {name: app.settings[name].value for name in wanted} == wanted


def test_an_option_of_another_version_is_refused_with_a_hint() -> None:
    app = build.app("gunicorn --protocol uwsgi app:app", gunicorn="23.0.0")
    use = next(each for each in app.uses if each.problem)
    assert (use.name, use.canonical, use.elsewhere) == ("--protocol", "", "new in 24.0")
    assert use.problem == "unrecognized arguments: --protocol"
    assert all(not each.problem for each in build.app("gunicorn --protocol uwsgi app:app", gunicorn="").uses)


def test_values_stand_where_they_are_written() -> None:
    app = build.app('gunicorn -w4 --bind="0.0.0.0:80" --timeout=60 app:app')
    places = {use.canonical: use.span.text for use in app.uses}
    assert places == {"workers": "4", "bind": '--bind="0.0.0.0:80"', "timeout": "60", "wsgi_app": "app:app"}


def test_a_variable_with_arguments_makes_the_rest_unknown() -> None:
    app = build.app("gunicorn $GUNICORN_OPTS -w 3 app:app", "timeout = 5\n")
    assert "GUNICORN_OPTS" in app.opaque
    assert app.settings["workers"].value == 3
    for name in ("bind", "threads", "timeout"):
        assert not app.settings[name].known


def test_a_variable_that_is_the_application_is_none_of_these() -> None:
    app = build.app("gunicorn $APP_MODULE --bind :80")
    assert app.opaque == ""
    assert app.settings["bind"].value == (":80",)


@settings(max_examples=200, deadline=None)
@given(st.text("-bwDRt=:./a4 $'\"{}|", max_size=30))
def test_any_command_line(text: str) -> None:
    file = SourceFile("x", "gunicorn " + text)
    for command in split_commands(file.text, in_file(file)):
        found = find_gunicorn(command)
        if found is None:
            continue
        for version in (None, Version(20, 0, 4), Version(27, 0, 1)):
            arguments = parse_arguments(found.words, version)
            spans = [each.span for each in arguments.options] + [span for _, span, _ in arguments.refused]
            assert all(0 <= span.start < span.end <= len(file.text) for span in spans)


def test_words_of_a_variable_are_located_in_it() -> None:
    text = "--workers 3"
    words = split_words(text, in_file(SourceFile(".env", "GUNICORN_CMD_ARGS=" + text), 18))
    assert str(words[1].span) == ".env:1:29"
