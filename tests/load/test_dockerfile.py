"""Images from Dockerfiles: commands, variables, users, files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfgcheck.load.context import Context
from cfgcheck.load.disk import Disk
from cfgcheck.load.dockerfile import ImageReader, lone_images
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.image import Build, Image
from cfgcheck.load.service import Launch
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager
from tests.hanging import no_hang


def context_of(root: Path) -> Context:
    disk = Disk(root)
    return Context(disk, TreeIndex(disk, [root]))


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def build(root: Path, text: str, files: Mapping[str, str] | None = None, target: str = "", **arguments: str) -> Image:
    write(root, {"Dockerfile": text, **(files or {})})
    given_arguments = {name: Located.read(value, None) for name, value in arguments.items()}
    return ImageReader(context_of(root)).build(Build(root, root / "Dockerfile", target, given_arguments))


def words(launch: Launch | None) -> list[str | None] | str | None:
    """Of the exec form its words, of the shell form its text."""
    if launch is None:
        return None
    return launch.text if launch.shell else [word.value for word in launch.words]


def tree(root: Path, image: Image) -> dict[str, str]:
    """Files of the tree that the image has, by their paths in it."""
    disk = Disk(root)
    files = Filesystem(disk, None, image.mounts, certain=True)
    found: dict[str, str] = {}
    for mount in image.mounts:
        for folder, _, names in os.walk(mount.source):
            for name in names:
                path = os.path.normpath(f"{mount.target}/{os.path.relpath(f'{folder}/{name}', mount.source)}")
                found["/" + path.lstrip("/")] = ""
        found[mount.target] = ""
    placed = {path: files.find_path(path) for path in found}
    return {path: disk.show(there) for path, there in placed.items() if there is not None}


FILES = dict.fromkeys(("a", "b.conf", "conf/x.conf", "conf/y.conf", "app/wsgi.py", "app/conf/x.conf"), "")


@pytest.mark.parametrize(
    ("base", "own", "entrypoint", "command"),
    [
        ('CMD ["a"]', "", None, ["a"]),
        ('CMD ["a"]', 'ENTRYPOINT ["e"]', ["e"], None),
        ('CMD ["a"]', 'ENTRYPOINT ["e"]\nCMD ["b"]', ["e"], ["b"]),
        ("", 'CMD ["b"]\nENTRYPOINT ["e"]', ["e"], ["b"]),
        ('ENTRYPOINT ["e"]\nCMD ["a"]', 'CMD ["b"]', ["e"], ["b"]),
        ('ENTRYPOINT ["e"]', "ENTRYPOINT []", None, None),
        ('CMD ["a"]', "CMD []", None, None),
        ("", 'CMD ["a"]\nENTRYPOINT exec e $X', "exec e $X", None),
        ("", 'CMD ["a"]\nCMD b --x', None, "b --x"),
        ("", "CMD ['a']", None, "['a']"),
    ],
)
def test_entrypoint_and_command(
    tmp_path: Path, base: str, own: str, entrypoint: list[str] | str | None, command: list[str] | str | None
) -> None:
    """As ``buildah bud`` made it of the same files."""
    image = build(tmp_path, f"FROM scratch AS base\n{base}\nFROM base\n{own}\n")
    assert (words(image.entrypoint), words(image.command)) == (entrypoint, command)


def test_environment(tmp_path: Path) -> None:
    image = build(
        tmp_path,
        "FROM scratch AS base\n"
        "ENV A=1 B=$A D='$A' E=\"${X:-d}\" G=\\$A H=a\\ b\n"
        'ENV OLD some value  "quoted" $A\n'
        "FROM base\nENV A=2 B=$A\n",
    )
    assert dict(image.environment.values) == {
        "A": "2", "B": "1", "D": "$A", "E": "d", "G": "$A", "H": "a b", "OLD": "some value  quoted 1",
    }  # fmt: skip
    assert image.environment.spans["A"].text == "2"


def test_arguments(tmp_path: Path) -> None:
    text = (
        "ARG TAG=3.12\nARG NONE\nFROM python:$TAG\nARG TAG\nARG PORT=8000\nARG GIVEN=x\nARG NONE\nARG OTHER\n"
        "ENV TAG=$TAG PORT=${PORT} GIVEN=$GIVEN NONE=$NONE OTHER=$OTHER HOME=$HOME\n"
    )
    image = build(tmp_path, text, GIVEN="y")
    assert image.reference.value == "python:3.12"
    assert dict(image.environment.values) == {"TAG": "3.12", "PORT": "8000", "GIVEN": "y"}
    assert sorted(image.environment.unknown) == ["HOME", "NONE", "OTHER"]
    assert build(tmp_path, text, TAG="3.9").reference.value == "python:3.9"


def test_a_variable_wins_over_an_argument(tmp_path: Path) -> None:
    image = build(tmp_path, "FROM scratch\nENV A=env\nARG A=arg\nENV B=$A\n", A="given")
    assert image.environment.values["B"] == "env"


def test_an_unknown_base(tmp_path: Path) -> None:
    image = build(tmp_path, "ARG BASE\nFROM $BASE\nCOPY a app/\n", {"a": ""})
    assert not image.reference.known
    assert image.opaque and not image.certain and not image.stop_signal.known
    assert (image.folder, image.mounts) == ("", ())
    image = build(tmp_path, 'FROM company/base\nCMD ["a"]\n')
    assert (image.opaque, words(image.command)) == ("", ["a"])


def test_folders_users_signals_ports(tmp_path: Path) -> None:
    image = build(
        tmp_path,
        "FROM python:3.12\nENV P=90\nWORKDIR /srv\nWORKDIR app/../x\nUSER app:www\nSTOPSIGNAL 3\n"
        "EXPOSE 80 81/tcp 53/udp ${P}00 8000-8002 $NOBODY\n",
    )
    assert image.folder == "/srv/x"
    assert (image.user.value, image.group.value, image.stop_signal.value) == ("app", "www", "QUIT")
    assert [port.get(None) for port in image.ports] == [80, 81, 9000, 8000, 8001, 8002, None]
    assert image.user.span is not None and image.user.span.text == "app:www"


@pytest.mark.parametrize(
    ("user", "name", "group"), [("0", "root", "root"), ("1000", "1000", None), ("a:0", "a", "root")]
)
def test_users(tmp_path: Path, user: str, name: str, group: str | None) -> None:
    image = build(tmp_path, f"FROM scratch\nUSER {user}\n")
    assert (image.user.value, image.group.get(None)) == (name, group)
    assert build(tmp_path, "FROM scratch\n").user.value == "root"


@pytest.mark.parametrize("signal", ["SIGQUIT", "QUIT", "3", "sigquit"])
def test_stop_signals(tmp_path: Path, signal: str) -> None:
    assert build(tmp_path, f"FROM a\nSTOPSIGNAL {signal}\n").stop_signal.value == "QUIT"


def test_stages(tmp_path: Path) -> None:
    text = (
        "FROM python:3.12 AS Base\nENV A=1\nWORKDIR /app\nFROM node AS js\nFROM base AS web\nCMD web\n"
        "FROM BASE AS worker\nCMD worker\n"
    )
    assert words(build(tmp_path, text).command) == "worker"
    web = build(tmp_path, text, target="WEB")
    assert (words(web.command), web.folder, web.reference.value) == ("web", "/app", "python:3.12")
    assert words(build(tmp_path, text, target="2").command) == "web"
    assert "no stage nobody" in build(tmp_path, text, target="nobody").opaque


def test_a_dockerfile_that_is_not_there(tmp_path: Path) -> None:
    image = ImageReader(context_of(tmp_path)).build(Build(tmp_path, tmp_path / "Dockerfile"))
    assert image.opaque == "Dockerfile is not in the folder checked"


@pytest.mark.parametrize(
    ("instructions", "there"),
    [
        ("COPY a /x", {"/x": "a"}),
        ("COPY a /x/", {"/x/a": "a"}),
        ("WORKDIR /w\nCOPY a .\nCOPY b.conf sub/", {"/w/a": "a", "/w/sub/b.conf": "b.conf"}),
        ("COPY conf /c", {"/c/x.conf": "conf/x.conf", "/c/y.conf": "conf/y.conf"}),
        ("COPY a b.conf /x/", {"/x/a": "a", "/x/b.conf": "b.conf"}),
        ("COPY conf/x.conf /etc/nginx/conf.d", {"/etc/nginx/conf.d/x.conf": "conf/x.conf"}),
        ("RUN mkdir -p /q\nCOPY a /q", {"/q/a": "a"}),
        ("COPY *.conf conf/?.conf /x/", {
            "/x/b.conf": "b.conf", "/x/x.conf": "conf/x.conf", "/x/y.conf": "conf/y.conf"}),
        ('COPY ["a", "/x y"]', {"/x y": "a"}),
        ("COPY ../../a /x", {"/x": "a"}),
        ("COPY app /app\nCOPY conf /app/conf", {
            "/app/wsgi.py": "app/wsgi.py", "/app/conf/x.conf": "conf/x.conf", "/app/conf/y.conf": "conf/y.conf"}),
        ("COPY conf /app/conf\nCOPY app /app", {
            "/app/wsgi.py": "app/wsgi.py", "/app/conf/x.conf": "app/conf/x.conf", "/app/conf/y.conf": "conf/y.conf"}),
        ("COPY app /c\nCOPY conf /c/conf\nCOPY app /c", {
            "/c/wsgi.py": "app/wsgi.py", "/c/conf/x.conf": "app/conf/x.conf", "/c/conf/y.conf": "conf/y.conf"}),
        ("COPY a /x\nCOPY missing.conf /x", {}),
        ("ADD https://example.com/a /x", {}),
        ("COPY --parents conf/x.conf /p/", {"/p/conf/x.conf": "conf/x.conf"}),
        ("ONBUILD COPY a /x", {}),
    ],
)  # fmt: skip
def test_copied_files(tmp_path: Path, instructions: str, there: dict[str, str]) -> None:
    image = build(tmp_path, f"FROM scratch\n{instructions}\n", FILES)
    assert tree(tmp_path, image) == there


@pytest.mark.parametrize(
    ("instructions", "there"),
    [
        ("COPY --from=0 /src /app", {"/app/wsgi.py": "app/wsgi.py", "/app/conf/x.conf": "conf/x.conf"}),
        ("COPY --from=one /src/wsgi.py /app/", {"/app/wsgi.py": "app/wsgi.py"}),
        ("COPY --from=one /src/conf/x.conf /x", {"/x": "conf/x.conf"}),
        ("COPY --from=one /src/conf/* /c/", {"/c/x.conf": "conf/x.conf"}),
        ("COPY --from=one / /", {"/src/wsgi.py": "app/wsgi.py", "/src/conf/x.conf": "conf/x.conf"}),
        ("COPY --from=nobody /src /app", {}),
        ("COPY --from=one /elsewhere /app", {}),
    ],
)
def test_files_of_earlier_stages(tmp_path: Path, instructions: str, there: dict[str, str]) -> None:
    text = f"FROM scratch AS one\nCOPY app /src\nCOPY conf/x.conf /src/conf/x.conf\nFROM scratch\n{instructions}\n"
    assert tree(tmp_path, build(tmp_path, text, FILES)) == there


@pytest.mark.parametrize(
    ("instructions", "there"),
    [
        ("COPY a /x\nRUN rm /x", {}),
        ("COPY conf /c\nRUN rm -f /c/x.conf && true", {"/c/y.conf": "conf/y.conf"}),
        ("COPY conf /etc/nginx/conf.d\nRUN rm /etc/nginx/conf.d/*", {}),
        ("COPY conf /c\nRUN rm /c/x*", {"/c/y.conf": "conf/y.conf"}),
        ("WORKDIR /w\nCOPY a .\nRUN mv a /etc/x.conf", {"/etc/x.conf": "a"}),
        ("COPY a /w/a\nRUN cd /w && cp a /etc/nginx/nginx.conf", {"/w/a": "a", "/etc/nginx/nginx.conf": "a"}),
        ("COPY conf /w\nRUN cp /w/x.conf /etc/nginx/conf.d/", {
            "/w/x.conf": "conf/x.conf", "/w/y.conf": "conf/y.conf", "/etc/nginx/conf.d/x.conf": "conf/x.conf"}),
        ("COPY a /s/a\nRUN ln -s /s/a /etc/nginx/sites-enabled/", {"/s/a": "a", "/etc/nginx/sites-enabled/a": "a"}),
        ("RUN ln -sf ../s/a /e/b\nCOPY a /s/a", {"/s/a": "a", "/e/b": "a"}),
        ("COPY a /x.conf\nRUN echo hi > /x.conf", {}),
        ("COPY a /x.conf\nRUN echo hi >> /x.conf", {"/x.conf": "a"}),
        ("COPY a /x.conf\nRUN <<EOF\nrm /x.conf\nEOF", {}),
        ('COPY a /x.conf\nRUN ["rm", "/x.conf"]', {}),
        ('COPY a /x.conf\nRUN ["/bin/sh", "-c", "rm /x.conf"]', {}),
        ("COPY a /x.conf\nRUN rm $NOBODY /y", {"/x.conf": "a"}),
        ("ENV D=/x.conf\nCOPY a /x.conf\nRUN rm $D", {}),
        ("RUN ln -sf /dev/stdout /var/log/nginx/access.log", {}),
    ],
)  # fmt: skip
def test_files_that_commands_move(tmp_path: Path, instructions: str, there: dict[str, str]) -> None:
    image = build(tmp_path, f"FROM scratch\n{instructions}\n", FILES)
    assert tree(tmp_path, image) == there


def test_removed_files_are_not_looked_for_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, {"other/default.conf": ""})
    image = build(tmp_path, "FROM nginx\nRUN rm /etc/nginx/conf.d/default.conf\n")
    context = context_of(tmp_path)
    files = Filesystem(context.disk, context.index, image.mounts)
    assert files.find_path("/etc/nginx/conf.d/default.conf") is None
    assert files.find_path("/etc/nginx/conf.d/other/default.conf") is not None


def test_a_file_that_stands_in_the_dockerfile(tmp_path: Path) -> None:
    text = "FROM nginx\nCOPY <<'EOF' /etc/nginx/conf.d/x.conf\nserver { listen 80; }\nEOF\n"
    write(tmp_path, {"Dockerfile": text})
    context = context_of(tmp_path)
    image = ImageReader(context).build(Build(tmp_path, tmp_path / "Dockerfile"))
    file = Filesystem(context.disk, None, image.mounts, certain=True).find("/etc/nginx/conf.d/x.conf")
    assert file is not None
    assert (file.path, file.text.strip()) == ("Dockerfile", "server { listen 80; }")
    assert str(file.span(file.text.index("listen"), len(file.text))) == "Dockerfile:3:10"


def test_a_file_in_the_dockerfile_whose_variables_docker_takes_away(tmp_path: Path) -> None:
    image = build(tmp_path, "FROM nginx\nCOPY <<EOF /etc/nginx/conf.d/x.conf\nset $x 1;\nEOF\n")
    assert tree(tmp_path, image).get("/etc/nginx/conf.d/x.conf") is None
    assert not image.certain


@pytest.mark.parametrize(
    ("instructions", "certain"),
    [
        ("COPY . /app\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*", True),
        ("RUN pip install -r requirements.txt && python manage.py collectstatic --noinput", True),
        ("RUN curl -sSL https://example.com/install | python3 -", True),
        ("RUN adduser --system app && chown -R app /app && mkdir -p /run/x", True),
        ("RUN ln -sf /dev/stdout /var/log/nginx/access.log", True),
        ("COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/", True),
        ("RUN ./setup.sh", False),
        ("RUN make install", False),
        ("RUN git clone https://example.com/x /app", False),
        ("RUN echo 'daemon off;' >> /etc/nginx/nginx.conf", False),
        ("RUN sed -i s/80/8080/ /etc/nginx/conf.d/default.conf", False),
        ("RUN envsubst < /t > /etc/nginx/conf.d/default.conf", False),
        ("RUN curl https://example.com/nginx.conf -o /etc/nginx/nginx.conf", False),
        ("COPY $SOURCE /etc/nginx/", False),
        ("COPY missing/nginx.conf /etc/nginx/", False),
        ("ONBUILD COPY . /app", False),
    ],
)
def test_what_makes_an_image_certain(tmp_path: Path, instructions: str, certain: bool) -> None:
    for base in ("python:3.12-slim", "nginx:1.27", "debian"):
        assert build(tmp_path, f"FROM {base}\n{instructions}\n").certain is certain
    assert not build(tmp_path, f"FROM company/base\n{instructions}\n").certain


def test_versions(tmp_path: Path) -> None:
    image = build(
        tmp_path,
        "FROM python:3.12 AS build\nRUN pip install --prefix=/install gunicorn==23.0.0 uvicorn\n"
        "FROM nginx:1.27.3\nCOPY --from=build /install /usr/local\n",
    )
    assert str(image.versions["gunicorn"].value) == "23.0.0"
    assert not image.versions["uvicorn"].known
    assert str(image.versions["nginx"].value) == "1.27.3"


def test_nginx_of_a_distribution_brings_its_main_file(tmp_path: Path) -> None:
    debian = build(tmp_path, "FROM python:3.12\nRUN apt-get update && apt-get install -y nginx supervisor\n")

    write(tmp_path, {"Dockerfile": "FROM python:3.12\nRUN apt-get install -y nginx\n"})
    context = context_of(tmp_path)
    image = ImageReader(context).build(Build(tmp_path, tmp_path / "Dockerfile"))
    main = Filesystem(context.disk, None, image.mounts).find("/etc/nginx/nginx.conf")
    assert main is not None and "sites-enabled" in main.text
    assert [mount.target for mount in debian.mounts] == ["/etc/nginx/nginx.conf", "/etc/supervisor/supervisord.conf"]
    own = build(tmp_path, "FROM alpine\nCOPY a /etc/nginx/nginx.conf\nRUN apk add --no-cache nginx\n", {"a": ""})
    assert tree(tmp_path, own) == {"/etc/nginx/nginx.conf": "a"}


def test_an_image_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM a\n"})
    reader = ImageReader(context_of(tmp_path))
    assert reader.build(Build(tmp_path, tmp_path / "Dockerfile")) is reader.build(
        Build(tmp_path, tmp_path / "Dockerfile")
    )
    other = Build(tmp_path, tmp_path / "Dockerfile", arguments={"A": Located.read("1", None)})
    assert reader.build(other) is not reader.build(Build(tmp_path, tmp_path / "Dockerfile"))


def test_images_that_nothing_uses(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n',
            "Dockerfile.dev": "FROM python:3.12\nCMD flask run\n",
            "used/Dockerfile": "FROM nginx\n",
            "broken/Dockerfile": "FROM a\nCMD ['x']\n",
        },
    )
    paths = [tmp_path / name for name in ("Dockerfile", "Dockerfile.dev", "used/Dockerfile", "broken/Dockerfile")]
    carried = lone_images(context_of(tmp_path), paths, {tmp_path / "used/Dockerfile"})
    units = [service.unit for service in carried.services]
    assert [(unit.name, unit.development) for unit in units] == [
        ("Dockerfile", False), ("Dockerfile.dev", True), ("broken/Dockerfile", False),
    ]  # fmt: skip
    assert all((unit.manager, unit.container, unit.host) == (Manager.DOCKERFILE, True, "") for unit in units)
    assert not units[0].stop_grace.known and units[0].stop_signal.value == "TERM"
    assert {service.together for service in carried.services} == {""}
    assert len(carried.problems) == 1
    assert [file.path for file in carried.files] == ["Dockerfile", "Dockerfile.dev", "broken/Dockerfile"]


@pytest.mark.parametrize(
    ("dockerfile", "sources", "expected"),
    [
        ("docker/Dockerfile", "COPY app/wsgi.py /a\nCOPY conf /c", "/a"),
        ("app/Dockerfile", "COPY wsgi.py /a", "/a"),
        ("deploy/docker/Dockerfile", "COPY deploy/docker/x /x\nCOPY app/wsgi.py /a", "/a"),
    ],
)
def test_the_folder_that_is_built_in(tmp_path: Path, dockerfile: str, sources: str, expected: str) -> None:
    write(tmp_path, {**FILES, dockerfile: f"FROM scratch\n{sources}\n", "deploy/docker/x": ""})
    carried = lone_images(context_of(tmp_path), [tmp_path / dockerfile], set())
    assert carried.services[0].files.find_path(expected) == tmp_path / "app/wsgi.py"


LINES = st.sampled_from(
    [
        "FROM scratch",
        "FROM scratch AS a",
        "FROM a",
        "FROM nginx",
        "COPY . /app",
        "COPY a /app",
        "COPY conf /",
        "COPY . .",
        "COPY --from=a / /",
        "COPY --from=0 /app /app/conf",
        "RUN rm -rf /app/*",
        "RUN mv /app /b",
        "RUN cp -r /app/. /",
        "RUN ln -s /app /app/x",
        "WORKDIR ..",
        "WORKDIR $A",
        "ENV A=$A$A",
        "ENV A",
        "ARG A",
        "ARG A=$A",
        "USER $A",
        "CMD",
        "ENTRYPOINT []",
        "COPY <<E /x\ny\nE",
        "COPY",
        "COPY --from a",
        "EXPOSE 99999999999",
        "RUN rm",
        "STOPSIGNAL 99",
        "RUN ln -s",
        "RUN cp a",
        "COPY [ /",
        "COPY \0 /x",
        "RUN cd; rm ../..",
        "COPY \udc80* /x",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=20))
def test_any_instructions_are_followed(tmp_path: Path, lines: list[str]) -> None:
    if not (tmp_path / "a").exists():
        write(tmp_path, FILES)
    (tmp_path / "Dockerfile").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    carried = lone_images(context_of(tmp_path), [tmp_path / "Dockerfile"], set())
    for service in carried.services:
        for mount in service.unit.mounts:
            assert mount.target.startswith("/")
            assert not mount.source or mount.source == os.devnull or os.path.isabs(mount.source)


@pytest.mark.parametrize(
    "line",
    ["COPY a /a{}", "COPY conf /c{}/", "FROM x AS s{}", "FROM a\nCOPY --from=0 / /x{}/", "ENV A{}=1", "ENV A=$A$A{}",
     "RUN rm /a{} && ln -s /c /d{}", "ARG A{}=1", "RUN mv /a /b{}", "EXPOSE {}", "WORKDIR x{}", "ENV A{}=1\nRUN a",
     "COPY conf /c/{}\nCOPY app /c"],
)  # fmt: skip
def test_long_files_are_read_in_time(tmp_path: Path, line: str) -> None:
    lines = "\n".join(line.replace("{}", str(number)) for number in range(10_000))
    write(tmp_path, {**FILES, "Dockerfile": f"FROM scratch\n{lines}\n"})
    with no_hang():
        lone_images(context_of(tmp_path), [tmp_path / "Dockerfile"], set())
