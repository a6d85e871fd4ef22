"""Which app servers a stack runs, told by commands and by config files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.app import App, name_of
from cfgcheck.model.stack import Stack
from cfgcheck.settings import Settings, load_settings


def stack_of(folder: Path, files: dict[str, str]) -> Stack:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    settings = load_settings(folder) if "cfgcheck.toml" in files else Settings()
    _, [stack] = load(Input((folder,)), settings)
    return stack


def names(apps: list[App]) -> list[str]:
    return sorted(app.label for app in apps)


def test_a_config_file_that_a_command_uses_is_no_app_besides(tmp_path: Path) -> None:
    files = {"Procfile": "web: gunicorn -c conf/web.py app:app\n", "conf/web.py": "bind = ':9000'\n"}
    stack = stack_of(tmp_path, files)
    [app] = stack.apps
    assert app.label == "gunicorn web"
    assert app.settings["bind"].value == (":9000",) or ":9000" in str(app.settings["bind"].value)


def test_a_command_in_the_same_folder_takes_gunicorn_conf_py(tmp_path: Path) -> None:
    files = {"Procfile": "web: gunicorn app:app\n", "gunicorn.conf.py": "bind = ':9000'\n"}
    assert names(stack_of(tmp_path, files).apps) == ["gunicorn web"]


def test_an_included_ini_is_a_part_of_the_one_that_includes_it(tmp_path: Path) -> None:
    files = {
        "site.ini": "[uwsgi]\nini = %dcommon-uwsgi.ini\nsocket = :3031\n",
        "common-uwsgi.ini": "[uwsgi]\nmaster = true\n",
    }
    assert names(stack_of(tmp_path, files).apps) == ["uwsgi site"]


def test_processes_of_one_procfile_run_together(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, {"Procfile": "a: gunicorn -b :1 a:a\nb: uwsgi --http :2 --module b\nc: celery -A c\n"})
    assert names(stack.apps) == ["gunicorn a", "uwsgi b"]
    assert len({app.together for app in stack.apps}) == 1
    assert stack.apps[0].together


def test_a_command_in_the_settings(tmp_path: Path) -> None:
    toml = '[[app]]\nname = "shop"\ncommand = "gunicorn -b 127.0.0.1:8001 --timeout 7 shop:app"\n'
    [app] = stack_of(tmp_path, {"cfgcheck.toml": toml}).apps
    assert app.label == "gunicorn shop"
    assert app.settings["timeout"].value == 7
    assert app.settings["timeout"].span is not None
    assert app.settings["timeout"].span.text == "7"


def test_each_app_of_the_settings_belongs_to_one_stack(tmp_path: Path) -> None:
    toml = (
        '[[stack]]\nname = "one"\npaths = ["one"]\n[[stack]]\nname = "two"\npaths = ["two"]\n'
        '[[app]]\nname = "a"\ncommand = "gunicorn a:a"\ndirectory = "two"\n'
    )
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "nginx.conf").write_text("events {}\nhttp {}\n")
    (tmp_path / "cfgcheck.toml").write_text(toml)
    _, stacks = load(Input((tmp_path,)), load_settings(tmp_path))
    assert {stack.name: names(stack.apps) for stack in stacks} == {"one": [], "two": ["gunicorn a"]}


def test_lines_of_a_templated_procfile_are_no_mistakes(tmp_path: Path) -> None:
    text = "web: gunicorn app:app\n{% for w in workers %}\nworker_{{ w }}: rq {{ w }}\n{% endfor %}\n"
    assert stack_of(tmp_path, {"Procfile": text}).problems == []
    assert stack_of(tmp_path, {"Procfile": "web: gunicorn app:app\nworker rq\n"}).problems


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("gunicorn.conf.py", ""),
        ("deploy/gunicorn.conf.py", "deploy"),
        ("deploy/gunicorn_prod.py", "prod"),
        ("etc/uwsgi.ini", ""),
        ("lib/uwsgi/patchwork.ini", "patchwork"),
        ("apps/search.ini:socket", "search-socket"),
    ],
)
def test_what_an_app_is_called_that_only_a_file_tells_of(path: str, name: str) -> None:
    assert name_of(path) == name
