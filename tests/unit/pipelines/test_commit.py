"""The commit of the project's folder."""

import subprocess

from sluice_pipelines.commit import commit_of


def git(folder, *arguments):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_folder_that_git_does_not_know_has_no_commit(tmp_path):
    assert commit_of(tmp_path) == ""


def test_changes_that_are_not_committed_are_told(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "sluice.yaml").write_text("name: a\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "First")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert commit_of(tmp_path) == commit
    (tmp_path / "sluice.yaml").write_text("name: b\n")
    assert commit_of(tmp_path) == f"{commit}-dirty"
