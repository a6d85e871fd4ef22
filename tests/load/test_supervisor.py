"""Programs of supervisord, on the machine and inside containers."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.service import Carried, Service
from cfgcheck.load.supervisor import programs, programs_inside, read_supervisor
from cfgcheck.load.supervisor_values import PairError, expand, pairs
from cfgcheck.model.app import SocketFile
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Mount, Unit
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.joined_value import Value
from tests.hanging import no_hang
from tests.load.carrying import context_of, words, write


def read(root: Path, files: dict[str, str]) -> Carried:
    return read_supervisor(context_of(root), write(root, files))


def one(root: Path, text: str, section: str = "program:web") -> Service:
    carried = read(root, {"web.conf": f"[{section}]\n{text}\n"})
    assert carried.problems == []
    assert len(carried.services) == 1
    return carried.services[0]


def refused(root: Path, text: str, name: str = "web.conf") -> list[str]:
    return [f"{each.span.text}: {each.message}" for each in read(root, {name: text}).problems]


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("gunicorn -b :8000 app ; comment", ["gunicorn", "-b", ":8000", "app"]),
        ("/x/g 'a b' \"c\" d#e", ["/x/g", "a b", "c", "d#e"]),
        ("/x/g %(program_name)s %(ENV_A)s %%", ["/x/g", "web", "1", "2", "%"]),
        ("/x/g -b :%(ENV_PORT)s -w %(here)s/x", ["/x/g", "-b", None, "-w", None]),
        ("/x/g $PORT && b", ["/x/g", "$PORT", "&&", "b"]),
        ("/x/g -b {{ host }}:80", ["/x/g", "-b", None]),
        ("/x/g\n  -b :80", ["/x/g", "-b", ":80"]),
        ("/x/g %(process_num)02d", ["/x/g", "00"]),
        ('bash -c "exec gunicorn -b %(ENV_HOST)s:80"', ["bash", "-c", None]),
    ],
)
def test_words(tmp_path: Path, command: str, expected: list[str | None]) -> None:
    assert words(one(tmp_path, f'environment=A="1 2"\ncommand={command}')) == expected


def test_what_is_not_known_is_told_as_it_is_written(tmp_path: Path) -> None:
    service = one(tmp_path, "command=/x %(ENV_A)s:%(ENV_B)s '%(ENV_A)s' {{ a }}/%(ENV_B)s")
    assert service.command is not None
    told = [(word.template, word.bare) for word in service.command.words[1:]]
    assert told == [("%(ENV_A)s:%(ENV_B)s", True), ("%(ENV_A)s", False), ("{{ a }}/%(ENV_B)s", True)]
    assert "environment variable A" in service.command.words[1].because


def test_places(tmp_path: Path) -> None:
    service = one(tmp_path, "command=/x %(program_name)s:80 %%(a)s\n  -b %(ENV_A)s")
    assert service.command is not None
    spans = [word.span for word in service.command.words]
    assert [span.text for span in spans] == ["/x", "%(program_name)s:80", "%%(a)s", "-b", "%(ENV_A)s"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[program:a]\ncommand=/x 'a", "'a: supervisord can't start a: this quote is never closed"),
        ("[program:a]\ncommand=/x '%(h)s'", "it knows no %(h)s"),
        ("[program:a]\ncommand=date +%Y", "a percent sign has to be written %%"),
        ("[program:a]\nuser=b", "[program:a]: supervisord refuses the file: program a has no command"),
        ('[program:a]\ncommand=x\nenvironment=A="b', "names, each with an = and one value"),
        ("[program:a]\ncommand=x\nenvironment=A", "names, each with an = and one value"),
        ("[fcgi-program:a]\ncommand=x", "a has no socket"),
        ("command=x", "a section has to come first"),
        ("[supervisord]\nenvironment=A\n[program:a]\ncommand=x", "names, each with an = and one value"),
    ],
)
def test_what_supervisord_refuses(tmp_path: Path, text: str, message: str) -> None:
    found = refused(tmp_path, text)
    assert len(found) == 1
    assert message in found[0]


def test_a_template_is_no_mistake(tmp_path: Path) -> None:
    assert refused(tmp_path, "[program:a]\n{{ all }}\n{% if x %}\ncommand='x %d\n{% endif %}\n") == []


# ── environment ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_environment_of_supervisord_lies_under_that_of_the_program(tmp_path: Path) -> None:
    text = (
        '[supervisord]\nenvironment=A="1",B="x:y"\n'
        "[program:a]\nenvironment=A=%(ENV_B)s,\n  C='%(program_name)s',D=%(ENV_E)s\ncommand=/x %(ENV_A)s %(ENV_C)s\n"
    )
    carried = read(tmp_path, {"s.conf": text})
    service = carried.services[0]
    assert words(service) == ["/x", "x:y", "a"]
    assert service.environment.values["B"] == "x:y"
    assert "D" in service.environment.unknown
    assert not service.environment.complete


def real_pairs(text: str) -> dict[str, str]:
    """``datatypes.dict_of_key_value_pairs`` of supervisor 4.3."""
    lexer = shlex.shlex(text)
    lexer.wordchars += "/.+-():"
    tokens = list(lexer)
    found = {}
    for at in range(0, len(tokens), 4):
        if len(tokens) < at + 3 or tokens[at + 1] != "=":
            raise ValueError
        found[tokens[at]] = tokens[at + 2].strip("'\"")
    return found


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(["A", "B", "=", ",", '"', "'", " ", "\n", "#", "x/y", "1.2", "-", ":", "$", "é", "A=1"]),
        max_size=12,
    )
)
def test_pairs_as_supervisord_has_them(parts: list[str]) -> None:
    text = "".join(parts)
    file = SourceFile("s", text + "x")
    expanded = expand(Value(file, text, ((0, 0),), file.span(0, 1)), {})
    try:
        expected = real_pairs(text)
    except ValueError:
        with pytest.raises(PairError):
            pairs(expanded)
        return
    assert {pair.name: pair.value for pair in pairs(expanded)} == expected


# ── the unit ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_defaults(tmp_path: Path) -> None:
    service = one(tmp_path, "command=gunicorn app")
    unit = service.unit
    assert (unit.label, unit.manager, unit.host) == ("program web", Manager.SUPERVISOR, "")
    assert (unit.stop_signal.value, unit.stop_grace.value, unit.umask.value) == ("TERM", 10, 0o022)
    assert (unit.stops_all.value, unit.replicas.value, unit.user.known) == (False, 1, False)
    assert not unit.stop_grace.by_hand
    assert (service.folder, unit.outer, service.handed) == ("", None, ())


def test_what_a_program_sets(tmp_path: Path) -> None:
    service = one(
        tmp_path,
        "command=x\nuser=www\ndirectory=/srv/%(program_name)s/\numask=027\nstopsignal=sigquit\nstopwaitsecs=60 ; long\n"
        "stopasgroup=true\nnumprocs=3\nprocess_name=%(process_num)s",
    )
    unit = service.unit
    assert (unit.user.value, unit.umask.value, unit.stop_signal.value) == ("www", 0o027, "QUIT")
    assert (unit.stop_grace.value, unit.stops_all.value, unit.replicas.value) == (60, True, 3)
    assert unit.stop_grace.by_hand
    assert service.folder == "/srv/web"
    assert not unit.group.known


def test_a_value_that_is_refused_is_not_known(tmp_path: Path) -> None:
    assert not one(tmp_path, "command=x\nstopwaitsecs=soon").unit.stop_grace.known


def test_processes_on_ports_of_their_own(tmp_path: Path) -> None:
    several = "numprocs=3\nnumprocs_start=1\nprocess_name=%(process_num)d\n"
    carried = read(tmp_path, {"s.conf": f"[program:a]\ncommand=/x -p 80%(process_num)02d\n{several}"})
    assert [words(service)[2] for service in carried.services] == ["8001", "8002", "8003"]
    assert len({service.unit.name for service in carried.services}) == 3


def test_programs_that_are_not_started_are_left_out(tmp_path: Path) -> None:
    text = (
        "[program:a]\ncommand=x\nautostart=false\n[program:b]\ncommand=y\nautostart={{ start }}\n"
        "[eventlistener:c]\ncommand=z\n"
    )
    assert [service.unit.name for service in read(tmp_path, {"s.conf": text}).services] == ["b"]


@pytest.mark.parametrize(
    ("text", "address", "mode", "owner"),
    [
        ("socket=tcp://LocalHost:9000", "localhost:9000", None, None),
        ("socket=unix:///run/%(program_name)s.sock\nuser=www", "unix:/run/web.sock", 0o700, ("www", None)),
        ("socket=unix:///a\nsocket_mode=0660\nsocket_owner=www:web", "unix:/a", 0o660, ("www", "web")),
        ("socket=unix:///a/{{ b }}", "unix:/a/{{ b }}", 0o700, (None, None)),
        ("socket=none", "?", None, None),
    ],
)
def test_sockets_of_fcgi_programs(
    tmp_path: Path, text: str, address: str, mode: int | None, owner: tuple[str | None, str | None] | None
) -> None:
    handed = one(tmp_path, f"command=x\n{text}", "fcgi-program:web").handed
    assert [str(each.address.get("?")) for each in handed] == [address]
    file: SocketFile | None = handed[0].file
    assert (file.mode.value if file is not None else None) == mode
    assert ((file.user.get(None), file.group.get(None)) if file is not None else None) == owner


# ── several files ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_that_a_main_file_includes(tmp_path: Path) -> None:
    carried = read(
        tmp_path,
        {
            "etc/supervisord.conf": "[supervisord]\nenvironment=A=1\n[include]\nfiles = conf.d/*.conf /srv/%(here)s\n",
            "etc/conf.d/a.conf": "[program:a]\ncommand=/x %(ENV_A)s\n",
            "etc/conf.d/b.conf": "[program:b]\ncommand=/y\n",
            "other/c.conf": "[program:c]\ncommand=/z %(ENV_A)s\n",
        },
    )
    found = {service.unit.name: (words(service), service.together) for service in carried.services}
    main = "supervisord etc/supervisord.conf"
    assert found == {
        "a": (["/x", "1"], main),
        "b": (["/y"], main),
        "c": (["/z", None], "supervisord other"),
    }


def test_an_absolute_include_is_found_by_the_end_of_its_path(tmp_path: Path) -> None:
    carried = read(
        tmp_path,
        {
            "deploy/supervisord.conf": "[supervisord]\n[include]\nfiles=/etc/supervisor/conf.d/*.conf\n",
            "deploy/conf.d/a.conf": "[program:a]\ncommand=/x\n",
        },
    )
    assert [service.together for service in carried.services] == ["supervisord deploy/supervisord.conf"]


def container(root: Path, mounts: list[Mount], **environment: str) -> Service:
    context = context_of(root)
    file = SourceFile("compose.yaml", "services:")
    unit = Unit(
        Manager.COMPOSE,
        "web",
        file.span(0, 8),
        host="web",
        container=True,
        user=Located.read("app", None),
        mounts=tuple(mounts),
    )
    files = Filesystem(context.disk, context.index, mounts, certain=True)
    known = Environment(dict(environment), complete=True)
    return Service(unit, files, environment=known, folder="/app", together="compose")


MAIN = (
    "[supervisord]\nnodaemon=true\numask=077\n[include]\nfiles=/etc/supervisor/conf.d/*.conf\n"
    "[program:web]\ncommand=gunicorn -b :%(ENV_PORT)s -c %(here)s/gunicorn.py app\n"
)


def test_inside_a_container(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"sv/supervisord.conf": MAIN, "sv/conf.d/n.conf": "[program:nginx]\ncommand=nginx\ndirectory=%(here)s\n"},
    )
    context = context_of(tmp_path)
    service = container(tmp_path, [Mount("/etc/supervisor", source=str(tmp_path / "sv"))], PORT="8000")
    file = context.disk.read("sv/supervisord.conf")
    assert file is not None
    web, nginx = programs(file, service, context)
    assert words(web) == ["gunicorn", "-b", ":8000", "-c", "/etc/supervisor/gunicorn.py", "app"]
    assert (web.unit.outer, web.unit.host, web.unit.contained) == (service.unit, "web", True)
    assert (web.folder, web.files, web.together) == ("/app", service.files, "compose")
    assert (web.unit.user.value, web.unit.umask.value) == ("app", 0o022)
    assert web.environment.complete
    assert (words(nginx), nginx.unit.name) == (["nginx"], "nginx")
    assert web.unit.place("/run/x") == service.unit.place("/run/x")
    inside = programs_inside(file, service, context)
    assert inside.used == {tmp_path / "sv/conf.d/n.conf"}


def test_an_include_that_is_not_in_the_tree_is_something_unseen(tmp_path: Path) -> None:
    write(tmp_path, {"supervisord.conf": MAIN})
    context = context_of(tmp_path)
    service = container(tmp_path, [])
    open_files = Filesystem(context.disk, context.index)
    file = context.disk.read("supervisord.conf")
    assert file is not None
    certain = programs(file, service, context)
    assert [each.opaque for each in certain] == [""]
    from cfgcheck.record import replace

    found = programs(file, replace(service, files=open_files), context)
    assert [bool(each.opaque) for each in found] == [False, True]


def test_a_file_that_includes_itself(tmp_path: Path) -> None:
    write(tmp_path, {"s/a.conf": "[supervisord]\n[include]\nfiles=*.conf\n[program:a]\ncommand=x\n"})
    context = context_of(tmp_path)
    service = container(tmp_path, [Mount("/etc", source=str(tmp_path / "s"))])
    file = context.disk.read("s/a.conf")
    assert file is not None
    assert [each.unit.name for each in programs(file, service, context)] == ["a"]


# ── any text ──────────────────────────────────────────────────────────────────────────────────────────────────────

PIECES = [
    "[program:a]\n", "[fcgi-program:b]\n", "[supervisord]\n", "[include]\n", "files=", "*.conf", "command=", "/x ",
    "%(ENV_A)s", "%(process_num)02d", "numprocs=3\n", "environment=", "A=1", ",", '"', "'", "\\", "%", "\n", "\n  ",
    ";", "#", "socket=", "unix:///a", "{{ a }}", "{% if a %}\n", "\x00", "\udcff", "\ue000", "umask=",
    "9", "directory=",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    carried = read(tmp_path_factory.mktemp("any"), {"s.conf": f"[program:z]\ncommand=/x\n{text}"})
    for service in carried.services:
        spans = [word.span for word in service.command.words] if service.command is not None else []
        spans += [each.span for each in service.handed]
        spans += service.environment.spans.values()
        assert all(0 <= span.start < span.end <= len(span.file.text) for span in spans)


@pytest.mark.parametrize(
    "text",
    [
        "[program:a]\ncommand=" + "%(ENV_A)s" * 100_000,
        "[supervisord]\nenvironment=A=" + "x" * 100_000 + "\n[program:a]\ncommand=" + "%(ENV_A)s" * 90_000,
        "[supervisord]\nenvironment=" + "A1=x," * 100_000 + "\n" + "[program:a]\ncommand=x\n" * 20_000,
        "".join(f"[program:a{at}]\ncommand=x\nenvironment=A=1\n" for at in range(20_000)),
        "[program:a]\nnumprocs=999999999\ncommand=%(process_num)s\n",
        "[program:a]\ncommand=" + "{{" * 400_000,
        "[program:a]\nenvironment=" + '"' * 999_999 + "\ncommand=x",
    ],
)
def test_bombs(tmp_path: Path, text: str) -> None:
    with no_hang():
        carried = read(tmp_path, {"s.conf": text})
    assert len(carried.services) < 500
