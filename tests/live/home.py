"""A stack's files in a folder of their own: only addresses and paths are other ones, so that they can be used here."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cfgcheck import resources
from tests.live.ports import Ports

_LISTEN = re.compile(r"\blisten\s+(?:(\[[\da-fA-F:]*\]|\*|[\d.]+|localhost):)?(\d{2,5})\b")
_PORT = re.compile(
    r"(?<!unix_signal:)(?:(?<=[\w\]*]:)|(?<=[ \"'=]:)|(?<=\bport[ =\"'])|(?<=--port[ =])|(?<=-p )|(?<=-p))"
    r"(\d{2,5})\b(?![.:\w])"
)
_EVERYWHERE = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d./])")
_NAMED = re.compile(r"((?:_pass\s+(?:\w+://)?|\bserver\s+))([A-Za-z][\w.-]*)(?=:\d)")
_UPSTREAM = re.compile(r"\bupstream\s+([\w.-]+)\s*\{")
_ROOTS = "run|var|srv|tmp|home|opt|app|data|code|root|sockets?|shared|www|usr/share|usr/src|etc"
_PATH = re.compile(rf"(?<![\w.:/$)}}~-])/(?:{_ROOTS})/[\w.@%+/-]*")
_UNIX = re.compile(rf"(?<=unix:)(?://)?(/(?:{_ROOTS})/[\w.@%+/-]*)")
_FILE_DIRECTIVE = re.compile(
    r"^(\s*(?:root|alias|include|ssl_\w+|\w+_log|pid|\w+_temp_path|\w+_cache_path|\w+_ssl_\w+|auth_basic_user_file)\s+)(/\S+?)(?=[;\s])",
    re.MULTILINE,
)
_OF_THE_MACHINE = ("/dev/", "/proc/", "/bin/", "/usr/bin/", "/usr/sbin/", "/sbin/")
_DROPPED_OF_NGINX = re.compile(r"^\s*(?:daemon|pid|error_log|access_log)\b[^;]*;", re.MULTILINE)
_USER = re.compile(r"^\s*user\b[^;]*;", re.MULTILINE)
_DROPPED_OF_APPS = re.compile(
    r"^[ \t]*(?:virtualenv|venv|home|plugins?|daemonize2?|logto2?|daemon|pidfile2?|py-tracebacker|errorlog|accesslog|"
    r"raw_env)[ \t]*[=:].*$",
    re.MULTILINE,
)
_DROPPED_USERS = re.compile(r"^[ \t]*(?:uid|gid|user|group|chown-socket)[ \t]*=.*$", re.MULTILINE)
_NAMED_USERS = re.compile(
    r"(?:(?<=\b[ug]id = )|(?<=\buser = \")|(?<=\bgroup = \")|(?<=chown-socket = )|(?<=^user )|(?<=--owner ))"
    r"([a-z][\w-]*)(?:([: ])([a-z][\w-]*)(?![ \w-]))?",
    re.MULTILINE,
)
_ACCOUNTS = ("daemon", "bin", "games", "mail", "nobody")
"""Nearly every machine has these; they stand for the users of the files that this one has not."""
_APP = re.compile(r"(?<![\w/.:-])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)(?![\w/.:-])")
_MODULE = re.compile(r"^\s*(?:module|wsgi)\s*=\s*([\w.]+)(?::(\w+))?", re.MULTILINE)
_PLAIN_MODULE = re.compile(r"(?<![\w/.:-])([a-z_]\w*(?:\.\w+)*\.(?:wsgi|asgi))(?![\w:.])")
_WSGI_FILE = re.compile(r"^\s*(?:wsgi-file|file)\s*=\s*(\S+\.py)", re.MULTILINE)
_ASYNCHRONOUS = re.compile(r"\b(?:uvicorn|hypercorn|daphne|granian|asgi)\b", re.IGNORECASE)
_CERTIFICATES = re.compile(
    r"\b(?:(?:ssl_certificate|ssl_certificate_key|\w*ssl_trusted_certificate)\s+|(?:certfile|keyfile|ca_certs)\s*=\s*[\"'])"
    r"([^;$\"'\n]+)[;\"']"
)
_ABSTRACT = re.compile(r"(?:(?<=unix:)|(?<=socket = )|(?<=socket=))@(\w+)")
_KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_TEMPORARY = " ".join(f"{name}_temp_path {{base}}/temp_{name};" for name in _KINDS)


@dataclass
class Home:
    """The folder. ``ports``: the port here of each port in the files; ``mains``: the main file of each nginx."""

    base: Path
    ports: dict[int, int] = field(default_factory=dict)
    mains: list[Path] = field(default_factory=list)
    listens: list[int] = field(default_factory=list)
    """Of nginx, in order, as in the files."""

    texts: dict[str, str] = field(default_factory=dict)
    as_it_is: bool = False
    """Addresses and paths stay, as the servers have hosts of their own."""

    def local(self, port: int) -> int:
        return self.ports[port]


@contextmanager
def home(files: Mapping[str, str], commands: Mapping[str, str], *, users: bool = False) -> Iterator[Home]:
    """The stack's files, usable. ``users``: whether statements about users count (only root can act on them)."""
    ports = Ports()
    base = Path(tempfile.mkdtemp(prefix="cfg"))
    base.chmod(0o755)
    try:
        yield _filled(Home(base), files, commands, ports, users)
    finally:
        ports.release()
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def home_as_it_is(files: Mapping[str, str]) -> Iterator[Home]:
    """The stack's files, for hosts of their own: only the modules are the probe."""
    base = Path(tempfile.mkdtemp(prefix="cfg"))
    base.chmod(0o755)
    made = Home(base, as_it_is=True, texts=dict(files))
    try:
        for name, text in files.items():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_text(text, encoding="utf-8")
        made.mains = _mains(made, users=False)
        _modules(made, "\n".join(files.values()))
        yield made
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _filled(made: Home, files: Mapping[str, str], commands: Mapping[str, str], ports: Ports, users: bool) -> Home:
    (made.base / "run").mkdir()
    (made.base / "var").mkdir()
    (made.base / "tmp").mkdir()
    (made.base / "var/run").symlink_to("../run")
    everything = "\n".join([*files.values(), *commands.values()])
    made.listens = [int(port) for text in files.values() if _is_nginx(text) for _, port in _LISTEN.findall(text)]
    wanted = {*made.listens, *(int(port) for port in _PORT.findall(everything)), 8000}
    made.ports = {port: ports.take() for port in sorted(wanted)}
    for name, text in files.items():
        path = made.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        written = _nginx(made, text, users) if _is_nginx(text) else usable(made, _app(text, users))
        path.write_text(written, encoding="utf-8")
        made.texts[name] = written
    if users:
        _open_to_others(made.base)
    _certificates(made)
    made.mains = _mains(made, users)
    _modules(made, everything)
    return made


def _open_to_others(base: Path) -> None:
    """What a server that becomes another user needs: the probe's notes, and the modules of a Python that only root may
    read, imported while it still is root."""
    notes = base / "seen.jsonl"
    notes.touch()
    notes.chmod(0o666)
    for folder in (base / "run").rglob("*"):
        folder.chmod(0o777)  # whoever starts a server makes it a folder that it may write to
    names = "__future__, asyncio, encodings.idna, encodings.latin_1, json, random, traceback, urllib.parse"
    (base / "sitecustomize.py").write_text(f"import {names}\n")


def _is_nginx(text: str) -> bool:
    return bool(re.search(r"^\s*(?:events|http|server|upstream\s+\S+|location\b[^{=]*)\s*\{", text, re.MULTILINE))


def usable(made: Home, text: str) -> str:
    """A text with addresses and paths of this folder."""
    if made.as_it_is:
        return text
    text = _EVERYWHERE.sub("127.0.0.1", text)
    text = _PORT.sub(lambda found: str(made.ports.get(int(found[1]), found[1])), text)
    text = _UNIX.sub(lambda found: _inside(made, found[1]), text)
    text = _ABSTRACT.sub(lambda found: f"@{made.base.name}-{found[1]}", text)
    return _PATH.sub(lambda found: _inside(made, found[0]), text)


def _inside(made: Home, path: str) -> str:
    if path.startswith((*_OF_THE_MACHINE, str(made.base))):
        return path
    here = made.base / path.lstrip("/")
    folder = here if path.endswith("/") and here.suffix != ".sock" else here.parent
    folder.mkdir(parents=True, exist_ok=True)
    return f"{here}/" if path.endswith("/") else str(here)


def _app(text: str, users: bool) -> str:
    text = _DROPPED_OF_APPS.sub("", text)
    return with_accounts(text) if users else _DROPPED_USERS.sub("", text)


def with_accounts(text: str) -> str:
    """With users and groups that this machine has. The same name becomes the same account in each file."""
    return _NAMED_USERS.sub(
        lambda found: _account(found[1]) + (f"{found[2]}{_account(found[3])}" if found[3] else ""), text
    )


def _account(name: str) -> str:
    import grp
    import pwd

    there = {user.pw_name for user in pwd.getpwall()} & {group.gr_name for group in grp.getgrall()}
    fitting = [one for one in _ACCOUNTS if one in there]
    return name if name in there or not fitting else fitting[len(name) % len(fitting)]


def _nginx(made: Home, text: str, users: bool) -> str:
    text = _DROPPED_OF_NGINX.sub("", text)
    text = with_accounts(text) if users else _USER.sub("", text)
    text = _LISTEN.sub(lambda found: f"listen {_loopback(found[1])}:{made.ports[int(found[2])]}", text)
    upstreams = {*_UPSTREAM.findall(text), "localhost", "unix"}
    text = _NAMED.sub(lambda found: found[0] if found[2] in upstreams else f"{found[1]}127.0.0.1", text)
    text = _UNIX.sub(lambda found: _inside(made, found[1]), text)
    text = _ABSTRACT.sub(lambda found: f"@{made.base.name}-{found[1]}", text)
    text = _PORT.sub(lambda found: str(made.ports.get(int(found[1]), found[1])), text)
    return _FILE_DIRECTIVE.sub(lambda found: found[1] + _inside(made, found[2]), text)


def _loopback(address: str | None) -> str:
    """Nothing that an experiment starts is to be reached from elsewhere."""
    if address and address.startswith("["):
        return "[::1]"
    return "127.0.0.1" if address in (None, "*", "0.0.0.0") else address


def _certificates(made: Home) -> None:
    """The files that nginx's ``ssl_certificate`` and the like, Gunicorn's ``certfile`` and the like name: all with the
    same certificate, its key and the authority that signed it."""
    text = "\n".join(made.texts.values())
    wanted = {name.strip() for name in _CERTIFICATES.findall(text)}
    if not wanted:
        return
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("shop.example.com", "localhost", "127.0.0.1")
    parts = [issued.private_key_pem, *issued.cert_chain_pems, authority.cert_pem]
    for name in wanted:
        path = made.base / name  # absolute ones lie in there already
        assert path.is_relative_to(made.base)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(part.bytes() for part in parts))


def _mains(made: Home, users: bool) -> list[Path]:
    """The main file of each nginx: the stack's own ones, or one that includes its fragments."""
    nginx = {name: text for name, text in made.texts.items() if _is_nginx(text)}
    wholes = [name for name, text in nginx.items() if re.search(r"^\s*events\s*\{", text, re.MULTILINE)]
    if nginx and not wholes:
        top = "\n".join(f"include {made.base / name};" for name, text in nginx.items() if "server {" in text)
        return [_main(made, made.base / "whole.conf", f"events {{}}\nhttp {{\n{top}\n}}\n", users)]
    return [_main(made, made.base / name, made.texts[name], users) for name in wholes]


def pid_of(made: Home, main: Path) -> Path:
    """Where the nginx of that main file writes its process id."""
    return made.base / f"{'-'.join(main.relative_to(made.base).with_suffix('').parts)}.pid"


def _main(made: Home, path: Path, text: str, users: bool) -> Path:
    """Written with what keeps it within the folder."""
    own = f"daemon off; pid {pid_of(made, path)}; error_log {made.base}/error.log info;\n"
    own += "" if users and _USER.search(text) else "user root;\n" if _is_root() else ""
    inside = f"http {{ access_log {made.base}/access.log; {_TEMPORARY.format(base=made.base)}"
    written = re.sub(r"\bhttp\s*\{", lambda _: inside, own + text, count=1)
    # What the experiments claim about an error is at its own place: the preamble must not move the file's lines.
    path.write_text(own.replace("\n", " ") + written.removeprefix(own), encoding="utf-8")
    for stock in resources.data("nginx").iterdir():
        if stock.is_file() and not (path.parent / stock.name).exists():
            shutil.copy(str(stock), path.parent / stock.name)
    return path


def _is_root() -> bool:
    import os

    return os.geteuid() == 0


def _modules(made: Home, everything: str) -> None:
    """Modules by the names that the files give to the application, each with the probe in it."""
    for name in ("probe.py", "handing.py"):
        shutil.copy(Path(__file__).with_name(name), made.base / name)
    asynchronous = bool(_ASYNCHRONOUS.search(everything))
    wanted = {(module, name) for module, name in _APP.findall(everything)}
    wanted |= {(module, name) for module, name in _MODULE.findall(everything)}
    wanted |= {(module, "") for module in _PLAIN_MODULE.findall(everything)}
    for module, name in sorted(wanted):
        if module.split(".")[0] in ("unix", "http", "https", "localhost", "uvicorn", "gunicorn", "probe", "fd", "os"):
            continue
        for folder in {made.base, *_working_folders(made)}:
            _module(folder, module, name, asynchronous)
    for path in _WSGI_FILE.findall("\n".join(made.texts.values())):
        _write_module(made.base / path, "", asynchronous)


def _working_folders(made: Home) -> list[Path]:
    """Where the files say that the servers work."""
    texts = "\n".join(made.texts.values())
    found = re.findall(r"^\s*(?:chdir|pythonpath)\s*=\s*[\"']?([^\"'\s]+)", texts, re.MULTILINE)
    return [made.base / path for path in found]


def _module(folder: Path, module: str, name: str, asynchronous: bool) -> None:
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_module(path, name, asynchronous or "asgi" in module)


def _write_module(path: Path, name: str, asynchronous: bool) -> None:
    kind = "asgi" if asynchronous else "wsgi"
    names = sorted({"app", "application", name or "app"})
    text, probe = path.read_text(encoding="utf-8") if path.exists() else "", f"from probe import {kind}\n\n"
    text += "" if probe in text else probe  # an example's own module does what it says, then answers as the probe
    path.write_text(text + "".join(f"{one} = {kind}\n" for one in names), encoding="utf-8")
