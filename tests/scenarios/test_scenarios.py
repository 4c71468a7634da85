"""Every story in this folder, told by the real loop."""

from pathlib import Path

import pytest
from scenario import Story, blocks_of, rewritten

STORIES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_story_ends_as_written(path: Path, request: pytest.FixtureRequest) -> None:
    blocks = blocks_of(path)
    story = Story()
    traces = [story.tell(block) for block in blocks]
    if request.config.getoption("--rewrite"):
        path.write_text(rewritten(blocks, traces))
    else:
        assert [block.expected for block in blocks] == traces


def test_there_are_stories() -> None:
    assert len(STORIES) >= 10
