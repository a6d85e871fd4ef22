"""COPY and ADD: which files of the tree come where in an image."""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cfgcheck.load.dockerfile_layers import CONFIGURATION, NOTHING, Layers
from cfgcheck.load.dockerfile_stage import Stage
from cfgcheck.model.located import Located
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.dockerfile import Heredoc, Instruction

_MAGIC = frozenset("*?[")
_MOST_FILES = 1000
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz", ".tbz2")
_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")


def copy(stage: Stage, instruction: Instruction, origin: Layers | None = None) -> None:
    """What ``COPY SOURCE … TARGET`` puts into a stage. ``origin``: of ``--from``, the files of the other stage."""
    words = stage.values(instruction)
    if len(words) < 2 or stage.layers.full:
        return
    *sources, target = words
    if not target.known or not stage.absolute(target.value):
        stage.certain = False
        return
    _Copy(stage, instruction, target.value, len(sources), origin).run(sources)


def sources_of(stage: Stage, instruction: Instruction) -> Iterator[str]:
    """What an instruction copies from the context, as paths relative to it."""
    if instruction.flag("from") is not None:
        return
    for word in stage.values(instruction)[:-1]:
        if word.known and not word.value.startswith(("<<", *_REMOTE)) and not _MAGIC & set(word.value):
            yield posixpath.normpath("/" + word.value).lstrip("/")


class _Copy:
    def __init__(self, stage: Stage, instruction: Instruction, target: str, count: int, origin: Layers | None) -> None:
        self.stage = stage
        self.instruction = instruction
        self.target = stage.absolute(target)
        self.origin = origin
        self.parents = instruction.flag("parents") is not None
        into = target.endswith(("/", "/.")) or target == "." or count > 1
        self.into = into or stage.layers.is_folder(self.target)

    def run(self, sources: list[Located[str]]) -> None:
        heredocs = {heredoc.name: heredoc for heredoc in self.instruction.heredocs}
        for source in sources:
            if not source.known:
                self._unknown(posixpath.basename(source.text))
            elif source.value.startswith("<<") and source.value.lstrip("<-") in heredocs:
                self._heredoc(heredocs[source.value.lstrip("<-")])
            elif self.origin is not None:
                self._from_stage(source.value, self.origin)
            elif source.value.startswith(_REMOTE):
                self._unknown(posixpath.basename(source.value))
            else:
                self._from_context(source.value)

    def _place(self, name: str) -> str:
        """Where a file comes."""
        return posixpath.join(self.target, name) if self.into else self.target

    def _put(self, target: str, source: str) -> None:
        self.stage.layers.put(target, source, self.instruction.span)

    def _unknown(self, name: str) -> None:
        """A file that is not in the tree (made before the image is built, fetched), or whose name is not known."""
        if not name or "$" in name or CONFIGURATION.search(self._place(name)):
            self.stage.certain = False
        if name and not _MAGIC & set(name):
            self._put(self._place(name), "")

    def _from_context(self, source: str) -> None:
        inside = posixpath.normpath("/" + source).lstrip("/")
        if _MAGIC & set(inside):
            self._several(inside)
        else:
            self._one(inside, self.stage.context / inside)

    def _several(self, pattern: str) -> None:
        context = os.fspath(self.stage.context)
        found = glob.iglob(os.path.join(glob.escape(context), pattern), include_hidden=True)
        paths = sorted(islice(found, _MOST_FILES))
        self.into = self.into or len(paths) > 1
        for path in paths:
            self._one(os.path.relpath(path, context).replace(os.sep, "/"), Path(path))

    def _one(self, inside: str, path: Path) -> None:
        """``inside``: its path in the context."""
        disk = self.stage.layers.disk
        name = self._kept(inside)
        if path.is_dir():
            target = posixpath.join(self.target, name) if self.parents else self.target
            self.stage.layers.put_folder(target, path, self.instruction.span)
        elif not disk.exists(path):
            self._unknown(name)
        elif self.instruction.keyword == "ADD" and path.name.endswith(_ARCHIVES):
            self.stage.certain = False
        else:
            self._put(self._place(name), str(path))

    def _kept(self, inside: str) -> str:
        """What of a source's path is kept: its name, with ``--parents`` all of it (behind ``/./``)."""
        return inside.rpartition("/./")[2] if self.parents else posixpath.basename(inside)

    def _from_stage(self, source: str, origin: Layers) -> None:
        source = "/" + posixpath.normpath("/" + source).lstrip("/")
        if _MAGIC & set(source):
            paths = origin.matching(source)
            self.into = self.into or len(paths) > 1
        else:
            paths = [source]
        for path in paths:
            self._tree(path, list(origin.below(path)), origin)

    def _tree(self, path: str, found: list[tuple[str, str]], origin: Layers) -> None:
        """What an earlier stage has at ``path``, a file or a folder."""
        name = posixpath.basename(path)
        for rest, source in found:
            if rest:
                self._from_mount(posixpath.join(self.target, rest), source)
            elif source and source != NOTHING and os.path.isdir(source):
                self._from_mount(self.target, source)
            elif source != NOTHING:
                self._from_mount(self._place(name), source)
        if not all(source for _, source in found) or (not found and CONFIGURATION.search(path)):
            self.stage.certain = False
        made = not found and not origin.is_folder(path) and bool(posixpath.splitext(name)[1])
        if made and not self.stage.layers.is_folder(self.target):
            self._put(self._place(name), "")  # a file that the stage made

    def _from_mount(self, target: str, source: str) -> None:
        if source and source != NOTHING and os.path.isdir(source):
            self.stage.layers.put_folder(target, Path(source), self.instruction.span)
        else:
            self._put(target, source)

    def _heredoc(self, heredoc: Heredoc) -> None:
        """A file whose text stands in the Dockerfile; its places are those there."""
        content = heredoc.content
        if heredoc.expand and ("$" in content.text or self.stage.escape in content.text):
            self._unknown(heredoc.name)
            return
        text = content.file.text
        before = "".join("\n" if char == "\n" else " " for char in text[: content.start])
        disk = self.stage.layers.disk
        path = disk.absolute(content.file.path) / f"{heredoc.name}-{content.start}" / posixpath.basename(self.target)
        embedded = disk.embed(path, SourceFile(content.file.path, before + content.text, content.file))
        self._put(self._place(heredoc.name), str(embedded))
