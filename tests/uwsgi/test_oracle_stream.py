"""The stream of options equals what ``uwsgi --show-config`` prints, on configurations made up by Hypothesis."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.profiles import oracle_examples
from tests.uwsgi.ours import expand, options_of
from tests.uwsgi.real import show_config

pytestmark = pytest.mark.oracle

_ENVIRONMENT = {"SHOP": "books", "COUNT": "3", "EMPTY": "", "UWSGI_HARAKIRI": "11", "UWSGI_MAX_REQUESTS": "12"}
_MORE = {
    "UNSET": "set", "UWSGI_PROCNAME": "$(SHOP)", "UWSGI_SET": "n=5", "UWSGI_SET_PH": "later=%(n)", "UWSGI_VACUUM": "",
    "UWSGI_JSON": "c.json", "UWSGI_WORKERS": "%k", "UWSGI_ENV": "A=1", "UWSGI_NO_SUCH": "x",
}  # fmt: skip

_PIECES = """
a|7|x y|/srv|é|%(base)|%(n)|%(shop)|%(deep)/%(later)|%(nope)|%(n + 2)|%(n - 1 ++)|%(n * n)|%(n / 0)|%(base shop)|%()|%(
%(%(n))|$(SHOP)|$(COUNT)|$(UNSET)|$(EMPTY)|$(|$($(SHOP))|$SHOP|@(note.txt)|@|%%|100%%|%d|%n|%s.%e|%N|%v|%z|%x|%k
; no|# no|=|a=b|"q"|((|)
"""
_LINES = """
set = shop=set|set = processes=4|set-ph = deep=ph%(n)|set-placeholder = later=$(SHOP)|vacuum|need-app = false
; comment %d|# comment|   |env = A=$(SHOP)|[uwsgi]|n = 4|listen = 50|base = %|ini = :extra|ini = b.ini|include = b.ini
ini = b.ini:part|ini = %db.ini|inherit = b.ini|processes: 3|key only|end
ini = deep/c.ini|include = deep/c.ini:part|inherit = b.ini:part|ini = $(SHOP).ini|ini = deep/%n.ini|json = c.json
xml = c.xml|n = @(note.txt)|set = base=@(note.txt)|print = %(n)|touch-reload = %p|pidfile = %(deep).pid
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
    deep = [line for line in draw(_lines()) if ".ini" not in line and ":" not in line]
    files = {"a.ini": "\n".join(a) + end, "b.ini": "\n".join(["[uwsgi]", *inner, ""]), "note.txt": note}
    files["deep/c.ini"] = "\n".join(["[part]", "procname = part", "[uwsgi]", *deep, ""])
    return files | _OTHERS


_OTHERS = {
    "c.json": '{"uwsgi": {"n": "6", "harakiri": 14, "vacuum": true, "env": ["J=1", "K=%(n)"]}}\n',
    "c.xml": "<uwsgi><n>7</n><procname>x-%(n)</procname><vacuum/></uwsgi>\n",
}

_WORDS = [
    ["--ini", "a.ini"], ["a.ini"], ["--ini=a.ini"], ["b.ini"], ["--ini", "a.ini:extra"], ["--ini", "b.ini:part"],
    ["--ini", ":extra"], ["--json", "c.json"], ["c.xml"], ["--ini", "deep/c.ini"], ["--inherit", "b.ini"],
    ["--processes", "5"], ["--processes=5"], ["-p", "5"], ["-p5"], ["-t9"], ["--proc", "6"], ["--vacuum"], ["-M"],
    ["--set", "n=8"], ["--set", "processes=2"], ["--set-ph", "shop=cli"], ["--set-placeholder=base=x"],
    ["--harakiri", "%(n)"], ["--procname", "$(SHOP)-%(base)"], ["--env", "SHOP=shoes"], ["--need-app=false"],
    ["--procname-prefix", "@(note.txt)"], ["--if-env", "SHOP"], ["--endif"], ["--for", "a b"], ["--endfor"],
]  # fmt: skip
"""What a command line is put together from: options and files in any order."""

_ARGUMENTS = (
    st.lists(st.sampled_from(_WORDS), max_size=4)
    .flatmap(lambda words: st.permutations([["--ini", "a.ini"], *words]))
    .map(lambda words: [word for each in words for word in each])
)
_VARIABLES = st.sets(st.sampled_from(sorted(_MORE)), max_size=3).map(
    lambda names: _ENVIRONMENT | {name: _MORE[name] for name in names}
)


_SHOWN = [("show-config", "true"), ("no-server", "true")]


@settings(max_examples=oracle_examples(), deadline=None)
@given(files=_folder(), arguments=_ARGUMENTS, variables=_VARIABLES)
def test_stream_equals_show_config(files: dict[str, str], arguments: list[str], variables: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for path, text in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(text.encode())
        run = expand(arguments, folder, variables)
        # A value that refers to itself keeps the real one busy for ever; a test of its own shows that.
        assume(not any("never ends" in problem.message for problem in run.problems))
        real = show_config(arguments, folder, variables)
    refused = bool(run.refusals) or any(_stops(problem.message) for problem in run.problems)
    assert real.started == (not refused), (real.log, run.refusals, run.problems)
    if real.started:
        assert options_of(run) == [pair for pair in real.options if pair not in _SHOWN], real.log


def _stops(message: str) -> bool:
    return "uWSGI refuses" in message or "crashes" in message


def test_a_section_of_no_file(tmp_path: Path) -> None:
    """``:extra`` means the ini file read before; as the first of a command line it crashes uWSGI."""
    (tmp_path / "a.ini").write_text("[uwsgi]\nprocesses = 3\n[extra]\nprocesses = 4\n")
    assert not show_config(["--ini", ":extra", "--ini", "a.ini"], tmp_path).started
    (refusal,) = expand(["--ini", ":extra", "--ini", "a.ini"], tmp_path).refusals
    assert refusal.why.endswith("it crashes: :extra is a section of the file before, and none is")
    assert not expand(["--ini", "a.ini", "--ini", ":extra"], tmp_path).refusals
    assert show_config(["--ini", "a.ini", "--ini", ":extra"], tmp_path).started


def test_a_value_that_refers_to_itself_keeps_the_real_one_busy_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_text("[uwsgi]\nbase = x%(base)\n")
    with pytest.raises(subprocess.TimeoutExpired):
        show_config(["--ini", "a.ini"], tmp_path, seconds=1)
    run = expand(["--ini", "a.ini"], tmp_path)
    (problem,) = run.problems
    assert problem.message == "the value of base refers to itself: uWSGI never ends replacing it"
