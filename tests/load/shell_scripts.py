"""Small shell scripts, and what they do when a real shell runs them."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from hypothesis import strategies as st

from cfgcheck.load.context import Context
from cfgcheck.load.disk import Disk
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.follow_branches import Script
from cfgcheck.load.follow_commands import Session
from cfgcheck.load.follow_shell import Shell
from cfgcheck.load.follow_signals import Interpreter
from cfgcheck.load.follow_state import Post, State
from cfgcheck.load.service import Service
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_script import parse_script
from cfgcheck.syntax.shell_script_scope import Scope
from cfgcheck.syntax.shell_script_words import WordReader
from cfgcheck.syntax.shell_word import Word, in_file

VARIABLES = {"A": "1", "S": "two words", "E": "", "PATH": "/nowhere"}
ARGUMENTS = ("web", "x y", "--flag")

# ── what is generated ─────────────────────────────────────────────────────────────────────────────────────────────

WORDS = st.sampled_from(
    [
        "a", "b:1", "'c d'", '"e f"', '"$A"', "$A", "${A}x", "${B:-d}", '"${B:-d e}"', "\\ ", "-w4", "'$A'", '"\\$A"',
        "''", "${S}", '"$S"', "${E:-x}", "${E-x}", "$1", '"$2"', '"$@"', "$@", "$#", "${2}", '"${9:-z}"', "${B:-$S}",
        '"${B:-"q r"}"', "${B:-'q  r'}", "${A:+set}", '${E:+"set"}', "${S#two }", '"${S%words}"', '"${S##*o}"',
        "$A\\\na",
        "${A\\\n}", "$\\\nA", "x${V:-}y", "$V", '"$V"', "${#S}", "${W:=new v}", '"$W"', "$*", '"$*"', "${1#w}",
        "\"a'b\"",
        "if", "done", "a#b", "\\#", "{", "}", "q", "${B-}", "${B:-${A:-n}}", "${S:-${B?no}}",
    ]
)  # fmt: skip
_VALUES = st.sampled_from(["x", '"$S"', "$S", "'a b'", "${B:-q r}", "$1", "", "a$A", '"${S%words}"', "'$A'"])
_NAMES = st.sampled_from(["V", "W", "A", "S"])
_PATTERNS = st.sampled_from(["web", "1", "*", "two*", "[0-9]", "''", "a|web", '"$A"', "w?b", "x*|new*"])
_TESTS = st.sampled_from(
    [
        '[ "$1" = web ]', '[ -z "$V" ]', '[ -n "$A" ]', "[ $# -gt 1 ]", '[ "$A" -eq 1 ]', '! [ "$S" = x ]', "true",
        "false",
        '[ "$V" != new ] && true', 'test "$1" = web -a -n "$E"', '[ "$A" = 1 -o "$A" = 2 ]', '[ "${1#-}" != "$1" ]',
        "[ ]",
        '[ ! -z "$W" ]', "[ a ]", '[ "$E" ]',
    ]
)  # fmt: skip


def _simple() -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(WORDS, max_size=4).map(lambda words: " ".join(["p", *words])),
        st.builds("{}={}".format, _NAMES, _VALUES),
        st.builds("export {}={}".format, _NAMES, st.sampled_from(["x", '"$S"', "'a b'", '"${B:-q}"'])),
        st.sampled_from(["shift", "set -- n1 'n 2'", 'set -- pre "$@"', ": ${Z:=zz}", "unset V", "p $Z", "f",
        "f 'g h' i",
                         "exit 0", "p <<E\n p heredoc $A 'x\nE", "p <<-'E' x\n\tp `\n\tE", "# p comment", "return 0",
                         "break", "eval p '$S'"]),
    )  # fmt: skip


def _without_set(body: str) -> str:
    """A loop over the arguments must come to its end."""
    return body.replace("set --", "p")


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map("\n".join)
    return st.one_of(
        st.builds("if {}; then\n{}\nfi".format, _TESTS, body),
        st.builds("if {}\nthen {}\nelif {}; then\n{}\nelse\n{}\nfi".format, _TESTS, body, _TESTS, body, body),
        st.builds("case {} in\n{}) {}\n;;\n({}) {}\n;; esac".format, WORDS, _PATTERNS, body, _PATTERNS, body),
        st.builds("for V in {}; do\n{}\ndone".format, st.lists(WORDS, max_size=3).map(" ".join), body),
        st.builds("for V do {}\ndone".format, body),
        st.builds("while [ $# -gt 0 ]; do {}\nshift; done".format, body.map(_without_set)),
        st.builds("{} && {{\n{}\n}}".format, _TESTS, body),
        st.builds("{} || p {}".format, _TESTS, WORDS),
        st.builds("(\n{}\n)".format, body),
        st.builds("f() {{\n{}\n}}".format, body),
        st.builds("{{ {}\n}}".format, body),
    )


STATEMENTS = st.recursive(_simple(), _compound, max_leaves=8)
SCRIPTS = st.lists(STATEMENTS, min_size=1, max_size=5).map(
    lambda each: 'f() { p function "$@"; }\n' + "\n".join(each)
)

# ── a real shell ──────────────────────────────────────────────────────────────────────────────────────────────────

_PRELUDE = 'p() { printf "<"; for each in "$@"; do printf "%s\\0" "$each"; done; printf ">\\0"; }\n'


def really_run(shell: str, script: str) -> list[list[str]] | None:
    """The arguments of each ``p``; None where the shell refuses the script or a command fails for good. Only texts that
    are generated here come to run, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [shell, "-c", _PRELUDE + "unset each\n" + script, "script", *ARGUMENTS],
            env=VARIABLES, cwd=folder, capture_output=True, check=False, timeout=20,
        )  # fmt: skip
    if done.returncode or done.stderr:
        return None
    calls = done.stdout.decode().split(">\0")[:-1]
    return [call[1:].split("\0")[:-1] for call in calls]


class Recorder(Session):
    """Keeps the words of every program that would be started, and whether that is certain."""

    def __init__(self) -> None:
        disk = Disk(Path("/nowhere"))
        context = Context(disk, TreeIndex(disk, []))
        file = SourceFile("web", "web")
        unit = Unit(Manager.COMPOSE, "web", file.span(0, 3))
        super().__init__(Service(unit, Filesystem(disk, None)), context)
        self.calls_of_p: list[list[str | None]] = []
        self.doubtful = False

    def command(self, words: tuple[Word, ...], state: State, post: Post) -> None:
        self.calls_of_p.append([word.value for word in words[1:]])
        self.doubtful = self.doubtful or bool(state.maybe)


def followed(script: str) -> Recorder:
    """What cfgcheck takes the script to do."""
    session = Recorder()
    file = SourceFile("script.sh", script)
    locate = in_file(file)
    arguments = tuple(Word(text, text, file.span(0, 1)) for text in ARGUMENTS)
    state = State(Scope(Environment(VARIABLES, complete=True), arguments), session.service)
    read = Script(parse_script(script), WordReader(script, locate), locate)
    Shell(session, read, Interpreter("script"), Post(Located.default(True))).run(state)
    return session
