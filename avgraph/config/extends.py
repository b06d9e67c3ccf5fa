"""An experiment file and what it extends, merged: ``extends: base.yaml`` or a list, of which later files win.

A path in ``extends`` is relative to the file that writes it; the file itself wins over all it extends.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from avgraph.config.loader import Source, parse, read_text
from avgraph.config.marked import Marked
from avgraph.config.merge import merge, without_overruled
from avgraph.errors import shortened
from avgraph.options.problems import Mistakes, Problem, show

MAX_FILES_DEEP = 20
_LONGEST_PATH = 300


@dataclass
class Layers:
    """Reads files and merges them; ``problems`` collects the mistakes that leave a file usable."""

    problems: list[Problem] = field(default_factory=list)
    _merged: dict[str, Marked] = field(default_factory=dict)
    _number: int = 0

    def file(self, path: str) -> Marked:
        """The experiment of a file with all that it extends.

        Raises:
            ConfigError: if one of the files cannot be read.
        """
        try:
            text = read_text(path)
        except OSError as error:
            raise Mistakes([Problem(Source(path, "").whole(), (), str(error))]) from None
        return self._text(text, path, ())

    def extended(self, tree: Marked, name: str = "", chain: tuple[str, ...] = ()) -> Marked:
        """``tree`` without its key ``extends``, laid over the files that the key names.

        Args:
            tree: the data of one file.
            name: path of that file; ``chain``: the files that led to it, by their names.

        Raises:
            ConfigError: if one of the files is missing, unreadable or extends itself.
        """
        written = tree.content.get("extends")
        if written is None:
            return tree
        own = Marked({key: value for key, value in tree.content.items() if key != "extends"}, tree.origin)
        items = enumerate(written.content) if isinstance(written.content, list) else [(None, written)]
        base: Marked | None = None
        failed: list[Problem] = []
        for number, item in items:
            path = ("extends",) if number is None else ("extends", number)
            try:
                if not isinstance(item.content, str) or not item.content:
                    raise OSError(f"expected a path or a list of paths, got {show(item.content)}")
                if "\0" in item.content:
                    raise OSError(f"no file can have the character NUL in its name, got {show(item.content)}")
                layer = self._base(item, chain)
                base = layer if base is None else without_overruled(base, merge(base, layer))
            except OSError as error:
                failed.append(Problem(item.origin, path, str(error)))
            except Mistakes as error:
                failed += error.problems
        if failed:
            raise Mistakes(failed + self.problems)
        if base is None:
            return own
        return without_overruled(base, merge(base, own)) if own.content else Marked(base.content, own.origin)

    def _base(self, item: Marked, chain: tuple[str, ...]) -> Marked:
        target = os.path.join(item.origin.folder, os.path.expanduser(item.content))
        # Shown as the user would type it from where the first file was named.
        shown = os.path.normpath(os.path.join(os.path.dirname(chain[-1] if chain else ""), item.content))
        shown = target if os.path.isabs(os.path.expanduser(item.content)) else shown
        names = (*chain, shown)
        if any(os.path.realpath(target) == os.path.realpath(name) for name in chain):
            raise OSError(f"extends itself: {' -> '.join(names)}")
        if len(names) > MAX_FILES_DEEP:
            raise OSError(f"more than {MAX_FILES_DEEP} files deep")
        real = os.path.realpath(target)
        if real not in self._merged:
            try:
                text = read_text(target)
            except OSError as error:
                raise OSError(f"{shortened(shown, _LONGEST_PATH)}: {error}") from None
            self._number += 1
            self._merged[real] = self._text(text, shown, chain)
        return self._merged[real]

    def _text(self, text: str, name: str, chain: tuple[str, ...]) -> Marked:
        source = Source(name, os.path.dirname(os.path.abspath(name)), self._number)
        tree, problems = parse(text, source)
        if not isinstance(tree.content, dict):
            found = "nothing" if tree.content is None else show(tree.content)
            message = f"expected a mapping of options, got {found}"
            raise Mistakes([Problem(source.whole(), (), message)])
        self.problems += problems
        return self.extended(tree, name, (*chain, name))
