"""Commands, seen through: wrappers, shells and scripts, down to the program that keeps running."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cfgcheck.findings import Problem
from cfgcheck.load.context import Context
from cfgcheck.load.follow_programs import SERVERS, is_module, python, runs_once
from cfgcheck.load.follow_scripts import NOT_FOUND, Found, find_script, looks_like_script_path
from cfgcheck.load.follow_signals import Interpreter
from cfgcheck.load.follow_state import Pending, Post, State
from cfgcheck.load.follow_wrappers import Hands, base_name, peel
from cfgcheck.load.service import Service
from cfgcheck.load.start import Followed, Start
from cfgcheck.model.located import Located
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.shell_word import Locate, Word, in_file
from cfgcheck.syntax.shell_words import SHELL, Command, text_of

if TYPE_CHECKING:
    # Most services start their server without a shell.
    from cfgcheck.load.follow_branches import Script
    from cfgcheck.load.follow_shell import Shell

MOST_STEPS = 10_000
_MOST_STARTS = 200
_DEEPEST = 12
_RUNNERS = frozenset(
    {"make", "npm", "npx", "yarn", "pnpm", "just", "task", "invoke", "inv", "fab", "tox", "nox", "bundle"}
)
_ASKING = re.compile(r"(?:su|runuser)\Z")


class Enough(Exception):  # noqa: N818  (not a mistake of anybody)
    """More than cfgcheck follows."""


class Session:
    """One service, followed. ``shell_texts``: what a carrier tells a shell to do, by the word that stands for it."""

    def __init__(self, service: Service, context: Context, depth: int = 0) -> None:
        self.service = service
        self.context = context
        self.followed = Followed()
        self.depth = depth
        self.calls = 0
        self.shell_texts: dict[int, tuple[str, Locate]] = {}
        self._steps = MOST_STEPS
        self._quiet = False
        self._files: list[SourceFile] = []
        self._scripts: dict[int, Script] = {}

    # ── what the shells of this session need ──────────────────────────────────────────────────────────────────

    def step(self, count: int) -> None:
        """Raises Enough after so many steps that no run script takes."""
        self._steps -= count
        if self._steps < 0:
            raise Enough

    def quietly(self, quiet: bool = True) -> bool:
        """Whether starts are not kept (a loop's body is tried first); gives how it was before."""
        before, self._quiet = self._quiet, quiet
        return before

    def keep(self, pending: Iterable[Pending]) -> None:
        """It keeps running."""
        if self._quiet:
            return
        for each in pending:
            if isinstance(each, str):
                self.followed.unseen = self.followed.unseen or each
            elif len(self.followed.starts) >= _MOST_STARTS:
                raise Enough
            elif not any(_same(each, other) for other in self.followed.starts):
                self.followed.starts.append(each)

    def source(self, shell: Shell, state: State, words: Sequence[Word]) -> None:
        """``. FILE ARGUMENTS``."""
        path = words[0].value
        file = state.service.files.find(path, state.scope.folder) if path is not None else None
        if file is None:
            # Mostly variables, or a virtual environment: not worth a doubt.
            return
        if self._depth_of(file) >= 2 or len(self._files) >= _DEEPEST:
            return
        self._files.append(file)
        self._note(file)
        arguments = state.scope.arguments
        if len(words) > 1:
            state.scope.arguments = tuple(words[1:])
        shell.source(state, self._script(file))
        if len(words) > 1:
            state.scope.arguments = arguments
        self._files.pop()

    def evaluate(self, shell: Shell, state: State, text: str, locate: Locate) -> bool | None:
        """``eval TEXT``."""
        if self.calls >= _DEEPEST:
            return None
        self.calls += 1
        shell.source(state, _read(text, locate))
        self.calls -= 1
        return True

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────

    def command(self, words: tuple[Word, ...], state: State, post: Post) -> None:
        """What a command starts: a server at once, anything else is left pending in the state."""
        for _ in range(_DEEPEST):
            self.step(1)
            peeled = peel(words)
            if peeled is None:
                break
            for name, word in peeled.assigned:
                state.scope.assign(name, word)
            words, post = peeled.rest, _handed(post, peeled.hands)
        name = base_name(words[0].value or "")
        if name.startswith("-"):
            label = self.service.unit.label
            state.pending.append(f"what the image of {label} does with `{_shown(words)}` can't be seen")
        elif words[0].value is None and words[0].bare and not looks_like_script_path(words[0].template):
            state.pending.append(f"what {_shown(words[:1])} holds is not known: {words[0].because[:200]}")
        elif SHELL.match(name) and not name.endswith(".sh"):
            self._shell(name, words, state, post)
        elif name == "busybox" and len(words) > 1 and words[1].value in ("sh", "ash"):
            self._shell("ash", words[1:], state, post)
        elif _ASKING.match(name):
            self._switch_user(words, state, post)
        else:
            self._program(name, words, state, post)

    def _shell(self, name: str, words: Sequence[Word], state: State, post: Post) -> None:
        """``sh -c TEXT NAME ARGUMENTS``, ``bash SCRIPT ARGUMENTS``."""
        at, takes_text = 1, False
        while at < len(words) and words[at].template[:1] in ("-", "+") and len(words[at].template) > 1:
            flag = words[at].template
            takes_text = takes_text or (flag[0] == "-" and not flag.startswith("--") and "c" in flag)
            takes_value = flag in ("--rcfile", "--init-file") or (not flag.startswith("--") and flag[-1] in "oO")
            at += 2 if takes_value else 1
        if at >= len(words):
            return
        if takes_text:
            self._text(name, words[at], tuple(words[at + 1 :]), state, post)
            return
        file = find_script(words[at], state.service, state.scope.folder, explicit=True)
        if file is NOT_FOUND:
            state.pending.append(f"{_shown(words[at : at + 1])} is no script that can be read")
        else:
            self._script_or_unseen(file, words[at:], state, post)

    def _text(self, name: str, word: Word, rest: tuple[Word, ...], state: State, post: Post) -> None:
        if word.value is None and word.bare:
            state.pending.append(f"the commands for {name} are not known: {word.because[:200]}")
            return
        text, locate = self.shell_texts.get(id(word)) or text_of(word)
        from cfgcheck.load.follow_shell import Shell

        script = _read(text, locate)
        if self.depth + len(self._files) + self.calls >= _DEEPEST:
            raise Enough
        self.calls += 1
        self._mistakes(script, None)
        inner = self._inner(state, rest[1:], rest[0] if rest else None)
        Shell(self, script, Interpreter(name, True, "\n" in text.strip("\n") or text.endswith("\n")), post).run(inner)
        self.calls -= 1
        state.pending = inner.pending

    def _script_or_unseen(
        self, found: Found | str, words: Sequence[Word], state: State, post: Post
    ) -> None:
        if isinstance(found, str):
            self._unseen_script(found, words, state, post)
            return
        file = found.file
        if self._depth_of(file) >= 2 or len(self._files) + self.depth >= _DEEPEST:
            state.pending.append(f"{file.path} starts itself")
            return
        self._files.append(file)
        self._note(file)
        from cfgcheck.load.follow_shell import Shell

        script = self._script(file)
        inner = self._inner(state, tuple(words[1:]), words[0])
        inner.scope.name = _known_path(words[0], found)
        Shell(self, script, Interpreter("script"), post).run(inner)
        self._files.pop()
        state.pending = inner.pending
        if script.parsed.cut:
            state.pending.append(f"{file.path} is not followed to its end: {script.parsed.cut}")

    def _unseen_script(self, because: str, words: Sequence[Word], state: State, post: Post) -> None:
        """A script that is not there. What follows ``--`` is what such scripts run in the end."""
        if self._official(words[0]) and len(words) > 1:
            self.command(tuple(words[1:]), state, post)
            return
        dashes = [at for at, word in enumerate(words) if word.value == "--"]
        if dashes and dashes[0] + 1 < len(words):
            unknown = Located[bool].unknown(f"what {_shown(words[:1])} does with signals is not known")
            self.command(tuple(words[dashes[0] + 1 :]), state, replace(post, signalled=unknown))
            return
        if self._unseen_servers(words, state, post):
            return
        state.pending.append(because)

    def _unseen_servers(self, words: Sequence[Word], state: State, post: Post) -> bool:
        """``/entrypoint.sh gunicorn app:app``: such scripts end with ``exec "$@"``, as far as anybody guesses."""
        if len(words) < 2 or not SERVERS.match(base_name(words[1].value or "")):
            return False
        unknown = Located[bool].unknown(f"what {_shown(words[:1])} does with signals is not known")
        self.command(tuple(words[1:]), state, replace(post, signalled=unknown))
        return True

    def _official(self, word: Word) -> bool:
        """nginx's own image: ``/docker-entrypoint.sh`` prepares the configuration and becomes what it is given."""
        image = self.service.unit.image.get("") or ""
        name = image.partition("@")[0].partition(":")[0].rpartition("/")[2]
        return base_name(word.value or "") == "docker-entrypoint.sh" and name in ("nginx", "nginx-unprivileged")

    def _switch_user(self, words: Sequence[Word], state: State, post: Post) -> None:
        """``su USER -c TEXT``: a shell runs it."""
        flags = [at for at, word in enumerate(words[:-1]) if word.value in ("-c", "--command")]
        unknown = Located[bool].unknown("whether su hands signals on is not known")
        if flags:
            self._text("su", words[flags[0] + 1], (), state, replace(post, signalled=unknown))

    def _program(self, name: str, words: tuple[Word, ...], state: State, post: Post) -> None:
        from cfgcheck.load.follow_daemons import as_daemon

        daemon = as_daemon(words)
        if daemon is not None:
            words, name = daemon, base_name(daemon[0].value or "")
            if not name:
                return
            post = replace(post, signalled=Located.unknown("it is started as a daemon"))
        if name in _RUNNERS:
            state.pending.append(f"what `{_shown(words)}` starts can't be seen")
            return
        if name.startswith("supervisord"):
            self._supervisor(words, state, post)
            return
        serves = SERVERS.match(name) is not None or is_module(name, words)
        if not serves:
            if (unseen := python(name, words)) is not None:
                state.pending += [unseen] if unseen else []
                return
            found = find_script(words[0], state.service, state.scope.folder)
            if found is not NOT_FOUND:
                self._script_or_unseen(found, words, state, post)
                return
        if runs_once(name, words):
            return
        self._begin(words, state, post, serves)

    def _begin(self, words: tuple[Word, ...], state: State, post: Post, serves: bool) -> None:
        span = Span(words[0].span.file, words[0].span.start, words[0].span.end)
        if words[-1].span.file is span.file and words[-1].span.end > span.end:
            span = Span(span.file, span.start, words[-1].span.end)
        command = Command(words, (), "", span, state.scope.environment)
        start = Start(command, state.service, state.scope.folder, post.signalled, post.via, state.maybe, post.shells)
        if serves:
            self.keep([start])
        else:
            state.pending.append(start)

    def _supervisor(self, words: Sequence[Word], state: State, post: Post) -> None:
        from cfgcheck.load.follow_daemons import supervisor_file

        if self.depth >= 3:
            return
        file = supervisor_file(words, state.service.files, state.scope.folder)
        if file is None:
            self.keep([f"the configuration of supervisord in {self.service.unit.label} is not in the folder checked"])
            return
        self._note(file)
        from cfgcheck.load.follow import follow_service
        from cfgcheck.load.supervisor import programs_inside

        inside = programs_inside(file, replace(state.service, folder=state.scope.folder), self.context)
        self.followed.problems += inside.problems
        for read in inside.files:
            self._note(read)
        for program in inside.services:
            inner = follow_service(program, self.context, self.depth + 1)
            via = post.via
            self.keep(
                replace(each, via=(*via, *each.via), maybe=state.maybe or each.maybe) for each in inner.starts
            )
            self.keep([inner.unseen] if inner.unseen else [])
            self.followed.problems += inner.problems
            for read in inner.files:
                self._note(read)

    # ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────

    def _inner(self, state: State, arguments: tuple[Word, ...], name: Word | None) -> State:
        """The state of a shell that this one starts: its variables, not its functions."""
        self.step(1 + state.scope.size // 16)
        inner = state.copy()
        inner.functions, inner.pending, inner.trapped = {}, [], False
        inner.scope.arguments, inner.scope.name = arguments, name
        inner.scope.arrays = {}
        return inner

    def _script(self, file: SourceFile) -> Script:
        script = self._scripts.get(id(file))
        if script is None:
            script = self._scripts[id(file)] = _read(file.text, in_file(file))
            self._mistakes(script, file)
        return script

    def _mistakes(self, script: Script, file: SourceFile | None) -> None:
        mistake = script.parsed.mistake
        if mistake is None:
            return
        place = script.locate(mistake.offset, min(mistake.offset + 1, max(len(script.parsed.text), 1)))
        if place.end <= place.start:
            return
        if mistake.certain and not _is_template(place.file):
            message = f"a shell refuses this: {mistake.message}"
            self.followed.problems.append(Problem("unparsable-file", message, place, "close it, or take it away"))

    def _note(self, file: SourceFile) -> None:
        if not any(file is other for other in self.followed.files):
            self.followed.files.append(file)

    def _depth_of(self, file: SourceFile) -> int:
        return sum(other is file for other in self._files)


def _read(text: str, locate: Locate) -> Script:
    from cfgcheck.load.follow_branches import Script
    from cfgcheck.syntax.shell_script import parse_script
    from cfgcheck.syntax.shell_script_words import WordReader

    return Script(parse_script(text), WordReader(text, locate), locate)


def _handed(post: Post, hands: Hands) -> Post:
    if hands is Hands.GROUP:
        return replace(post, group=True)
    if hands is Hands.UNKNOWN and not post.group and post.signalled.get(True):
        return replace(post, signalled=Located.unknown("whether what starts it hands signals on is not known"))
    return post


def _known_path(word: Word, found: Found) -> Word:
    """``$0`` is the path that the script was started by; found along PATH, the whole one."""
    return Word(found.path, found.path, word.span) if found.path else word


def _same(one: Pending, other: Start) -> bool:
    if isinstance(one, str) or one.command.span != other.command.span or one.maybe != other.maybe:
        return False
    texts = [word.template for word in one.command.words]
    return texts == [word.template for word in other.command.words] and one.service.unit is other.service.unit


def _shown(words: Sequence[Word]) -> str:
    return " ".join(word.template for word in words)[:60]


def _is_template(file: SourceFile) -> bool:
    from cfgcheck.syntax.templates import detect

    template = detect(file.path, file.text)
    return template is not None and template.has_tags
