"""Services of systemd: what their units say of command, environment, user, sockets and stopping."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.service import Carried, Service
from cfgcheck.load.systemd import read_systemd
from cfgcheck.load.systemd_values import Specifiers
from cfgcheck.model.located import Located
from cfgcheck.syntax.systemd_words import Piece
from tests.hanging import no_hang
from tests.load.carrying import context_of, words, write


def read(root: Path, files: dict[str, str]) -> Carried:
    paths = write(root, files)
    units = [path for path in paths if ".service" in path.as_posix() or ".socket" in path.as_posix()]
    return read_systemd(context_of(root), units)


def one(root: Path, text: str, name: str = "shop.service") -> Service:
    """The one service of a ``[Service]`` section."""
    carried = read(root, {name: f"[Service]\n{text}\n"})
    assert carried.problems == []
    assert len(carried.services) == 1
    return carried.services[0]


def start(root: Path, text: str, name: str = "shop.service") -> Service:
    return one(root, f"ExecStart=/usr/bin/gunicorn app\n{text}", name)


def refused(root: Path, text: str, name: str = "shop.service") -> list[str]:
    carried = read(root, {name: f"[Service]\n{text}\n"})
    return [f"{problem.span.text}: {problem.message}" for problem in carried.problems]


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/x/gunicorn -b :8000 app", ["/x/gunicorn", "-b", ":8000", "app"]),
        ("-/x/gunicorn 'a b' \"c\"d", ["/x/gunicorn", "a b", "cd"]),
        ("gunicorn app", ["gunicorn", "app"]),
        ("@/x/python gunicorn -m gunicorn", ["/x/python", "-m", "gunicorn"]),
        ("/x/g $A ${A} x$A ${B} $B $$A", ["/x/g", "1", "2", "1 2", "x$A", "", "$A"]),
        (":/x/g $A ${A}", ["/x/g", "$A", "${A}"]),
        ("/x/g ${A:-8000}", ["/x/g", "${A:-8000}"]),
        ("/x/g a && b | c > d", ["/x/g", "a", "&&", "b", "|", "c", ">", "d"]),
        ("/x/g a \\; b", ["/x/g", "a", ";", "b"]),
        (
            "/x/g --bind unix:%t/%p.sock %n %% %N",
            ["/x/g", "--bind", "unix:/run/shop.sock", "shop.service", "%", "shop"],
        ),
        ("/x/g %H -b :80", ["/x/g", None, "-b", ":80"]),
        ("/x/g --access-logformat '%(h)s'", ["/x/g", "--access-logformat", "%(h)s"]),
        ("/x/g -b {{ host }}:80 <app>", ["/x/g", "-b", None, None]),
        ("/x/g ${USER} $PATH", ["/x/g", None, None]),
        ("/x/g \\\n  -b :80", ["/x/g", "-b", ":80"]),
        ("/bin/sh -c 'exec gunicorn ${A}'", ["/bin/sh", "-c", "exec gunicorn 1 2"]),
    ],
)
def test_words(tmp_path: Path, line: str, expected: list[str | None]) -> None:
    service = one(tmp_path, f'Environment="A=1 2"\nExecStart={line}')
    assert words(service) == expected


def test_a_semicolon_begins_another_command(tmp_path: Path) -> None:
    carried = read(tmp_path, {"a.service": "[Service]\nType=oneshot\nExecStart=/x a ; /y b\nExecStart=/z\n"})
    assert [words(service) for service in carried.services] == [["/x", "a"], ["/y", "b"], ["/z"]]
    assert carried.problems == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ExecStart=/x "a', '"a: systemd refuses the unit: this quote is never closed'),
        ("ExecStart=venv/bin/gunicorn", "venv/bin/gunicorn: systemd refuses the unit: the program is neither"),
        ("ExecStart=${VENV}/bin/gunicorn", "it replaces no variables there"),
        ("ExecStart=~/bin/gunicorn", "neither an absolute path nor a plain name"),
        ("ExecStart=/x %z", "it knows no specifier %z"),
        ("ExecStart=/x\nExecStart=/y", "/y: systemd refuses the unit: it starts more than one command"),
    ],
)
def test_what_systemd_refuses(tmp_path: Path, text: str, message: str) -> None:
    found = refused(tmp_path, text)
    assert len(found) == 1
    assert message in found[0]


def test_a_template_is_no_mistake(tmp_path: Path) -> None:
    text = "ExecStart={{ a }}\n{% if a %}\nExecStart=bin/x\n{% else %}\nExecStart=/y\n{% endif %}"
    assert refused(tmp_path, text, "shop.service.j2") == []


def test_what_containers_run_is_not_known(tmp_path: Path) -> None:
    service = one(tmp_path, "ExecStart=/usr/bin/docker run -p 80:80 web gunicorn app")
    assert service.command is None
    assert "docker" in service.opaque


def test_places_of_words_in_continued_lines(tmp_path: Path) -> None:
    service = one(tmp_path, "ExecStart=/x/gunicorn \\\n  -b :8000")
    assert service.command is not None
    assert [str(word.span) for word in service.command.words] == [
        "shop.service:2:11", "shop.service:3:3", "shop.service:3:6",
    ]  # fmt: skip


# ── environment ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_environment(tmp_path: Path) -> None:
    text = (
        'Environment=A=1 "B=two words" C=%p\nEnvironment=\'D="x"\'\nEnvironment=E={{ e }}\n'
        "PassEnvironment=F\nUnsetEnvironment=A\nUser=shop\nRuntimeDirectory=shop more\nStateDirectory=shop"
    )
    environment = start(tmp_path, text).environment
    assert environment.complete
    expected = {
        "B": "two words", "C": "shop", "D": '"x"', "USER": "shop", "LOGNAME": "shop",
        "STATE_DIRECTORY": "/var/lib/shop", "RUNTIME_DIRECTORY": "/run/shop:/run/more",
    }  # fmt: skip
    assert environment.values == expected
    assert {"E", "F", "PATH", "HOME"} <= environment.unknown.keys()
    assert environment.spans["C"].text == "%p"


def test_an_empty_assignment_takes_back_what_was_set(tmp_path: Path) -> None:
    values = start(tmp_path, "Environment=A=1\nEnvironment=\nEnvironment=B=2").environment.values
    assert values == {"B": "2"}


def test_environment_files_win_and_are_found_in_the_tree(tmp_path: Path) -> None:
    unit = "[Service]\nEnvironmentFile=-/etc/default/shop\nEnvironment=PORT=1\nExecStart=/x -b :${PORT} $MORE\n"
    carried = read(tmp_path, {"deploy/shop.service": unit, "deploy/etc/default/shop": "PORT=2 # c\nMORE='-w 3'\n"})
    service = carried.services[0]
    assert words(service) == ["/x", "-b", ":2 # c", "-w", "3"]
    assert service.environment.complete
    assert service.environment.spans["PORT"].file.path == "deploy/etc/default/shop"


def test_an_environment_file_that_is_not_there_leaves_it_open(tmp_path: Path) -> None:
    service = start(tmp_path, "EnvironmentFile=/etc/default/shop\n")
    assert not service.environment.complete
    assert service.environment.values == {}


@pytest.mark.parametrize(("at", "found"), [(".env", True), ("dev/.env", False), ("shop/.env", True)])
def test_a_dotenv_of_another_folder_is_not_taken(tmp_path: Path, at: str, found: bool) -> None:
    unit = "[Service]\nWorkingDirectory=/srv/shop\nEnvironmentFile=/srv/shop/.env\nExecStart=/x\n"
    carried = read(tmp_path, {"deploy/shop.service": unit, at: "A=1\n"})
    assert ("A" in carried.services[0].environment.values) is found


# ── the unit ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_defaults(tmp_path: Path) -> None:
    service = start(tmp_path, "")
    unit = service.unit
    assert (unit.label, unit.host, unit.user.value, unit.group.value) == ("systemd shop.service", "", "root", "root")
    assert (unit.stop_signal.value, unit.stop_grace.value, unit.umask.value) == ("TERM", 90, 0o022)
    assert (unit.private_tmp.value, unit.stops_all.value, unit.open_files.value) == (False, True, 1024)
    assert "systemd.kill(5)" in unit.stop_signal.because
    assert not any(each.by_hand for each in (unit.user, unit.stop_signal, unit.stop_grace, unit.umask))
    assert (service.folder, unit.runtime_directories, unit.replicas.value) == ("/", (), 1)


def test_what_a_unit_sets(tmp_path: Path) -> None:
    service = start(
        tmp_path,
        "User=www\nGroup=web\nUMask=0007\nKillSignal=SIGQUIT\nTimeoutStopSec=1min 30s\nPrivateTmp=yes\n"
        "LimitNOFILE=9:99\nWorkingDirectory=-/srv/%p\nRuntimeDirectory=%p shop/two\nKillMode=mixed",
    )
    unit = service.unit
    assert (unit.user.value, unit.group.value, unit.umask.value) == ("www", "web", 0o007)
    assert (unit.stop_signal.value, unit.stop_grace.value) == ("QUIT", 90)
    assert unit.stop_grace.by_hand
    assert (unit.private_tmp.value, unit.open_files.value, unit.stops_all.value) == (True, 9, False)
    assert [each.value for each in unit.runtime_directories] == ["/run/shop", "/run/shop/two"]
    assert service.folder == "/srv/shop"


@pytest.mark.parametrize(
    ("text", "grace"),
    [
        ("TimeoutSec=5", 5.0),
        ("TimeoutStopSec=5\nTimeoutSec=7", 7.0),
        ("TimeoutSec=7\nTimeoutStopSec=500ms", 0.5),
        ("TimeoutStopSec=infinity", None),
        ("TimeoutStopSec=0", None),
        ("SendSIGKILL=no", None),
        ("TimeoutStopSec=5 bananas", 90.0),
        ("TimeoutStopSec=5\nTimeoutStopSec=", 90.0),
    ],
)
def test_stop_grace(tmp_path: Path, text: str, grace: float | None) -> None:
    assert start(tmp_path, text).unit.stop_grace.value == grace


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("KillSignal=INT", "INT"),
        ("KillSignal=3", "QUIT"),
        ("KillSignal=SIGNONE", "TERM"),
        ("ExecStop=/bin/kill -s TERM $MAINPID", "TERM"),
        ("ExecStop=/bin/kill -QUIT $MAINPID\nKillSignal=SIGQUIT", "QUIT"),
        ("ExecStop=/bin/kill -s QUIT $MAINPID", None),
        ("ExecStop=/srv/stop.sh", None),
        ("KillSignal={{ signal }}", None),
    ],
)
def test_stop_signal(tmp_path: Path, text: str, signal: str | None) -> None:
    found = start(tmp_path, text).unit.stop_signal
    assert found.get(None) == signal


def test_a_dynamic_user_is_named_after_the_unit(tmp_path: Path) -> None:
    unit = start(tmp_path, "DynamicUser=yes").unit
    assert (unit.user.value, unit.group.value, unit.private_tmp.value) == ("shop", "shop", True)


def test_the_group_of_a_user_is_not_known(tmp_path: Path) -> None:
    assert not start(tmp_path, "User=www").unit.group.known


def test_a_privileged_command_runs_as_root(tmp_path: Path) -> None:
    assert one(tmp_path, "User=www\nExecStart=+/usr/sbin/nginx").unit.user.value == "root"


def test_instances_are_not_known(tmp_path: Path) -> None:
    service = one(tmp_path, "ExecStart=/x -b unix:/run/%i.sock %p %n", "shop@.service")
    assert words(service) == ["/x", "-b", None, "shop", None]
    assert not service.unit.replicas.known


def test_services_of_users_depend_on_the_user(tmp_path: Path) -> None:
    service = one(tmp_path, "ExecStart=%h/bin/x %t/a.sock", "systemd/user/shop.service")
    assert words(service) == [None, None]
    assert (service.unit.user.known, service.folder) == (False, "")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("/bin/mkdir -p /run/shop /srv/x", ["/run/shop"]),
        ("+/usr/bin/install -d -o www /var/run/shop", ["/run/shop"]),
        ("/usr/sbin/nginx -t", []),
        ("/srv/prepare.sh", [None]),
        ("/bin/sh -c 'mkdir -p /run/shop'", [None]),
    ],
)
def test_folders_that_are_made_before_it_starts(tmp_path: Path, before: str, expected: list[str | None]) -> None:
    found = start(tmp_path, f"ExecStartPre={before}").unit.runtime_directories
    assert [each.get(None) for each in found] == expected


def test_paths_that_lie_elsewhere_on_the_machine(tmp_path: Path) -> None:
    unit = start(
        tmp_path, "TemporaryFileSystem=/run\nBindPaths=/run/db\nBindPaths=/srv/a:/b\nRuntimeDirectory=shop"
    ).unit
    found = [str(unit.place(path)) for path in ("/run/x.sock", "/run/db/s", "/b/s", "/var/run/shop/s", "/etc/x")]
    volumes = [unit.place(path).volume for path in ("/run/x.sock", "/run/db/s", "/b/s", "/var/run/shop/s", "/etc/x")]
    assert volumes == ["service shop.service", "machine", "machine", "machine", "machine"], found
    assert unit.place("/b/s").path == "/srv/a/s"
    chrooted = start(tmp_path, "RootDirectory=/srv/root").unit
    assert chrooted.place("/run/x.sock").path == "/srv/root/run/x.sock"


# ── several files ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_drop_ins_add_and_take_back(tmp_path: Path) -> None:
    carried = read(
        tmp_path,
        {
            "shop.service": "[Service]\nExecStart=/x\nEnvironment=A=1 B=1\nUser=one\n",
            "shop.service.d/20-b.conf": "[Service]\nUser=three\nEnvironment=B=3\n",
            "shop.service.d/10-a.conf": "[Service]\nExecStart=\nExecStart=/y\nUser=two\n",
            "other.service.d/a.conf": "[Service]\nUser=four\n",
        },
    )
    service = carried.services[0]
    assert words(service) == ["/y"]
    assert (service.unit.user.value, service.environment.values["B"]) == ("three", "3")
    assert len(service.unit.files) == 3
    assert carried.problems == []


def test_a_drop_in_that_forgets_to_take_back(tmp_path: Path) -> None:
    carried = read(
        tmp_path,
        {"a.service": "[Service]\nExecStart=/x\n", "a.service.d/o.conf": "[Service]\nExecStart=/y\n"},
    )
    assert [problem.span.file.path for problem in carried.problems] == ["a.service.d/o.conf"]


SOCKET = "[Socket]\nListenStream={}\n"


def addresses(service: Service) -> list[str]:
    return [str(each.address.get("?")) for each in service.handed]


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("/run/shop.sock", "unix:/run/shop.sock"),
        ("%t/%N/x.sock", "unix:/run/shop/x.sock"),
        ("@shop", "unix:@shop"),
        ("8000", "[::]:8000"),
        ("0.0.0.0:8000", "0.0.0.0:8000"),
        ("[::1]:8000", "[::1]:8000"),
        ("127.0.0.1:{{ port }}", "127.0.0.1:{{ port }}"),
        ("/run/{{ name }}.sock", "unix:/run/{{ name }}.sock"),
        ("vsock::5", "?"),
    ],
)
def test_sockets(tmp_path: Path, listen: str, address: str) -> None:
    files = {"shop.service": "[Service]\nExecStart=/x\n", "shop.socket": SOCKET.format(listen)}
    assert addresses(read(tmp_path, files).services[0]) == [address]


def test_the_file_of_a_socket(tmp_path: Path) -> None:
    files = {
        "a.service": "[Service]\nExecStart=/x\n",
        "a.socket": "[Socket]\nListenStream=/a\nListenStream=\nListenStream=/b\nSocketMode=0660\nSocketUser=www\n",
        "b.service": "[Service]\nExecStart=/x\n",
        "b.socket": "[Socket]\nListenStream=/c\n",
    }
    first, second = (service.handed[0].file for service in read(tmp_path, files).services)
    assert first is not None
    assert second is not None
    assert (first.mode.value, first.user.value, first.group.known) == (0o660, "www", False)
    assert (second.mode.value, second.user.value, second.group.value) == (0o666, "root", "root")
    assert not second.mode.by_hand


def test_which_service_a_socket_is_handed_to(tmp_path: Path) -> None:
    files = {
        "one/a.service": "[Service]\nExecStart=/x\nSockets=c.socket\n",
        "one/b.socket": "[Socket]\nListenStream=/b\nService=a.service\n",
        "one/c.socket": "[Socket]\nListenStream=/c\n",
        "two/a.socket": "[Socket]\nListenStream=/each\nAccept=yes\n",
        "two/d.socket": "[Socket]\nListenStream=/d\n",
        "three/d.service": "[Service]\nExecStart=/x\n",
    }
    found = {service.unit.name: addresses(service) for service in read(tmp_path, files).services}
    assert found == {"a.service": ["unix:/c", "unix:/b"], "d.service": ["unix:/d"]}


def test_units_of_one_folder_run_together_unless_they_conflict(tmp_path: Path) -> None:
    files = {
        "d/a.service": "[Service]\nExecStart=/x\n",
        "d/b.service": "[Service]\nExecStart=/x\n",
        "d/c.service": "[Unit]\nConflicts=a.service\n[Service]\nExecStart=/x\n",
    }
    assert [each.together for each in read(tmp_path, files).services] == ["systemd d", "systemd d", ""]


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "letter", "expected"),
    [
        ("my-shop@a-b.service", "n", "my-shop@a-b.service"),
        ("my-shop@a-b.service", "N", "my-shop@a-b"),
        ("my-shop@a-b.service", "p", "my-shop"),
        ("my-shop@a-b.service", "P", "my/shop"),
        ("my-shop@a-b.service", "i", "a-b"),
        ("my-shop@a-b.service", "I", "a/b"),
        ("my-shop@a-b.service", "j", "shop"),
        ("my-shop@a-b.service", "f", "/a/b"),
        ("shop.service", "i", ""),
        ("shop.service", "h", "/root"),
        ("shop.service", "S", "/var/lib"),
        ("shop.service", "z", None),
    ],
)
def test_specifiers(name: str, letter: str, expected: str | None) -> None:
    assert Specifiers(name)(letter) == expected


def test_the_machines_own_are_not_known() -> None:
    assert isinstance(Specifiers("a.service")("H"), Piece)


# ── any text ──────────────────────────────────────────────────────────────────────────────────────────────────────

PIECES = [
    "[Service]\n", "ExecStart=", "/x ", "Environment=", "A=1", "EnvironmentFile=/e\n", "User=", "RuntimeDirectory=",
    "+", "%i", "%", "$A", "${A}", '"', "'", "\\", "\\\n", "\n", ";", " ; ", "{{ a }}", "{% if a %}\n", "{% endif %}\n",
    "@", "\x00", "\udcff", "TimeoutStopSec=", "9", "[Socket]\n", "ListenStream=", "[::]:", "ExecStop=", "kill ",
    "KillMode=none\n",
]  # fmt: skip


def check(carried: Carried) -> None:
    for service in carried.services:
        places: list[Located[object]] = [service.unit.user, service.unit.stop_grace, *service.unit.runtime_directories]  # type: ignore[list-item]
        spans = [each.span for each in places if each.span is not None]
        spans += [word.span for word in service.command.words] if service.command is not None else []
        spans += [each.span for each in service.handed]
        spans += service.environment.spans.values()
        assert all(0 <= span.start < span.end <= len(span.file.text) for span in spans)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.mktemp("any")
    check(read(root, {"a.service": f"[Service]\nExecStart=/x\n{text}", "a.socket": text, "e": text}))


@pytest.mark.parametrize(
    "text",
    [
        "ExecStart=/x " + "${A}" * 60_000 + "\nEnvironment=A=" + "x" * 100_000,
        "ExecStart=/x " + "$A " * 100_000 + "\nEnvironment=A=" + "x" * 8000,
        "ExecStart=/x " + "%n" * 130_000,
        "ExecStart=/x\nEnvironment=" + "A=1 " * 60_000,
        "ExecStart=/x\nPassEnvironment=" + "".join(f"A{at} " for at in range(30_000)),
        "ExecStart=/x\nRuntimeDirectory=" + "a " * 100_000,
        "ExecStart=/x " + "; /y " * 50_000,
    ],
)
def test_bombs(tmp_path: Path, text: str) -> None:
    with no_hang():
        read(tmp_path, {"shop.service": f"[Service]\n{text}\n"})
