"""The authorities on nginx's language: the real nginx (``-t``) and crossplane's lexer."""

from __future__ import annotations

import subprocess

from tests.model.nginx_real import executable, folder


def refusal(text: str, files: dict[str, str] | None = None) -> str:
    """What the real nginx has against a whole configuration (from its first ``[emerg]`` on); "" when it accepts it.

    ``files``: further files beside it, by name.
    """
    with folder() as base:
        for name, content in {"nginx.conf": text, **(files or {})}.items():
            (base / name).parent.mkdir(exist_ok=True)
            (base / name).write_bytes(content.encode("utf-8", "surrogateescape"))
        command = [executable(), "-t", "-q", "-p", str(base), "-c", "nginx.conf", "-e", "error.log"]
        run = subprocess.run(command, capture_output=True, timeout=20, check=False)
        said = run.stderr.decode("utf-8", "surrogateescape").replace(str(base), "")
        return said.partition("nginx: [emerg] ")[2] or (said if run.returncode else "")


def in_server(statements: str) -> str:
    """A whole configuration with these statements in its one server; they begin on line 3."""
    return f"pid nginx.pid; events {{}} http {{ access_log off;\nserver {{ listen unix:a.sock;\n{statements}\n}}\n}}\n"


def crossplane_tokens(text: str) -> list[tuple[str, bool]] | None:
    """Crossplane's tokens (text, quoted), or None when crossplane does not accept the text as a configuration.

    Comments are left out: crossplane loses one that ends the file without a line feed.
    """
    import crossplane

    with folder() as base:
        path = base / "nginx.conf"
        path.write_text(text, encoding="utf-8", newline="")
        if crossplane.parse(str(path), single=True, check_ctx=False, check_args=False)["status"] != "ok":
            return None
        return [
            (token, quoted) for token, _, quoted in crossplane.lex(str(path)) if quoted or not token.startswith("#")
        ]
