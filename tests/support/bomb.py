"""A model whose unpickling can be seen."""

import os
from pathlib import Path


class Bomb:
    """Unpickling it makes a folder: whoever finds the folder knows that it was unpickled."""

    def __init__(self, place: Path | str) -> None:
        self.place = str(place)

    def __reduce__(self):
        return os.mkdir, (self.place,)
