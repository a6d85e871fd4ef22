"""The stream of options equals what ``uwsgi --show-config`` prints, on configurations made up by Hypothesis."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.uwsgi.ours import expand, options_of
from tests.uwsgi.real import show_config

pytestmark = pytest.mark.oracle

_ENVIRONMENT = {"SHOP": "books", "COUNT": "3", "EMPTY": "", "UWSGI_HARAKIRI": "11", "UWSGI_MAX_REQUESTS": "12"}

_PIECES = """
a|7|x y|/srv|é|%(base)|%(n)|%(shop)|%(deep)/%(later)|%(nope)|%(n + 2)|%(n - 1 ++)|%(n * n)|%(n / 0)|%(base shop)|%()|%(
%(%(n))|$(SHOP)|$(COUNT)|$(UNSET)|$(EMPTY)|$(|$($(SHOP))|$SHOP|@(note.txt)|@|%%|100%%|%d|%n|%s.%e|%N|%v|%z|%x|%k
; no|# no|=|a=b|"q"|((|)
"""
_LINES = """
set = shop=set|set = processes=4|set-ph = deep=ph%(n)|set-placeholder = later=$(SHOP)|vacuum|need-app = false
; comment %d|# comment|   |env = A=$(SHOP)|[uwsgi]|n = 4|listen = 50|base = %|ini = :extra|ini = b.ini|include = b.ini
ini = b.ini:part|ini = %db.ini|inherit = b.ini|processes: 3|key only|end
"""
_HEADS = """
for = a b c|for = 1|for =|for-times = 2|for-glob = *.txt|for-glob = nothing*|if-env = SHOP|if-env = UNSET
if-not-env = SHOP|ifenv = EMPTY|if-env = SHOP=books|if-env = SHOP=shoes|if-not-env = SHOP=shoes|if-opt = processes
if-not-opt = n|if-opt = n=4|if-exists = note.txt|if-not-exists = note.txt|if-file = nope|if-not-file = b.ini|if-dir = .
if-reload|if-not-reload = x
"""
_INSIDE = """
procname = in-%(_)|env = V%(_)=%(_)|set = w%(_)=%(_)|ini = b.ini|n = 4|if-env = SHOP|for = z
"""
_ENDS = """
endif =|endfor|end|end-if|end-for =|endif|
"""


def _one_of(texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from([text for line in texts.strip("\n").split("\n") for text in line.split("|")])


_names = _one_of("base|n|shop|deep|later")
_scalars = _one_of("processes|workers|harakiri|buffer-size|max-requests|procname|worker-reload-mercy")
_values = st.lists(_one_of(_PIECES), max_size=3).map("".join)
_blanks = st.sampled_from(["", " ", "\t", " \t "])
_assigned = st.builds(
    lambda key, before, after, value, end: [f"{key}{before}={after}{value}{end}"],
    st.one_of(_names, _scalars),
    _blanks,
    _blanks,
    _values,
    st.sampled_from(["", "", "\r", " "]),
)
_plain = _one_of(_LINES).map(lambda line: [line])
_other_section = st.just(["[other]", "processes = 99"])
_logic = st.builds(
    lambda head, inside, end: [head, *(line for lines in inside for line in lines), end],
    _one_of(_HEADS),
    st.lists(st.one_of(_assigned, _one_of(_INSIDE).map(lambda line: [line])), max_size=3),
    _one_of(_ENDS),
)
_block = st.one_of(_assigned, _assigned, _plain, _plain, _logic, _other_section)


@st.composite
def _lines(draw: st.DrawFn) -> list[str]:
    """A few lines of a section."""
    return [line for block in draw(st.lists(_block, max_size=7)) for line in block]


@st.composite
def _folder(draw: st.DrawFn) -> dict[str, str]:
    """The files of a configuration: ``a.ini``, which may include ``b.ini`` or its own section ``extra``."""
    extra = [line for line in draw(_lines()) if ":extra" not in line]
    a = ["[uwsgi]", *draw(_lines()), "[extra]", *extra, "[uwsgi]", *draw(_lines())]
    # A % that ends the file makes uWSGI read past its buffer: what then comes is chance.
    end = "\n" if a[-1].endswith("%") else draw(st.sampled_from(["\n", "", "\r\n"]))
    inner = [line for line in [*draw(_lines()), "[part]", *draw(_lines())] if ".ini" not in line and ":" not in line]
    note = draw(st.sampled_from(["text\n", "t", "%(n)\n"]))
    return {"a.ini": "\n".join(a) + end, "b.ini": "\n".join(["[uwsgi]", *inner, ""]), "note.txt": note}


_ARGUMENTS = st.sampled_from(
    [
        ["--ini", "a.ini"],
        ["a.ini"],
        ["--ini", "a.ini", "--processes", "5"],
        ["a.ini", "--processes=5"],
        ["-p", "5", "--ini=a.ini", "-t9"],
        ["--proc", "6", "a.ini", "--set", "n=8", "--vacuum"],
        ["--ini", "a.ini:extra", "--ini", "a.ini"],
        ["--set-ph", "shop=cli", "b.ini", "a.ini"],
        ["--ini", "a.ini", "--harakiri", "%(n)", "--procname", "$(SHOP)-%(base)"],
    ]
)


_SHOWN = [("show-config", "true"), ("no-server", "true")]


@settings(max_examples=100, deadline=None)
@given(files=_folder(), arguments=_ARGUMENTS)
def test_stream_equals_show_config(files: dict[str, str], arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for path, text in files.items():
            (folder / path).write_bytes(text.encode())
        run = expand(arguments, folder, _ENVIRONMENT)
        # A value that refers to itself keeps the real one busy for ever; a test of its own shows that.
        assume(not any("never ends" in problem.message for problem in run.problems))
        real = show_config(arguments, folder, _ENVIRONMENT)
    refused = bool(run.refusals) or any(_stops(problem.message) for problem in run.problems)
    assert real.started == (not refused), (real.log, run.refusals, run.problems)
    if real.started:
        assert options_of(run) == [pair for pair in real.options if pair not in _SHOWN]


def _stops(message: str) -> bool:
    return "uWSGI refuses" in message or "crashes" in message


def test_a_value_that_refers_to_itself_keeps_the_real_one_busy_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_text("[uwsgi]\nbase = x%(base)\n")
    with pytest.raises(subprocess.TimeoutExpired):
        show_config(["--ini", "a.ini"], tmp_path, seconds=1)
    run = expand(["--ini", "a.ini"], tmp_path)
    (problem,) = run.problems
    assert problem.message == "the value of base refers to itself: uWSGI never ends replacing it"
