"""Files that come with nginx and its packages, as far as they say something that matters.

``uwsgi_params``, ``scgi_params``, ``fastcgi_params``, ``fastcgi.conf`` and ``mime.types`` (shortened) are nginx's own;
``proxy_params`` and ``snippets/`` are Debian's; ``options-ssl-nginx.conf`` is certbot's.
"""

from __future__ import annotations

from typing import Final

from cfgcheck import resources
from cfgcheck.source.file import SourceFile

PREFIX: Final = "<nginx>/"
"""What the paths of stock files begin with: no file of the disk does."""

NAMES: Final = frozenset(
    {
        "mime.types", "uwsgi_params", "scgi_params", "fastcgi_params", "fastcgi.conf", "proxy_params", "koi-utf",
        "koi-win", "win-utf", "options-ssl-nginx.conf", "snippets/fastcgi-php.conf", "snippets/snakeoil.conf",
    }
)  # fmt: skip

CONTAINER_MAIN: Final = "container/nginx.conf"
"""The main file of nginx's own image, as far as it says something that matters."""

_EMPTY: Final = frozenset({"koi-utf", "koi-win", "win-utf"})


def stock_name(path: str) -> str | None:
    """The stock file that an include means, or None: ``/etc/nginx/uwsgi_params`` is ``uwsgi_params``."""
    parts = path.rsplit("/", 2)
    for name in ("/".join(parts[-2:]), parts[-1]):
        if name in NAMES:
            return name
    return None


def stock_file(name: str) -> SourceFile:
    text = "" if name in _EMPTY else (resources.data("nginx") / name).read_text(encoding="utf-8")
    return SourceFile(PREFIX + name, text)


def is_stock(file: SourceFile) -> bool:
    """Whether a file is not on the disk but known to come with nginx."""
    return file.path.startswith(PREFIX)
