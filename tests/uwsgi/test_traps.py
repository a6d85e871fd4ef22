"""The misreadings that rules tell people about, each with the row of ``facts/`` that saw it."""

from __future__ import annotations

import pytest

from cfgcheck.model.app import App, Protocol, SettingUse
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.version import Version
from cfgcheck.syntax.environment import Environment
from tests.uwsgi.ours import app_and_problems, app_of, ini


def use_of(app: App, name: str) -> SettingUse:
    return [use for use in app.uses if use.name == name][-1]


def setting(app: App, name: str) -> object:
    return app.settings[name].value


# ── numbers, switches, strings ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "value", "means", "harmless"),
    [
        ("harakiri = 2m", 2, "2", False),  # 7.s5
        ("harakiri = 60s", 60, "60", True),  # 7.17
        ("harakiri = 500ms", 500, "500", False),  # 7.s6
        ("harakiri = 1.5", 1, "1", False),
        ("buffer-size = 32k", 32, "32", False),  # 3.06d
        ("buffer-size = '8192'", 0, "0", False),  # 7.s3
        ("buffer-size = 0x2000", 0, "0", False),  # 7.30b
        ("buffer-size = 65536", 65535, "65535", True),  # 7.30d
        ('processes = "4"', 0, "0", False),  # 7.s1
        ("processes = auto", 0, "0", False),
        ("processes =", 0, "0", False),
        ("processes = 0", 0, "0", False),  # 5.15
        ("reload-on-rss = 512M", 512 << 20, "512", True),
        ("reload-on-rss = 1G", 1 << 20, "1", False),
        ("master = false ; no", True, "true", False),  # 7.09
        ("master = disabled", True, "true", False),  # 7.10
        ("master = 'off'", True, "true", False),
        ("need-app = 00", True, "true", False),
        ("module = app:application ; web app", "app:application ; web app", "app:application ; web app", False),  # 7.s8
        ('chdir = "/srv"', '"/srv"', '"/srv"', False),
    ],
)
def test_misread(line: str, value: object, means: str, harmless: bool) -> None:
    app = app_of(ini(line))
    name = line.partition("=")[0].strip()
    use = use_of(app, name)
    assert (setting(app, name), use.means, use.harmless) == (value, means, harmless)
    assert use.problem
    assert use.span.text == line


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("processes = 2 ; two workers", 2),  # 7.09: atoi stops at the blank
        ("harakiri = 30 # half a minute", 30),
        ("harakiri = 30;", 30),
        ("master = true ; of course", True),
        ("master =", True),
        ("master", True),  # 7.10z
        ("master = FALSE", False),
        ("disable-logging = true", True),
        ("log-format = %(addr) ; %(method)", "%(addr) ; %(method)"),
        ("chmod-socket = 660", "660"),
        ("buffer-size = 65535", 65535),
        ("reload-on-rss = 512", 512 << 20),
    ],
)
def test_read_as_meant(line: str, value: object) -> None:
    app = app_of(ini(line))
    name = line.partition("=")[0].strip()
    assert setting(app, name) == value
    assert not use_of(app, name).problem


@pytest.mark.parametrize("mode", ["0666", "666 ; all", "rw", "", "66"])
def test_chmod_socket_takes_three_digits(mode: str) -> None:
    """1.05b-e, 7.s10, 7.s11."""
    use = use_of(app_of(ini(f"chmod-socket = {mode}")), "chmod-socket")
    assert use.problem.startswith("uWSGI refuses to start: invalid chmod value")


def test_placeholders_come_too_late_for_listen() -> None:
    app = app_of(ini("backlog = 1024", "listen = %(backlog)"))
    assert setting(app, "listen") == 0
    assert "before" in use_of(app, "listen").problem


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_aliases_share_one_setting() -> None:
    """7.01b."""
    app = app_of(ini("workers = 2", "processes = 3", "workers = 4"))
    assert setting(app, "processes") == setting(app, "workers") == 4
    assert [use.canonical for use in app.uses] == ["processes"] * 3
    assert list(app.settings).count("processes") == 1 and "workers" not in list(app.settings)


@pytest.mark.parametrize("name", ["harakri", "buffer_size", "PROCESSES", "--processes", "p", "uwsgi_connect_timeout"])
def test_unknown_names_have_no_canonical_one(name: str) -> None:
    """5.13, 7.11c-j."""
    assert use_of(app_of(ini(f"{name} = 3")), name).canonical == ""


def test_colon_separates_nothing() -> None:
    """7.11b."""
    app = app_of(ini("processes: 3"))
    assert use_of(app, "processes: 3").canonical == ""
    assert setting(app, "processes") == 1


def test_placeholder_that_is_used_is_no_unknown_setting() -> None:
    app = app_of(ini("base = /srv", "chdir = %(base)/app", "set-ph = unused=1", "stray = 1"))
    assert setting(app, "chdir") == "/srv/app"
    assert set(app.placeholders) == {"base", "unused"}
    assert [use.name for use in app.uses if not use.canonical] == ["stray"]


def test_strict_refuses_placeholders_that_are_not_declared() -> None:
    """5.13s-v."""
    app = app_of(ini("base = /srv", "chdir = %(base)", "set-ph = fine=1", "strict = true"))
    assert [(use.name, use.means) for use in app.uses if use.problem] == [("base", "refused")]


def test_options_of_a_plugin_nobody_knows() -> None:
    app = app_of(ini("plugins = python3,ourown", "ourown-level = 3"))
    assert use_of(app, "ourown-level").canonical == "ourown-level"


def test_option_of_a_later_version() -> None:
    old = Located.declared(Version(2, 0, 21))
    use = use_of(app_of(ini("harakiri-graceful-timeout = 5"), version=old), "harakiri-graceful-timeout")
    assert (use.canonical, use.elsewhere) == ("", "new in 2.0.22")


def test_buffer_size_is_wide_in_2_1() -> None:
    new = Located.declared(Version(2, 1, 0))
    assert setting(app_of(ini("buffer-size = 131072"), version=new), "buffer-size") == 131072


# ── master ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lines", "master"),
    [
        ([], False),
        (["master = true"], True),
        (["touch-reload = /x"], True),  # 7.10v
        (["touch-reload = /x", "master = false"], False),  # 7.10u
        (["master = false", "touch-reload = /x"], False),  # 7.10w
        (["cheaper = 1", "processes = 2"], True),
    ],
)
def test_master(lines: list[str], master: bool) -> None:
    assert setting(app_of(ini(*lines)), "master") is master


# ── listeners ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "protocol", "tls", "keepalive", "address"),
    [
        ("socket = 127.0.0.1:3031", Protocol.UWSGI, False, None, "127.0.0.1:3031"),
        ("uwsgi-socket = :3031", Protocol.UWSGI, False, None, "*:3031"),
        ("puwsgi-socket = :3031", Protocol.UWSGI, False, None, "*:3031"),
        ("http-socket = 0.0.0.0:8000", Protocol.HTTP, False, None, "0.0.0.0:8000"),  # 6.02
        ("http11-socket = :8000", Protocol.HTTP, False, 4.0, "*:8000"),  # 6.03b
        ("http = :8000", Protocol.HTTP, False, None, "*:8000"),
        ("https = :8443,a.crt,a.key", Protocol.HTTP, True, None, "*:8443"),
        ("https2 = addr=:8443,cert=a.crt,key=a.key", Protocol.HTTP, True, None, "*:8443"),
        ("https-socket = :8443,a.crt,a.key", Protocol.HTTP, True, None, "*:8443"),
        ("suwsgi-socket = :3032,a.crt,a.key", Protocol.UWSGI, True, None, "*:3032"),
        ("fastcgi-socket = /run/f.sock", Protocol.FASTCGI, False, None, "unix:/run/f.sock"),
        ("scgi-socket = [::1]:4000", Protocol.SCGI, False, None, "[::1]:4000"),
        ("raw-socket = :4001", Protocol.RAW, False, None, "*:4001"),
        ("socket = @shop", Protocol.UWSGI, False, None, "unix:@shop"),  # 1.15
        ("socket = fd://3", Protocol.UWSGI, False, None, "an inherited socket"),
    ],
)
def test_listener(line: str, protocol: Protocol, tls: bool, keepalive: float | None, address: str) -> None:
    (listener,) = app_of(ini(line)).listeners
    assert (listener.protocol.value, listener.tls.value, listener.keepalive.value) == (protocol, tls, keepalive)
    assert str(listener.address.value) == address
    assert not listener.malformed
    assert listener.option == line.partition(" ")[0]


def test_protocol_turns_plain_sockets_only() -> None:
    """1.22, 1.22g."""
    app = app_of(ini("protocol = http", "socket = :1", "uwsgi-socket = :2"))
    assert [listener.protocol.value for listener in app.listeners] == [Protocol.HTTP, Protocol.UWSGI]
    assert app.listeners[0].protocol.by_hand


@pytest.mark.parametrize(
    ("lines", "keepalive"),
    [
        ([], None),
        (["http-keepalive = 1"], 60.0),
        (["http-keepalive = 1", "http-timeout = 20"], 20.0),
        (["http-keepalive = 7"], 7.0),
    ],
)
def test_keepalive_of_the_router(lines: list[str], keepalive: float | None) -> None:
    assert app_of(ini("http = :80", *lines)).facts.keepalive.value == keepalive


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("3031", "unix:3031"),  # 1.14e
        ("127.0.0.1", "unix:127.0.0.1"),  # 1.42
        ("127.0.0.1:99999", "127.0.0.1:34463"),  # 1.44
        ("unix:/run/shop.sock", "unix:0"),
        ("nosuchhost.invalid:3031", "nosuchhost.invalid:3031"),  # 1.43
        ("http://127.0.0.1:3031", "[http://127.0.0.1]:3031"),
    ],
)
def test_malformed(value: str, address: str) -> None:
    app = app_of(ini(f"socket = {value}"))
    (listener,) = app.listeners
    assert listener.malformed and not app.uses[0].problem
    assert str(listener.address.value).startswith(address)


@pytest.mark.parametrize(
    "value",
    [
        "*:3031",  # 1.43c
        '"/run/shop.sock"',  # 7.s4
        "/run/shop.sock ; main",  # 7.s9b
        "/run/" + "x" * 100,
    ],
)
def test_socket_that_is_no_good(value: str) -> None:
    app = app_of(ini(f"socket = {value}"))
    assert app.uses[0].problem and not app.listeners[0].malformed


def test_shared_socket() -> None:
    app = app_of(ini("shared-socket = :443", "https-socket = =0,a.crt,a.key", "socket = =7"))
    assert [str(listener.address.value) for listener in app.listeners] == ["*:443", "an inherited socket"]


def test_comment_behind_a_tcp_port_is_harmless() -> None:
    """7.s9."""
    app = app_of(ini("socket = 127.0.0.1:3031 ; main"))
    assert str(app.listeners[0].address.value) == "127.0.0.1:3031"
    assert not app.listeners[0].malformed and not app.uses[0].problem


def test_relative_and_template_paths_stay_as_written() -> None:
    app = app_of(ini("chdir = /srv", "socket = app.sock", "http-socket = /run/{{ name }}.sock", "socket = :{{ port }}"))
    relative, port, path = sorted(app.listeners, key=lambda listener: listener.option != "socket")
    assert str(relative.address.value) == "unix:app.sock"
    assert path.address.value.templated and path.address.value.path == "/run/{{ name }}.sock"
    assert port.address.value.templated and port.address.value.port is None
    assert port.address.value.port_text == "{{ port }}"


# ── facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_facts_of_an_empty_configuration() -> None:
    facts = app_of(ini("vacuum = true")).facts
    assert (facts.workers.value, facts.threads.value, facts.header_limit.value) == (1, 1, 4096)
    assert (facts.request_limit.value, facts.body_limit.value, facts.grace.value) == (None, None, 0.0)
    assert facts.workers.origin is Origin.DEFAULT


def test_facts_of_a_full_configuration() -> None:
    app = app_of(ini("processes = 4", "threads = 2", "harakiri = 30", "buffer-size = 32768", "limit-post = 1048576"))
    facts = app.facts
    assert (facts.workers.value, facts.threads.value, facts.header_limit.value) == (4, 2, 32768)
    assert (facts.request_limit.value, facts.body_limit.value) == (30.0, 1048576)
    assert facts.request_limit.span is not None and facts.request_limit.span.text == "30"


def test_grace_with_a_graceful_hook() -> None:
    app = app_of(ini("hook-master-start = unix_signal:15 gracefully_kill_them_all", "worker-reload-mercy = 25"))
    assert app.facts.grace.value == 25.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("need-app", False), ("die-on-term", False), ("master", False), ("http-timeout", 60), ("listen", 100),
        ("worker-reload-mercy", 60), ("socket-timeout", 4), ("chmod-socket", None), ("harakiri", 0), ("module", None),
        ("vacuum", False), ("py-autoreload", 0), ("limit-post", 0), ("protocol", "uwsgi"), ("min-worker-lifetime", 10),
    ],
)  # fmt: skip
def test_defaults(name: str, value: object) -> None:
    found = app_of(ini("procname = x")).settings[name]
    assert found.value == value
    assert found.origin is Origin.DEFAULT


def test_a_name_that_is_no_option_is_no_setting() -> None:
    settings = app_of(ini("vacuum = true")).settings
    assert "harakri" not in settings
    with pytest.raises(KeyError):
        settings["harakri"]


# ── what is not known ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "value", ["%k", "$(WORKERS)", "${WORKERS}", "{{ workers }}", "__WORKERS__", "%(n * %k)", "@(/etc/workers)"]
)
def test_values_that_depend_on_the_machine(value: str) -> None:
    app = app_of(ini(f"processes = {value}"))
    found = app.settings["processes"]
    assert not found.known and found.because
    assert not app.uses[0].problem
    if "%" not in value:
        assert found.text == value


def test_environment_that_is_known() -> None:
    known = Environment({"WORKERS": "3", "UWSGI_HARAKIRI": "20"}, complete=True)
    app = app_of(ini("processes = $(WORKERS)", "threads = $(NOTHING)"), environment=known)
    assert (setting(app, "processes"), setting(app, "harakiri")) == (3, 20)
    assert app.settings["harakiri"].origin is Origin.ENV
    assert use_of(app, "threads").means == "0"  # 7.04b: left as it stands


def test_condition_that_only_the_machine_answers() -> None:
    app = app_of(ini("processes = 2", "if-env = BIG", "processes = 8", "harakiri = 9", "endif =", "threads = 2"))
    assert not app.settings["processes"].known and not app.settings["harakiri"].known
    assert setting(app, "threads") == 2


def test_condition_that_changes_nothing() -> None:
    app = app_of(ini("processes = 2", "if-env = BIG", "processes = 2", "endif ="))
    assert setting(app, "processes") == 2


def test_template_branches_may_be_absent() -> None:
    text = ini("processes = 2", "{% if big %}", "threads = 8", "{% endif %}", "harakiri = 5")
    app = app_of(text, "uwsgi.ini.j2")
    assert not app.settings["threads"].known
    assert (setting(app, "processes"), setting(app, "harakiri")) == (2, 5)


def test_template_that_fills_in_whole_options() -> None:
    app = app_of(ini("processes = 2", "{{ more }}", "threads = 3"), "uwsgi.ini.j2")
    assert not app.settings["processes"].known and not app.settings["master"].known
    assert setting(app, "threads") == 3
    assert app.opaque


def test_included_file_that_lies_elsewhere() -> None:
    app, problems = app_and_problems(ini("processes = 2", "ini = /etc/uwsgi/base.ini", "threads = 3"))
    assert not app.settings["processes"].known and not app.settings["master"].known
    assert setting(app, "threads") == 3
    assert "base.ini" in app.opaque and not problems


def test_included_file_that_is_missing() -> None:
    _, problems = app_and_problems(ini("ini = base.ini"))
    assert problems == ["base.ini does not exist: uWSGI refuses to start"]


def test_offer_to_override_leaves_the_rest_known() -> None:
    app, problems = app_and_problems(
        ini("processes = 2", "if-exists = /etc/more.ini", "ini = /etc/more.ini", "endif =")
    )
    assert setting(app, "processes") == 2
    assert not app.opaque and not problems


def test_emperor_has_its_settings_elsewhere() -> None:
    app = app_of(ini("emperor = /etc/uwsgi/vassals"))
    assert "emperor" in app.opaque and not app.settings["need-app"].known


def test_hidden_section() -> None:
    for text in ("\ufeff[uwsgi]\nprocesses = 3\n", "[uwsgi] ; main\nprocesses = 3\n", "[ uwsgi ]\nprocesses = 3\n"):
        app, problems = app_and_problems(text)  # 7.02m, 7.02n, 7.11i
        assert len(problems) == 1 and "reads nothing" in problems[0]
        assert not app.settings["processes"].known


def test_file_that_includes_itself() -> None:
    """7.21."""
    _, problems = app_and_problems(ini("ini = uwsgi.ini"))
    assert problems == ["uwsgi.ini includes itself: uWSGI crashes"]
