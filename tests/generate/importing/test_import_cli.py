"""``cfgcheck import``: a folder in, a spec out, and what could not be carried over said."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.generate.reading import read_spec
from tests.cli.running import run
from tests.generate.importing.helping import GUNICORN, NGINX, write

FILES = {"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN}
OLD = {
    "nginx.conf": NGINX.replace("location /", "location /old { return 410; }\n            location /"),
    "gunicorn.conf.py": GUNICORN + "    timeout = 120\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_writes_a_spec_that_generate_takes(folder: Path) -> None:
    write(FILES, folder)
    done = run("import")
    assert (done.code, done.err) == (0, "")
    assert "Wrote cfgcheck.yaml: one service, runtime systemd." in done.out
    assert "shop: shop.example.com -> gunicorn sync, shop.wsgi:application (from nginx.conf:3:5, gunicorn.conf.py" in (
        done.out
    )
    assert read_spec(folder / "cfgcheck.yaml").services["shop"].server.workers == 3
    generated = run("generate")
    assert (generated.code, generated.err) == (0, "")
    assert run("check", "deploy").code == 0


def test_it_counts_what_was_wrong_and_what_is_left(folder: Path) -> None:
    write(OLD, folder)
    before = run("check").out
    done = run("import", "--stdout")
    assert done.code == 0
    assert "The old files have " in done.err
    assert "The old files have no problems" not in done.err, before
    assert "after `cfgcheck generate` none is left." in done.err


def test_what_stays_behind_has_a_place_and_a_reason(folder: Path) -> None:
    write(OLD, folder)
    done = run("import")
    assert "Not carried over:\n  nginx.conf:6:9: `location /old`: a spec has no answers of nginx itself" in done.out


def test_standard_output_is_the_spec_alone(folder: Path) -> None:
    write(FILES, folder)
    done = run("import", "--stdout")
    assert read_spec(done.out).services["shop"].domains == ["shop.example.com"]
    assert not (folder / "cfgcheck.yaml").exists()
    assert done.err.startswith("A spec: one service")


def test_a_spec_that_is_there_is_kept(folder: Path) -> None:
    write({**FILES, "cfgcheck.yaml": "mine"}, folder)
    done = run("import")
    assert done.code == 2
    assert "cfgcheck.yaml is there already" in done.err
    assert (folder / "cfgcheck.yaml").read_text() == "mine"
    assert run("import", "--force").code == 0
    assert "shop.example.com" in (folder / "cfgcheck.yaml").read_text()


def test_another_file_can_be_named(folder: Path) -> None:
    write({f"old/{name}": text for name, text in FILES.items()}, folder)
    done = run("import", "old", "-o", "shop.yaml")
    assert done.code == 0
    assert "Wrote shop.yaml" in done.out
    assert read_spec(folder / "shop.yaml").services.keys() == {"shop"}


def test_a_file_that_cant_be_written_is_said(folder: Path) -> None:
    write(FILES, folder)
    done = run("import", "-o", "nowhere/shop.yaml")
    assert done.code == 2
    assert "nowhere/shop.yaml can't be written" in done.err


def test_nothing_to_import_says_what_was_looked_at(folder: Path) -> None:
    write({"nginx.conf": NGINX}, folder)
    done = run("import")
    assert done.code == 2
    assert "no Gunicorn, uWSGI or uvicorn was found" in done.err
    assert "one file was read, one nginx configuration" in done.err
    assert not (folder / "cfgcheck.yaml").exists()


def test_an_empty_folder_is_said_to_be_so(folder: Path) -> None:
    done = run("import")
    assert done.code == 2
    assert "no file was read" in done.err


def test_standard_input_is_read(folder: Path) -> None:
    write({"gunicorn.conf.py": GUNICORN}, folder)
    done = run("import", "--stdout", "-", "gunicorn.conf.py", "--stdin-filename", "nginx.conf", stdin=NGINX.encode())
    assert done.code == 0
    assert read_spec(done.out).services["shop"].domains == ["shop.example.com"]


def test_control_characters_of_old_files_do_not_reach_the_terminal(folder: Path) -> None:
    odd = NGINX.replace("location /", "location /\x1b[31m { return 410; }\n            location /")
    write({"nginx.conf": odd, "gunicorn.conf.py": GUNICORN}, folder)
    done = run("import")
    assert done.code == 0
    assert "\x1b" not in done.out + (folder / "cfgcheck.yaml").read_text()
