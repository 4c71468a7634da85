"""Reads `sluice.yaml`, and says at once everything that is wrong with it."""

from collections.abc import Iterable
from pathlib import Path

from sluice_components.errors import ProjectError
from sluice_components.project.check import problems_between
from sluice_components.project.document import Document, read_document, repeated_keys
from sluice_components.project.model import Project
from sluice_components.project.problem import Problem
from sluice_components.project.shape import shape_of


def load_project(path: Path | str) -> Project:
    """Read a project file and check it as far as that is possible without its data.

    Raises:
        ProjectError: With a line per problem, in the order of the file, as
            `sluice.yaml:12:1: tagret: 'tagret' is not a key of the project; did you mean 'target'?`
    """
    document = read_document(Path(path))
    shape = shape_of(document.values)
    problems = [
        *repeated_keys(document.root),
        *shape.problems,
        *problems_between(shape.sections),
    ]
    if problems:
        raise ProjectError(report(document, problems))
    return Project.model_construct(**shape.sections)


def report(document: Document, problems: Iterable[Problem]) -> str:
    """The problems as text, one line each, in the order of the file."""
    placed = [
        (document.place(problem.path), problem.message) for problem in dict.fromkeys(problems)
    ]
    placed.sort(key=lambda item: (item[0].line, item[0].column))
    return "\n".join(
        f"{document.file}:{place.line}:{place.column}: {place.path}: {message}"
        for place, message in placed
    )
