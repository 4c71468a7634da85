"""Take out of an environment what no program in an image reads: tests, sources in C, symbols.

A step of the Dockerfiles. What goes away also leaves the distribution's RECORD, so that every file
that a RECORD names is there. Licences and metadata stay.
"""

import csv
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = frozenset({"tests", "e2e_test"})
"""Folders of modules that are tests, below whichever package."""
NEEDED = frozenset({"numpy/_core/tests"})
"""Such a folder from which `numpy.testing` imports."""
UNREAD = frozenset(
    {
        *(".a", ".c", ".cc", ".cpp", ".cu", ".h", ".hpp", ".pxd", ".pxi", ".pyi", ".pyx"),
        *(".bat", ".csh", ".fish", ".nu", ".ps1"),
    }
)
"""Endings of sources that are compiled already, of types, and of shells that are not there."""
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
"""Of an ELF file of 64 bits."""
SEGMENT = struct.Struct("<IIQQQQQQ")
LITTLE_64_BITS = b"\x7fELF\x02\x01"


def main() -> int:
    """Trim the environment that is named, and print how much went."""
    environment = Path(sys.argv[1])
    (packages,) = environment.glob("lib/python3.*/site-packages")
    before = size_of(environment)
    for folder in folders_of_tests(packages):
        shutil.rmtree(folder)
    for path in sorted(environment.rglob("*")):
        if path.suffix in UNREAD and path.is_file():
            path.unlink()
        elif ".so" in path.suffixes and path.is_file() and not path.is_symlink():
            cut_symbols(path)
    for record in packages.glob("*.dist-info/RECORD"):
        forget_missing(record, packages)
    print(f"{environment}: {before / 1e6:.0f} MB, trimmed to {size_of(environment) / 1e6:.0f} MB")
    return 0


def folders_of_tests(packages: Path) -> Iterator[Path]:
    """Folders of tests that nothing else needs."""
    for folder in sorted(path for path in packages.rglob("*") if path.name in TESTS):
        name = folder.relative_to(packages).as_posix()
        if folder.is_dir() and name not in NEEDED:
            yield folder


def cut_symbols(library: Path) -> None:
    """Cut off what lies behind all that is loaded: symbols, debugging, the table of sections.

    `strip` would move segments, which breaks libraries that packagers have patched.
    """
    content = library.read_bytes()
    if not content.startswith(LITTLE_64_BITS):
        return
    header = list(HEADER.unpack_from(content))
    start, size, count = header[5], header[9], header[10]
    segments = [SEGMENT.unpack_from(content, start + size * i) for i in range(count)]
    end = max(
        start + size * count, *(offset + length for _, _, offset, _, _, length, *_ in segments)
    )
    header[6] = header[12] = header[13] = 0  # no table of sections any more
    if end < len(content):
        library.write_bytes(HEADER.pack(*header) + content[HEADER.size : end])


def forget_missing(record: Path, packages: Path) -> None:
    """Leave only rows whose file is there; bytecode is made later, and listed by nobody."""
    with record.open(newline="", encoding="utf-8") as opened:
        rows = [row for row in csv.reader(opened) if (packages / row[0]).exists()]
    with record.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened, lineterminator="\n").writerows(rows)


def size_of(folder: Path) -> int:
    """Bytes in all files below."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
