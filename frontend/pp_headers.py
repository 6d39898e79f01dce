"""Where headers are: in the folders of the command line, then among kcc's own."""

from __future__ import annotations

import os

from .record import field, record

# The folder of headers that come with kcc.
_OWN = os.path.join(os.path.dirname(os.path.dirname(__file__)), "kernels", "rt", "dpu", "include")


@record(frozen=False)
class Dependencies:
    """What a result depends on besides its input: (path, content) read, and paths not found."""

    read: list[tuple[str, bytes]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


class Headers:
    """Headers by name; remembers in `dependencies` what it read and what was not there."""

    def __init__(self, include_dirs: tuple[str, ...], dependencies: Dependencies) -> None:
        self._include_dirs, self._dependencies = include_dirs, dependencies

    def folders(self, name: str, beside: str | None) -> list[str]:
        """Where a header is looked for, but for kcc's own.

        beside: the folder of the file that names it in quotes; None for a name in <>.
        """
        if os.path.isabs(name):
            return [""]
        return [*([] if beside is None else [beside]), *self._include_dirs]

    def find(self, name: str, beside: str | None) -> tuple[str, bytes] | None:
        """(path, content) of a header; None if it is nowhere."""
        own = [] if os.path.isabs(name) else [_OWN]
        for folder in [*self.folders(name, beside), *own]:
            path = os.path.join(folder, name)
            if name and os.path.isfile(path):
                try:
                    with open(path, "rb") as file:
                        data = file.read()
                except OSError:
                    continue  # as if it were not there; the search goes on
                self._dependencies.read.append((path, data))
                return path, data
            self._dependencies.absent.append(path)
        return None
