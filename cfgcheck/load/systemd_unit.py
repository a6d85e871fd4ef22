"""A service of systemd as a unit: whom it runs as, how it is stopped, what its file system is like."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator

from cfgcheck.load.systemd_settings import UnitSettings
from cfgcheck.load.systemd_values import octal, open_files, seconds, signal_name, switch
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Mount, Unit
from cfgcheck.source.file import Span

_USER = re.compile(r"[A-Za-z_][\w.-]{0,30}\Z", re.ASCII)
_OWN_MANAGER = "it runs in a user's own service manager"
_MAKES_FOLDERS = frozenset({"mkdir", "install"})
_MAKES_NO_FOLDERS = frozenset(
    {"rm", "chown", "chmod", "sleep", "test", "true", "echo", "kill", "nginx", "python", "python3"}
)
_SHELLS = frozenset({"sh", "bash", "dash", "zsh"})


def build_unit(settings: UnitSettings, span: Span) -> Unit:
    """``span``: where the unit begins."""
    user = _user(settings)
    return Unit(
        Manager.SYSTEMD,
        settings.name,
        span,
        mounts=tuple(_mounts(settings)),
        user=user,
        group=_group(settings, user),
        umask=settings.value("Service", "UMask", octal, _default(settings, 0o022, "systemd.exec(5), UMask=")),
        stop_signal=_stop_signal(settings),
        stop_grace=_stop_grace(settings),
        stops_all=_stops_all(settings),
        prestop=Located.default(None),
        runtime_directories=tuple(_runtime_directories(settings)),
        private_tmp=_private_tmp(settings),
        open_files=settings.value(
            "Service", "LimitNOFILE", open_files, Located.default(1024, "systemd-system.conf(5), DefaultLimitNOFILE=")
        ),
        replicas=Located.unknown("how many of its instances are started is not known")
        if settings.is_template
        else Located.default(1),
        files=settings.files,
    )


def _default(settings: UnitSettings, value: int, source: str) -> Located[int]:
    return Located.unknown(_OWN_MANAGER) if settings.own else Located.default(value, source)


def _user(settings: UnitSettings) -> Located[str]:
    setting = settings.last("Service", "User")
    if setting is not None:
        return settings.text(setting)
    dynamic = settings.switch("Service", "DynamicUser")
    if not dynamic.known:
        return Located.unknown(dynamic.because, dynamic.span)
    if dynamic.value:
        name = settings.name.rpartition(".")[0]
        if _USER.match(name):
            return Located.read(name, dynamic.span)
        return Located.unknown("systemd makes up a name for it (DynamicUser=)", dynamic.span)
    if settings.own:
        return Located.unknown(_OWN_MANAGER)
    return Located.default("root", "systemd.exec(5), User=")


def _group(settings: UnitSettings, user: Located[str]) -> Located[str]:
    setting = settings.last("Service", "Group")
    if setting is not None:
        return settings.text(setting)
    if settings.switch("Service", "DynamicUser").get(False) or user.get("") == "root":
        return user
    return Located.unknown("it runs as its user's own group, which /etc/passwd tells", user.span)


# ── how it is stopped ─────────────────────────────────────────────────────────────────────────────────────────────


def _stop_signal(settings: UnitSettings) -> Located[str]:
    default = Located.default("TERM", "systemd.kill(5), KillSignal=")
    configured = settings.value("Service", "KillSignal", signal_name, default)
    mode = settings.last("Service", "KillMode")
    if mode is not None and mode.value.text == "none":
        return Located.unknown("KillMode=none: nothing but ExecStop= stops it", mode.value.place)
    for setting in settings.all("Service", "ExecStop"):
        first = _killed_with([text for _, text in settings.words(setting)])
        if not configured.known or first == configured.value:
            continue
        span = setting.value.place
        how = (
            f"ExecStop= sends {first} and systemd {configured.value} right after"
            if first
            else "ExecStop= stops it first"
        )
        return Located.unknown(how, span)
    return configured


def _killed_with(words: list[Located[str]]) -> str:
    """The signal that a ``kill`` of the main process sends; "" where the command is another one."""
    texts = [word.get("") for word in words]
    if not texts or posixpath.basename(texts[0].lstrip("-@:+!")) != "kill":
        return ""
    given = [text for text in texts[1:] if text not in ("$MAINPID", "${MAINPID}", "-s", "--signal", "-n")]
    if not given:
        return "TERM"
    return signal_name(given[0].removeprefix("--signal=").removeprefix("-s").lstrip("-")) or ""


def _stop_grace(settings: UnitSettings) -> Located[float | None]:
    found = settings.value(
        "Service",
        ("TimeoutSec", "TimeoutStopSec"),
        seconds,
        Located.default(90.0, "systemd-system.conf(5), DefaultTimeoutStopSec="),
    )
    kills = settings.switch("Service", "SendSIGKILL", True)
    mode = settings.last("Service", "KillMode")
    if kills.get(True) is False:
        return Located.read(None, kills.span)
    if mode is not None and mode.value.text == "none":
        return Located.read(None, mode.value.place)
    if not found.known:
        return Located.unknown(found.because, found.span, found.text)
    # 0 has always meant what "infinity" says.
    return found.with_value(None if found.value in (0, math.inf) else found.value)


def _stops_all(settings: UnitSettings) -> Located[bool]:
    known = {"control-group": True, "mixed": False, "process": False, "none": False}
    return settings.value("Service", "KillMode", known.get, Located.default(True, "systemd.kill(5), KillMode="))


# ── its file system ───────────────────────────────────────────────────────────────────────────────────────────────


def _private_tmp(settings: UnitSettings) -> Located[bool]:
    def convert(text: str) -> bool | None:
        return True if text == "disconnected" else switch(text)

    default = Located.default(False, "systemd.exec(5), PrivateTmp=")
    dynamic = settings.switch("Service", "DynamicUser")
    return settings.value("Service", "PrivateTmp", convert, dynamic if dynamic.get(False) else default)


def _mounts(settings: UnitSettings) -> Iterator[Mount]:
    """Where its paths lie on the machine, where that is elsewhere."""
    root = settings.last("Service", "RootDirectory")
    if root is not None and (folder := settings.text(root)).get("").startswith("/"):
        yield Mount("/", volume="machine", base=folder.value, span=folder.span)
    for setting in settings.all("Service", "TemporaryFileSystem"):
        for _, text in settings.words(setting):
            path = text.get("").partition(":")[0]
            if path.startswith("/"):
                yield Mount(path, volume=f"service {settings.name}", base=path, memory=True, span=text.span)
    for runtime in _runtime_directories(settings):
        if runtime.known:
            yield Mount(runtime.value, volume="machine", base=runtime.value, span=runtime.span)
    for name in ("BindPaths", "BindReadOnlyPaths"):
        for setting in settings.all("Service", name):
            for _, text in settings.words(setting):
                source, _, rest = text.get("").lstrip("-+").partition(":")
                target = rest.partition(":")[0] or source
                if source.startswith("/") and target.startswith("/"):
                    yield Mount(target, volume="machine", base=source, span=text.span)


def _runtime_directories(settings: UnitSettings) -> Iterator[Located[str]]:
    for setting in settings.all("Service", "RuntimeDirectory"):
        for _, text in settings.words(setting):
            if settings.own or not text.known:
                yield Located.unknown(text.because or _OWN_MANAGER, text.span, text.text)
            else:
                yield text.with_value(posixpath.normpath("/run/" + text.value.partition(":")[0]))
    for setting in settings.all("Service", "ExecStartPre"):
        yield from _made_before(settings, [text for _, text in settings.words(setting)])


def _made_before(settings: UnitSettings, words: list[Located[str]]) -> Iterator[Located[str]]:
    """Folders below /run that ``ExecStartPre=`` makes; unknown where a script may make them."""
    texts = [word.get("") for word in words]
    if not texts:
        return
    program = posixpath.basename(texts[0].lstrip("-@:+!|"))
    if program in _MAKES_FOLDERS:
        for word in words[1:]:
            path = word.get("")
            if path.startswith(("/run/", "/var/run/")):
                yield word.with_value(posixpath.normpath(path.removeprefix("/var")))
    elif program in _SHELLS or program not in _MAKES_NO_FOLDERS:
        yield Located.unknown(f"what {texts[0] or 'ExecStartPre='} makes is not known", words[0].span)
