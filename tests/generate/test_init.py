"""`cfgcheck init` writes a spec that can be taken as it is, and whose commented lines can, too."""
# ruff: noqa: E501  (tables)

from __future__ import annotations

import io
import itertools
import re
from pathlib import Path
from typing import get_args

import pytest

from cfgcheck.cli import main
from cfgcheck.generate.hints import Hints, hints_in
from cfgcheck.generate.initial import Answers, starter, usual_certificate
from cfgcheck.generate.reading import read_spec
from cfgcheck.generate.spec import EdgeKind, Framework, Runtime, ServerKind
from tests.cli.running import Done, run

NEEDED = ("--name", "shop", "--domain", "shop.example.com", "--app", "shop.wsgi:application")
_COMMENTED = re.compile(r"^(\s*)# ( *[a-z/_-]+|  +TZ): ?", re.MULTILINE)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "my-shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def answer(*args: str, keys: str) -> Done:
    """``cfgcheck init`` on a terminal on which these lines are typed."""
    written = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(one, encoding="utf-8", write_through=True) for one in written)
    code = main(["init", *args], _Terminal(io.BytesIO(keys.encode()), encoding="utf-8"), out, err)
    return Done(code, *(one.getvalue().decode("utf-8") for one in written))


def uncommented(text: str) -> str:
    """The spec with everything that is only shown taken as it is."""
    lines = text.splitlines()
    return "\n".join(re.sub(r"^(\s*)# ", r"\1", line) if _COMMENTED.match(line) else line for line in lines)


def every_answer() -> list[Answers]:
    choices = itertools.product(*map(get_args, (Framework, ServerKind, Runtime, EdgeKind)), (True, False))
    tls = usual_certificate("shop.example.com")
    return [
        Answers("shop", ("shop.example.com", "*.example.org"), "shop:app", framework, server, runtime, edge, tls if ends else None)
        for framework, server, runtime, edge, ends in choices
        if not (edge == "heroku" and (ends or runtime in ("systemd", "compose")))
        and not (framework == "flask" and server == "uvicorn")
        and not (framework in ("fastapi", "starlette") and server == "uwsgi")
    ]


def test_every_starter_reads_as_it_was_answered() -> None:
    for answers in every_answer():
        spec = read_spec(starter(answers))
        service = spec.services["shop"]
        assert (spec.runtime, spec.edge.kind, service.server.kind) == (answers.runtime, answers.edge, answers.server)
        assert (service.app.framework, service.app.module) == (answers.framework, answers.app)
        assert (service.tls is not None) == (answers.tls is not None)
        assert tuple(service.domains) == answers.domains


def test_what_is_commented_out_can_be_taken_as_it_is() -> None:
    for answers in every_answer():
        text = uncommented(starter(answers))
        service = read_spec(text).services["shop"]
        assert service.environment == {"TZ": "UTC"}
        assert service.health == "/healthz"
        assert service.static == {"/static/": "/srv/shop/static"}
        assert (service.tls is not None) == (answers.edge != "heroku")
        assert service.nginx.server


def test_flags_are_enough(empty_folder: Path) -> None:
    done = run("init", *NEEDED, "--framework", "django", "--edge", "aws-alb", "--no-tls")
    assert done.code == 0
    assert done.err == "cfgcheck.yaml is written. Look it through, then run `cfgcheck generate`.\n"
    spec = read_spec(empty_folder / "cfgcheck.yaml")
    assert (spec.edge.kind, spec.services["shop"].tls) == ("aws-alb", None)


def test_what_it_wrote_can_be_generated(empty_folder: Path) -> None:
    assert run("init", *NEEDED, "--tls").code == 0
    assert run("generate", "--stdout").code == 0


def test_it_writes_to_another_file(empty_folder: Path) -> None:
    assert run("init", "other.yaml", *NEEDED).code == 0
    assert read_spec(empty_folder / "other.yaml")
    assert not (empty_folder / "cfgcheck.yaml").exists()


def test_printing_writes_nothing(empty_folder: Path) -> None:
    done = run("init", *NEEDED, "--stdout")
    assert read_spec(done.out)
    assert list(empty_folder.iterdir()) == []


def test_it_overwrites_nothing_unless_told_to(empty_folder: Path) -> None:
    file = empty_folder / "cfgcheck.yaml"
    file.write_text("mine\n")
    done = run("init", *NEEDED)
    assert done.code == 2
    assert "cfgcheck.yaml exists; --force overwrites it, --stdout prints instead" in done.err
    assert file.read_text() == "mine\n"
    assert run("init", *NEEDED, "--stdout").code == 0
    assert run("init", *NEEDED, "--force").code == 0
    assert read_spec(file)


def test_a_link_that_leads_nowhere_is_not_written_through(empty_folder: Path) -> None:
    (empty_folder / "cfgcheck.yaml").symlink_to(empty_folder / "elsewhere")
    assert run("init", *NEEDED).code == 2
    assert not (empty_folder / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_told(empty_folder: Path) -> None:
    done = run("init", "none/cfgcheck.yaml", *NEEDED)
    assert (done.code, "none/cfgcheck.yaml can't be written" in done.err) == (2, True)


def test_without_a_terminal_the_missing_flags_are_named() -> None:
    done = run("init", "--name", "shop")
    assert done.code == 2
    assert "there is no terminal to ask on; say --domain, --app" in done.err
    assert not Path("cfgcheck.yaml").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--domain", "Shop.example.com"], "'--domain': must be a host name in small letters"),
        (["--domain", "https://shop.example.com"], "'--domain': must be a host name in small letters"),
        (["--app", "shop/wsgi.py"], "'--app': must be a module and the callable in it"),
        (["--name", "My Shop"], "'--name': must be of small letters, digits and hyphens"),
        (["--name", "a" * 32], "'--name': must be of small letters, digits and hyphens"),
        (["--server", "apache"], "'apache' is not one of 'gunicorn', 'uwsgi', 'uvicorn'"),
        (["--framework", "flask", "--server", "uvicorn"], "flask has the interface `wsgi`, not `asgi`"),
        (["--name", "nginx"], "a service can't be called `nginx`"),
        (["--edge", "heroku", "--runtime", "compose"], "Heroku starts processes itself"),
    ],
)
def test_bad_flags_are_told(flags: list[str], told: str) -> None:
    done = run("init", *NEEDED, *flags, "--stdout")
    assert (done.code, done.out) == (2, "")
    assert told in " ".join(done.err.split())


def test_questions_on_a_terminal(empty_folder: Path) -> None:
    done = answer(keys="shop\nshop.example.com\nshop.wsgi:application\ndjango\nuwsgi\naws-alb\nsupervisord\nn\n")
    assert done.code == 0
    spec = read_spec(empty_folder / "cfgcheck.yaml")
    service = spec.services["shop"]
    assert (spec.runtime, spec.edge.kind) == ("supervisord", "aws-alb")
    assert (service.server.kind, service.app.framework, service.tls) == ("uwsgi", "django", None)


def test_a_wrong_answer_is_asked_again() -> None:
    done = answer("--stdout", "--framework", "flask", keys="My Shop\nshop\n\nshop.py\nshop:app\n\n\n\n\n")
    assert done.code == 0
    assert "Error: must be of small letters" in done.err
    assert "Error: must name a module, not its file" in done.err
    spec = read_spec(done.out)
    assert spec.services["shop"].domains == ["shop.example.com"]


def test_only_what_flags_leave_open_is_asked() -> None:
    flags = ("--framework", "other", "--server", "gunicorn", "--runtime", "plain", "--edge", "none", "--no-tls")
    done = answer(*NEEDED, *flags, "--stdout", keys="")
    assert (done.code, done.err) == (0, "")


def test_leaving_in_the_middle_writes_nothing(empty_folder: Path) -> None:
    done = answer(keys="shop\n")
    assert done.code == 2
    assert list(empty_folder.iterdir()) == []


MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.production")\n'


@pytest.mark.parametrize(
    ("files", "hints"),
    [
        ({}, Hints("my-shop", None, None)),
        ({"manage.py": MANAGE, "shop/wsgi.py": ""}, Hints("my-shop", "shop.wsgi:application", "django")),
        ({"manage.py": MANAGE, "shop/asgi.py": ""}, Hints("my-shop", "shop.asgi:application", "django")),
        ({"manage.py": "import os\n", "requirements.txt": "Django>=5\n"}, Hints("my-shop", None, "django")),
        ({"main.py": "from fastapi import FastAPI\napi = FastAPI()\n"}, Hints("my-shop", "main:api", "fastapi")),
        ({"shop/__init__.py": "app: flask.Flask = flask.Flask(__name__)\n"}, Hints("my-shop", "shop:app", "flask")),
        ({"src/shop/web/x.py": "", "src/shop/app.py": "x = Starlette()\n"}, Hints("my-shop", "shop.app:x", "starlette")),
        ({"app.py": "def create_app():\n    app = Flask(__name__)\n"}, Hints("my-shop", None, None)),
        ({"pyproject.toml": '[project]\nname = "The_Shop 2"\ndependencies = ["flask>=3"]\n'}, Hints("the-shop-2", None, "flask")),
        ({"pyproject.toml": '[project]\nname = "x"\ndependencies = ["flask-login"]\n'}, Hints("x", None, None)),
        ({"app.py/x": "", "manage.py": "\x00\udcff"}, Hints("my-shop", None, None)),
    ],
)  # fmt: skip
def test_hints_of_a_folder(empty_folder: Path, files: dict[str, str], hints: Hints) -> None:
    for name, text in files.items():
        path = empty_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert hints_in(empty_folder) == hints


def test_hints_are_defaults(empty_folder: Path) -> None:
    (empty_folder / "main.py").write_text("app = FastAPI()\n")
    spec = read_spec(run("init", "--domain", "api.example.com", "--stdout").out)
    assert spec.services["my-shop"].app.model_dump(exclude_none=True) == {"module": "main:app", "framework": "fastapi"}
    other = read_spec(run("init", "--domain", "api.example.com", "--app", "x:y", "--stdout").out)
    assert other.services["my-shop"].app.framework == "other"


def test_nothing_is_imported(empty_folder: Path) -> None:
    (empty_folder / "main.py").write_text("open('ran', 'w')\napp = FastAPI()\n")
    assert run("init", "--domain", "api.example.com", "--stdout").code == 0
    assert not (empty_folder / "ran").exists()
