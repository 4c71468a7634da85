"""A terminal in which a command is typed, watched, and broken off."""

import os
import pty
import subprocess
import termios
from collections.abc import Sequence
from typing import Self

from eventually import eventually

CTRL_C = b"\x03"
_SIZE = (50, 200)
"""Lines and columns: wide enough that no sentence is wrapped."""


class Screen:
    """One command that has a terminal to itself."""

    def __init__(self, words: Sequence[str]) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, _SIZE)
        os.set_blocking(self._ours, False)
        self.text = ""
        # a shell that starts this in the background would make it deaf to Ctrl-C
        heard = ["setsid", "--ctty", "--wait", "env", "--default-signal=INT", *words]
        self.command = subprocess.Popen(
            heard,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.command.poll() is None:
            self.command.terminate()
            self.command.wait()
        self._read()
        os.close(self._ours)

    def until_it_shows(self, words: str, within: float = 60.0) -> None:
        """Wait for words on the screen."""
        eventually(lambda: words in self._read(), within)

    def ctrl_c(self) -> None:
        """Type it: the terminal tells everybody in its foreground."""
        os.write(self._ours, CTRL_C)

    def _read(self) -> str:
        try:
            while piece := os.read(self._ours, 65536):
                self.text += piece.decode(errors="replace")
        except OSError:  # nothing more for now, or nobody there any more
            pass
        return self.text
