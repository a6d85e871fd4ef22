"""Generated files on the disk: written all or not at all, and never over somebody else's work."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck import __version__
from cfgcheck.generate.output import OverwriteError, write
from cfgcheck.generate.output_header import Origin, header_of, short_hash, stamped
from cfgcheck.generate.output_state import State, changes, difference

ORIGIN = Origin("cfgcheck.yaml", "0123456789ab")
FILES = {
    "nginx/nginx.conf": "events {}\n",
    "nginx/conf.d/shop.conf": "# the shop\nserver {}\n",
    "shop/start.sh": "#!/bin/sh\nset -eu\nexec gunicorn\n",
}


def made(folder: Path, files: dict[str, str] = FILES, *, force: bool = False) -> list[tuple[str, State]]:
    done = write(changes(files, folder, ORIGIN), folder, force=force)
    return [(change.path, change.state) for change in done]


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """All that stands below, hidden files and modification times too."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[path.relative_to(folder).as_posix()] = (os.readlink(path).encode(), -1)
        elif path.is_file():
            found[path.relative_to(folder).as_posix()] = (path.read_bytes(), path.stat().st_mtime_ns)
        else:
            found[path.relative_to(folder).as_posix()] = (b"", 0)
    return found


# ── the header ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_header_says_who_wrote_it_from_what() -> None:
    text = stamped("events {}\n", ORIGIN)
    first, rest = text.split("\n", 1)
    assert rest == "events {}\n"
    assert first == (
        f"# Written by cfgcheck {__version__} from cfgcheck.yaml (spec 0123456789ab, file {short_hash(rest)}): "
        "change that file and run `cfgcheck generate`."
    )


def test_header_stands_below_the_line_that_names_the_interpreter() -> None:
    lines = stamped("#!/bin/sh\nexec true\n", ORIGIN).split("\n")
    assert lines[0] == "#!/bin/sh"
    assert lines[1].startswith("# Written by cfgcheck ")
    assert lines[2] == "exec true"


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "#!/bin/sh\n"]))
def test_header_knows_its_own_text_and_no_other(text: str, first: str) -> None:
    written = stamped(first + text, ORIGIN)
    header = header_of(written)
    assert header is not None
    assert (header.version, header.spec, header.spec_hash, header.edited) == (
        __version__, "cfgcheck.yaml", "0123456789ab", False,
    )  # fmt: skip
    changed = header_of(written + "x")
    assert changed is not None
    assert changed.edited


@pytest.mark.parametrize("text", ["", "events {}\n", "# written by cfgcheck\n", "x\n" + stamped("y\n", ORIGIN)])
def test_foreign_text_has_no_header(text: str) -> None:
    assert header_of(text) is None


def test_a_file_name_that_breaks_lines_stays_out_of_the_header() -> None:
    assert stamped("x\n", Origin("a\nuser root;.yaml", "0123456789ab")).split("\n")[1] == "x"


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_first_run_writes_all(tmp_path: Path) -> None:
    folder = tmp_path / "deploy"
    assert made(folder) == [(path, State.NEW) for path in sorted(FILES)]
    assert {path for path in snapshot(folder) if (folder / path).is_file()} == set(FILES)
    assert (folder / "nginx/nginx.conf").read_text() == stamped(FILES["nginx/nginx.conf"], ORIGIN)
    assert os.access(folder / "shop/start.sh", os.X_OK)
    assert not os.access(folder / "nginx/nginx.conf", os.X_OK)


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    made(tmp_path)
    before = snapshot(tmp_path)
    assert made(tmp_path) == []
    assert snapshot(tmp_path) == before


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    made(tmp_path)
    before = snapshot(tmp_path)
    changed = {**FILES, "nginx/nginx.conf": "events { }\n"}
    assert made(tmp_path, changed) == [("nginx/nginx.conf", State.CHANGED)]
    after = snapshot(tmp_path)
    assert [path for path in after if after[path] != before[path]] == ["nginx/nginx.conf"]


def test_order_of_files_does_not_matter(tmp_path: Path) -> None:
    made(tmp_path)
    assert made(tmp_path, dict(reversed(FILES.items()))) == []


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "nginx/nginx.conf").chmod(0o600)
    made(tmp_path, {**FILES, "nginx/nginx.conf": "events { }\n"})
    assert (tmp_path / "nginx/nginx.conf").stat().st_mode & 0o777 == 0o600


# ── what stands in the way ────────────────────────────────────────────────────────────────────────────────────────────


def _edit(path: Path) -> None:
    path.write_text(path.read_text() + "# mine\n")


def _foreign(path: Path) -> None:
    path.write_text("events { worker_connections 4; }\n")


def _link_out(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent.parent.parent / "precious.conf")


@pytest.mark.parametrize(
    ("meddle", "state"), [(_edit, State.EDITED), (_foreign, State.FOREIGN), (_link_out, State.LINK)]
)
def test_nothing_is_written_where_one_file_is_not_ours(tmp_path: Path, meddle: object, state: State) -> None:
    precious = tmp_path / "precious.conf"
    precious.write_text("precious\n")
    folder = tmp_path / "deploy"
    made(folder)
    assert callable(meddle)
    meddle(folder / "nginx/nginx.conf")
    before = snapshot(folder)
    other = {**FILES, "shop/start.sh": "#!/bin/sh\nexec true\n"}
    with pytest.raises(OverwriteError) as caught:
        made(folder, other)
    assert [(change.path, change.state) for change in caught.value.changes] == [("nginx/nginx.conf", state)]
    assert snapshot(folder) == before
    assert ("nginx/nginx.conf", state) in made(folder, other, force=True)
    assert (folder / "nginx/nginx.conf").read_text() == stamped(FILES["nginx/nginx.conf"], ORIGIN)
    assert not (folder / "nginx/nginx.conf").is_symlink()
    assert precious.read_text() == "precious\n"


def test_two_specs_do_not_share_a_folder_unawares(tmp_path: Path) -> None:
    made(tmp_path)
    other = changes({"nginx/nginx.conf": "events {}\n"}, tmp_path, Origin("other.yaml", "0123456789ab"))
    assert [(one.path, one.state) for one in other] == [("nginx/nginx.conf", State.OTHER_SPEC)]
    with pytest.raises(OverwriteError):
        write(other, tmp_path)
    assert len(write(other, tmp_path, force=True)) == 1


def test_not_even_force_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "deploy", tmp_path / "etc"
    folder.mkdir()
    outside.mkdir()
    (folder / "nginx").symlink_to(outside)
    with pytest.raises(OverwriteError) as caught:
        made(folder, force=True)
    assert {change.state for change in caught.value.changes} == {State.OUTSIDE}
    assert snapshot(outside) == {}
    assert not (folder / "shop").exists()


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "deploy").symlink_to(tmp_path / "real")
    assert len(made(tmp_path / "deploy")) == len(FILES)


def test_a_folder_in_place_of_a_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "nginx/nginx.conf").mkdir(parents=True)
    with pytest.raises(OverwriteError) as caught:
        made(tmp_path, force=True)
    assert [change.state for change in caught.value.changes] == [State.NO_FILE]


def test_a_file_in_place_of_a_folder_is_an_error_that_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("mine")
    before = snapshot(tmp_path)
    with pytest.raises(OSError):
        made(tmp_path)
    assert snapshot(tmp_path) == before


# ── what is no longer generated ───────────────────────────────────────────────────────────────────────────────────────


def test_a_file_of_a_service_that_is_gone_is_removed(tmp_path: Path) -> None:
    made(tmp_path)
    less = {path: text for path, text in FILES.items() if not path.startswith("shop/")}
    assert made(tmp_path, less) == [("shop/start.sh", State.STALE)]
    assert not (tmp_path / "shop").exists()
    assert made(tmp_path, less) == []


def test_a_folder_with_other_files_stays(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "shop/app.py").write_text("x = 1\n")
    made(tmp_path, {"nginx/nginx.conf": "events {}\n"})
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["app.py"]


@pytest.mark.parametrize("force", [False, True])
def test_an_edited_one_stays(tmp_path: Path, force: bool) -> None:
    made(tmp_path)
    _edit(tmp_path / "shop/start.sh")
    less = {path: text for path, text in FILES.items() if not path.startswith("shop/")}
    found = changes(less, tmp_path, ORIGIN)
    assert [(one.path, one.state) for one in found if one.drifted] == [("shop/start.sh", State.STALE_EDITED)]
    assert made(tmp_path, less, force=force) == []
    assert "# mine" in (tmp_path / "shop/start.sh").read_text()


def test_files_of_another_spec_are_let_alone(tmp_path: Path) -> None:
    other = Origin("other.yaml", "ba9876543210")
    write(changes({"blog/start.sh": "#!/bin/sh\n"}, tmp_path, other), tmp_path)
    nested = tmp_path / "billing"
    nested.mkdir()
    (nested / "cfgcheck.yaml").write_text("services: {}\n")
    made(nested, {"start.sh": "#!/bin/sh\n"})
    assert [path for path, _ in made(tmp_path)] == sorted(FILES)
    assert (tmp_path / "blog/start.sh").exists()
    assert (nested / "start.sh").exists()


def test_a_link_to_a_file_of_ours_is_not_taken_for_one(tmp_path: Path) -> None:
    made(tmp_path / "deploy")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "nginx.conf").symlink_to(tmp_path / "deploy/nginx/nginx.conf")
    assert changes({}, elsewhere, ORIGIN) == []


# ── trouble in the middle ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", range(4))
def test_a_failing_disk_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    made(tmp_path, {**FILES, "gone.conf": "x\n"})
    before = snapshot(tmp_path)
    calls = 0
    real_replace, real_unlink = os.replace, Path.unlink

    def count() -> None:
        nonlocal calls
        calls += 1
        if calls == number + 1:
            raise OSError(5, "Input/output error")

    def replace(source: Path, target: Path) -> None:
        if str(source).endswith(".new"):
            count()
        real_replace(source, target)

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == "gone.conf":
            count()
        real_unlink(path, missing_ok)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(OSError, match="Input/output"):
        made(tmp_path, {path: text + "# more\n" for path, text in FILES.items()})
    assert calls == number + 1
    after = snapshot(tmp_path)
    assert after == before


@pytest.mark.parametrize("number", range(3))
def test_a_failing_disk_leaves_no_new_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    calls = 0

    def fsync(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == number + 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space"):
        made(tmp_path / "deploy")
    assert snapshot(tmp_path) == {}


def test_a_disk_without_second_names_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    made(tmp_path)
    monkeypatch.setattr(os, "link", link)
    assert made(tmp_path, {**FILES, "nginx/nginx.conf": "events { }\n"}) == [("nginx/nginx.conf", State.CHANGED)]
    assert not [path for path in snapshot(tmp_path) if path.endswith((".new", ".old"))]


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(PermissionError):
        made(tmp_path / "deploy")
    assert snapshot(tmp_path) == {}


CRASH = """
import os, sys
from pathlib import Path
from cfgcheck.generate import output
from cfgcheck.generate.output_header import Origin
from cfgcheck.generate.output_state import changes
folder, number = Path(sys.argv[1]), int(sys.argv[2])
real, calls = os.replace, 0
def replace(source, target):
    global calls
    calls += 1
    if calls == number:
        os._exit(9)
    real(source, target)
os.replace = replace
files = {name: "new " * 1000 + "\\n" for name in ("a.conf", "b.conf", "c/d.conf")}
output.write(changes(files, folder, Origin("cfgcheck.yaml", "0" * 12)), folder)
"""


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_crash_leaves_whole_files(tmp_path: Path, number: int) -> None:
    old = dict.fromkeys(("a.conf", "b.conf", "c/d.conf"), "old\n")
    origin = Origin("cfgcheck.yaml", "0" * 12)
    write(changes(old, tmp_path, origin), tmp_path)
    done = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path), str(number)], check=False)
    assert done.returncode == 9
    texts = [(tmp_path / name).read_text() for name in old]
    new = [stamped("new " * 1000 + "\n", origin)] * (number - 1)
    assert texts == new + [stamped("old\n", origin)] * (len(old) - number + 1)
    # The next run goes through, and what nginx reads (`conf.d/*.conf`) holds nothing left over.
    write(changes(old, tmp_path, origin), tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.conf")) == ["a.conf", "b.conf", "d.conf"]


# ── differences ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_differences_are_shown_as_diffs(tmp_path: Path) -> None:
    made(tmp_path)
    _edit(tmp_path / "shop/start.sh")
    files = {"nginx/nginx.conf": "events {}\n", "shop/start.sh": FILES["shop/start.sh"], "new.conf": "x\n"}
    shown = {one.path: difference(one) for one in changes(files, tmp_path, ORIGIN)}
    assert shown["nginx/nginx.conf"] == ""
    assert "\n-# mine\n" in shown["shop/start.sh"]
    assert shown["new.conf"].startswith("--- /dev/null\n+++ b/new.conf\n")
    assert shown["nginx/conf.d/shop.conf"].startswith("--- a/nginx/conf.d/shop.conf\n+++ /dev/null\n")
