"""Importing a stack that does not work, and generating it again, gives one that does: nothing at all is found in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.cli.generate_judge import judge
from cfgcheck.generate.contradictions import contradictions
from cfgcheck.generate.defaults import complete
from cfgcheck.generate.importing.defects import without_defects
from cfgcheck.generate.importing.importer import imported
from cfgcheck.generate.importing.result import Imported, NothingToImport
from cfgcheck.generate.plan import plan
from cfgcheck.generate.reading import read_spec
from cfgcheck.generate.render import render
from cfgcheck.generate.writing import write_spec
from cfgcheck.settings import load_settings
from tests.generate.importing.helping import only, problems, told, write
from tests.profiles import NIGHTLY_EXAMPLES, oracle_examples
from tests.rules.harness import PATHS, rule_at

FIXTURES = Path(__file__).parents[3] / "fixtures"
NIGHTLY = oracle_examples() == NIGHTLY_EXAMPLES


def stacks() -> Iterator[Path]:
    yield from sorted((FIXTURES / "stacks").iterdir())
    yield from sorted(path / part for path in (FIXTURES / "deployments").iterdir() for part in ("broken", "clean"))
    if NIGHTLY:
        yield from sorted((FIXTURES / "clean").iterdir())


def mended(folder: Path) -> Imported | None:
    settings = load_settings(folder)
    try:
        found = imported(load(Input((folder,)), settings)[1], settings)
    except NothingToImport:
        return None
    return without_defects(found, lambda spec: judge(render(plan(complete(spec)))))


def sound(found: Imported) -> None:
    assert problems(found.spec) == []
    assert contradictions(found.spec) == []
    assert read_spec(write_spec(found.spec, found.comments)) == found.spec


@pytest.mark.parametrize("folder", list(stacks()), ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_a_fixture_is_mended(folder: Path) -> None:
    found = mended(folder)
    if found is not None:
        sound(found)


def test_the_stacks_can_be_imported() -> None:
    """So that the test above shows something."""
    folders = [path for path in stacks() if path.is_relative_to(FIXTURES / "stacks")]
    assert [path.name for path in folders if mended(path) is None] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_bad_examples_of_a_rule_are_mended(path: Path, tmp_path: Path) -> None:
    """The first one of each rule, in the night all."""
    examples = rule_at(path).examples
    for number, example in enumerate(examples.bad if NIGHTLY else examples.bad[:1]):
        folder = write(example.files, tmp_path / str(number) / "shop")
        found = mended(folder)
        if found is not None:
            sound(found)


def test_an_override_that_is_the_defect_is_dropped_and_named(tmp_path: Path) -> None:
    files = {
        "nginx.conf": """
            events {}
            http {
                server {
                    listen 80;
                    server_name shop.example.com;
                    location / {
                        proxy_pass http://127.0.0.1:8000;
                        proxy_request_buffering off;
                        proxy_hide_header X-Note;
                    }
                }
            }
        """,
        "gunicorn.conf.py": 'bind = "127.0.0.1:8000"\nwsgi_app = "shop.wsgi"\nworkers = 2\nworker_class = "sync"\n',
    }
    found = mended(write(files, tmp_path))
    assert found is not None
    assert only(found).nginx.location == {"proxy_hide_header": ["X-Note"]}
    place = "nginx.conf:8:13: `proxy_request_buffering`: it is what exposed-sync-worker found"
    assert place in told(found)


def test_an_override_that_stands_at_two_levels_is_dropped_from_both(tmp_path: Path) -> None:
    files = {
        "nginx.conf": """
            events {}
            http {
                server {
                    listen 80;
                    server_name shop.example.com;
                    proxy_request_buffering off;
                    location / {
                        proxy_request_buffering off;
                        proxy_pass http://127.0.0.1:8000;
                    }
                }
            }
        """,
        "gunicorn.conf.py": 'bind = "127.0.0.1:8000"\nwsgi_app = "shop.wsgi"\nworkers = 2\nworker_class = "sync"\n',
    }
    found = mended(write(files, tmp_path))
    assert found is not None
    sound(found)
    assert [line.partition(" ")[0] for line in told(found)] == ["nginx.conf:6:9:", "nginx.conf:8:13:"]
