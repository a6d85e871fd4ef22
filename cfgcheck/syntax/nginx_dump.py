"""What ``nginx -T`` prints: every file of a configuration, each under a header with its path.

The header, ``# configuration file /etc/nginx/nginx.conf:``, is written by ngx_dump_config (src/core/nginx.c), followed
by the file as it is and a line feed. A file stands there once, however often it is included.
"""

from __future__ import annotations

import re
from typing import Final

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import NginxTree

_HEADER: Final = re.compile(r"^# configuration file ([^\n]+?):\r?$", re.MULTILINE)
_PREAMBLE: Final = re.compile(r"(?:\s*(?:nginx: [^\n]*|[^\n]*\[(?:warn|notice|info|debug)\][^\n]*)?\n)*\Z")
"""What nginx says on standard error before, when both are kept in one file."""


def is_dump(text: str) -> bool:
    """Whether a text is what ``nginx -T`` prints."""
    if "# configuration file " not in text:
        return False
    first = _HEADER.search(text)
    return first is not None and first.start() < 100_000 and bool(_PREAMBLE.match(text[: first.start()]))


def split_dump(file: SourceFile) -> list[NginxTree]:
    """The trees of the files in a dump, the main file first; their places are those in the dump."""
    headers = list(_HEADER.finditer(file.text))
    ends = [header.start() for header in headers[1:]] + [len(file.text)]
    trees = []
    for header, end in zip(headers, ends, strict=True):
        start = min(header.end() + 1, end)
        trees.append(parse(file, None, name=header[1].strip(), start=start, end=end))
    return trees
