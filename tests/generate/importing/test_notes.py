"""Comments in generated files that hold what no statement shows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.generate.importing.notes import is_generated, notes_of
from cfgcheck.generate.output_header import Origin, stamped
from cfgcheck.generate.plan_notes import noted
from cfgcheck.source.file import SourceFile
from tests.generate.strategies import ODD
from tests.profiles import examples


def generated(text: str) -> SourceFile:
    return SourceFile("shop/gunicorn.conf.py", stamped(text, Origin("cfgcheck.yaml", "0123456789ab")))


@settings(max_examples=examples(60), deadline=None)
@given(st.text(st.sampled_from(ODD), min_size=1, max_size=20) | st.text(min_size=1).filter(str.isprintable))
def test_any_text_comes_back(text: str) -> None:
    written = noted(text)
    assert written.isascii()
    assert not set(written) & set("#;{}$%`\n") or written == text
    assert notes_of([generated(f"# virtualenv: {written}\n\nworkers = 1\n")]) == {"virtualenv": text}


def test_only_comments_at_the_top_are_notes() -> None:
    file = generated("# framework: django\n\nworkers = 1\n# framework: flask\n# user: root\n")
    assert notes_of([file]) == {"framework": "django"}


def test_the_first_of_two_files_counts() -> None:
    files = [generated("# user: web\n"), generated("# user: root\n# module: shop\n")]
    assert notes_of(files) == {"user": "web", "module": "shop"}


def test_files_of_people_have_no_notes() -> None:
    file = SourceFile("gunicorn.conf.py", "# framework: flask\nworkers = 1\n")
    assert not is_generated(file)
    assert notes_of([file]) == {}


def test_a_script_is_known_behind_its_first_line() -> None:
    file = SourceFile("start.sh", stamped("#!/bin/sh\n# user: web\nexec x\n", Origin("cfgcheck.yaml", "0123456789ab")))
    assert is_generated(file)
    assert notes_of([file]) == {"user": "web"}
