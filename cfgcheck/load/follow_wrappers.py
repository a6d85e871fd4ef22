"""Programs that run the program that is named among their arguments, and what becomes of signals then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from cfgcheck.load.program import VALUE_FLAGS, WRAPPERS
from cfgcheck.record import record
from cfgcheck.syntax.shell_word import Word


class Hands(Enum):
    """What a wrapper does with signals."""

    BECOMES = "it becomes the program"
    ON = "it hands them on to the program"
    GROUP = "it hands them on to all that runs below it"
    UNKNOWN = "nobody knows"


@record(frozen=True)
class _Usage:
    """``values``: flags that take the next word; ``operands``: plain words before the program; ``subcommand``: the
    words one of which must come first; ``dashes``: the program stands behind ``--``."""

    hands: Hands = Hands.BECOMES
    values: str = ""
    operands: int = 0
    subcommand: str = ""
    dashes: bool = False


_RUN = "run"
_USAGES: dict[str, _Usage] = {
    "exec": _Usage(values="-a"),
    "env": _Usage(values="-u --unset -C --chdir"),
    "command": _Usage(),
    "nohup": _Usage(),
    "nice": _Usage(values="-n --adjustment"),
    "ionice": _Usage(values="-c -n --class --classdata"),
    "chrt": _Usage(operands=1),
    "taskset": _Usage(operands=1),
    "stdbuf": _Usage(values="-i -o -e"),
    "unbuffer": _Usage(Hands.UNKNOWN),
    "setsid": _Usage(),
    "time": _Usage(Hands.UNKNOWN, values="-f -o"),
    "timeout": _Usage(Hands.ON, values="-k -s --kill-after --signal", operands=1),
    "gosu": _Usage(operands=1),
    "su-exec": _Usage(operands=1),
    "setuidgid": _Usage(operands=1),
    "s6-setuidgid": _Usage(operands=1),
    "with-contenv": _Usage(),
    "s6-env": _Usage(),
    "chpst": _Usage(values="-u -U -b -e -n -l -L -m -d -o -p -f -c -r -t -/"),
    "envdir": _Usage(operands=1),
    "softlimit": _Usage(values="-a -c -d -f -l -m -n -o -p -r -s -t"),
    "setpriv": _Usage(
        values="--reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --bounding-set --ambient-caps"
    ),
    "capsh": _Usage(dashes=True),
    "sudo": _Usage(Hands.ON, values="-u -g -h -p -C -r -t -U -D --user --group"),
    "doas": _Usage(values="-u -C"),
    "runuser": _Usage(Hands.UNKNOWN, values="-u -g -G --user --group"),
    "chroot": _Usage(operands=1),
    "prlimit": _Usage(),
    "numactl": _Usage(values="-C -N -m -i"),
    "authbind": _Usage(),
    "tini": _Usage(Hands.ON, values="-e -p"),
    "tini-static": _Usage(Hands.ON, values="-e -p"),
    "docker-init": _Usage(Hands.ON, values="-e -p"),
    "catatonit": _Usage(Hands.ON),
    "dumb-init": _Usage(Hands.GROUP, values="-r --rewrite"),
    "poetry": _Usage(subcommand=_RUN, values="-C --directory -P --project"),
    "pipenv": _Usage(subcommand=_RUN),
    "uv": _Usage(
        Hands.UNKNOWN,
        "--with --extra --group --env-file --python -p --project --directory --package --no-group --only-group",
        subcommand=_RUN,
    ),
    "pdm": _Usage(Hands.UNKNOWN, "-p --project", subcommand=_RUN),
    "hatch": _Usage(Hands.UNKNOWN, "-e --env", subcommand=_RUN),
    "rye": _Usage(Hands.UNKNOWN, subcommand=_RUN),
    "pixi": _Usage(Hands.UNKNOWN, "-e --environment --manifest-path", subcommand=_RUN),
    "conda": _Usage(Hands.UNKNOWN, "-n --name -p --prefix --cwd", subcommand=_RUN),
    "mamba": _Usage(Hands.UNKNOWN, "-n --name -p --prefix --cwd", subcommand=_RUN),
    "micromamba": _Usage(Hands.UNKNOWN, "-n --name -p --prefix --cwd", subcommand=_RUN),
    "newrelic-admin": _Usage(subcommand="run-program"),
    "ddtrace-run": _Usage(),
    "opentelemetry-instrument": _Usage(values="--traces_exporter --metrics_exporter --logs_exporter --service_name"),
    "elasticapm-run": _Usage(values="--config"),
    "doppler": _Usage(Hands.UNKNOWN, "-p --project -c --config -t --token --command", subcommand=_RUN),
    "infisical": _Usage(Hands.UNKNOWN, "--env --path --projectId --token --domain", subcommand=_RUN),
    "op": _Usage(Hands.UNKNOWN, "--env-file", subcommand=_RUN),
    "dotenv": _Usage(values="-f --file -e", subcommand=_RUN),
    "honcho": _Usage(Hands.UNKNOWN, "-e --env -d --app-root", subcommand=_RUN),
    "foreman": _Usage(Hands.UNKNOWN, "-e --env -d --root", subcommand=_RUN),
    "heroku": _Usage(Hands.UNKNOWN, subcommand="local:run"),
    "chamber": _Usage(subcommand="exec", dashes=True),
    "aws-vault": _Usage(subcommand="exec", dashes=True),
    "dockerize": _Usage(
        Hands.ON,
        "-wait -timeout -wait-retry-interval -wait-http-header -template -stdout -stderr -env -env-section -delims",
    ),
    "wait-for-it": _Usage(dashes=True),
    "wait-for": _Usage(dashes=True),
    "wait_for_it": _Usage(dashes=True),
    "uvx": _Usage(Hands.UNKNOWN, "--from --with --python -p"),
    "direnv": _Usage(subcommand="exec", operands=1),
    "strace": _Usage(Hands.UNKNOWN, "-e -o -p -s -E -u"),
    "valgrind": _Usage(),
    "xvfb-run": _Usage(Hands.UNKNOWN, "-n -s -e -f -p -w --server-num --server-args"),
    "coverage": _Usage(Hands.UNKNOWN, "--source --rcfile --omit --include", subcommand=_RUN),
    "start-stop-daemon": _Usage(Hands.UNKNOWN),
}
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
_NOT_RUNNING = frozenset({"install", "add", "remove", "uninstall", "sync", "lock", "update", "upgrade", "show", "pip"})
_MOST_ARGUMENTS = 40


@record(frozen=True)
class Peeled:
    """``rest``: the program and its arguments. ``assigned``: variables that it is given. ``at``: how many words stood
    before it."""

    rest: tuple[Word, ...]
    hands: Hands
    assigned: tuple[tuple[str, Word], ...] = ()


def peel(words: Sequence[Word]) -> Peeled | None:
    """The program that a wrapper runs; None when the first word is no wrapper, or it runs nothing."""
    name = base_name(words[0].value or "").removesuffix(".sh")
    usage = _USAGES.get(name)
    if usage is None:
        return _of_others(words) if name in WRAPPERS else None
    if name == "start-stop-daemon":
        return _daemon(words)
    at = 1
    if usage.subcommand:
        found = [i for i, word in enumerate(words[1:8], 1) if word.value == usage.subcommand]
        if not found:
            return None
        at = found[0] + 1
    if usage.dashes:
        dashes = [i for i, word in enumerate(words[:_MOST_ARGUMENTS]) if word.value == "--"]
        return Peeled(tuple(words[dashes[0] + 1 :]), usage.hands) if dashes and dashes[0] + 1 < len(words) else None
    begun = at
    at = _past_flags(words, at, frozenset(usage.values.split()))
    hands = _hands(name, usage.hands, words[begun:at])
    assigned: list[tuple[str, Word]] = []
    while name in ("env", "sudo", "doas") and at < len(words) and (each := _assigned(words[at])) is not None:
        assigned.append(each)
        at += 1
    at = _past_dashes(words, at + usage.operands)
    return Peeled(tuple(words[at:]), hands, tuple(assigned)) if at < len(words) else None


def _hands(name: str, usual: Hands, flags: Sequence[Word]) -> Hands:
    texts = {word.template for word in flags}
    if usual is Hands.ON and texts & {"-g", "-vg", "-gv", "-sg", "-gs"} and name != "sudo":
        return Hands.GROUP
    return Hands.ON if usual is Hands.GROUP and texts & {"-c", "--single-child"} else usual


def _past_flags(words: Sequence[Word], at: int, values: frozenset[str]) -> int:
    while at < len(words):
        text = words[at].template
        if text == "--":
            return at + 1
        if not text.startswith("-") or text == "-":
            return at
        at += 2 if text in values else 1
    return at


def _past_dashes(words: Sequence[Word], at: int) -> int:
    return at + 1 if at < len(words) and words[at].value == "--" else at


def _assigned(word: Word) -> tuple[str, Word] | None:
    found = _ASSIGNMENT.match(word.template)
    if found is None:
        return None
    text = word.template[found.end() :]
    return found[1], Word(text if word.known else None, text, word.span, word.because, False, word.variables)


def _of_others(words: Sequence[Word]) -> Peeled | None:
    """Wrappers whose arguments are not known that well: the program is the first word that is no flag."""
    at = _past_flags(words, 1, VALUE_FLAGS)
    if at >= len(words) or words[at].value in _NOT_RUNNING:
        return None
    if words[at].value in ("run", "exec"):
        at = _past_dashes(words, _past_flags(words, at + 1, VALUE_FLAGS))
    return Peeled(tuple(words[at:]), Hands.UNKNOWN) if at < len(words) else None


def _daemon(words: Sequence[Word]) -> Peeled | None:
    """``start-stop-daemon --start … --exec PROGRAM -- ARGUMENTS``."""
    texts = [word.template for word in words[:_MOST_ARGUMENTS]]
    starts = "--start" in texts or "-S" in texts
    named = [at for at, text in enumerate(texts[:-1]) if text in ("--exec", "-x", "--startas", "-a")]
    if not starts or not named:
        return None
    behind = texts.index("--") + 1 if "--" in texts else len(words)
    return Peeled((words[named[-1] + 1], *words[behind:]), Hands.UNKNOWN)


def base_name(path: str) -> str:
    return path.rpartition("/")[2]
