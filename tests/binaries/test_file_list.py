from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from depguard.model.file_list import BETWEEN, Columns, FileList, InstalledFile, Joined, top_level

PATHS = st.lists(st.sampled_from("abc/"), min_size=1, max_size=5).map("".join)
FILES = st.lists(
    st.builds(InstalledFile, PATHS, st.none() | st.integers(0, 9), st.none() | st.integers(0, 9))
)


@given(FILES)
def test_a_list_holds_the_files_it_was_made_of(files: list[InstalledFile]) -> None:
    listed = FileList.of(files)
    assert len(listed) == len(files)
    assert sorted(listed, key=repr) == sorted(files, key=repr)
    assert sorted(listed.paths) == sorted(file.path for file in files)
    assert listed.tops == {top_level(file.path) for file in files}
    assert listed == FileList.of(listed)
    assert hash(listed) == hash(FileList.of(listed))


@given(FILES, st.sets(st.sampled_from(["a", "b", "c", "d"])))
def test_the_files_below_some_names_are_those_and_no_others(
    files: list[InstalledFile], tops: set[str]
) -> None:
    below = FileList.of(files).below(sorted(tops))
    assert sorted(below, key=repr) == sorted((f for f in files if top_level(f.path) in tops), key=repr)


@given(FILES, PATHS)
def test_a_name_is_found_wherever_it_stands(files: list[InstalledFile], begin: str) -> None:
    listed = FileList.of(files)
    joined = FileList({top: as_text(listed.columns(top)) for top in listed.tops})
    expected = any(f"/{begin}" in f"/{file.path}" for file in files)
    assert joined.has_name(begin) == listed.has_name(begin) == expected
    assert len(joined) == len(listed)
    assert joined == listed
    assert joined.has_name(begin) == expected  # and once the paths have been taken apart


def as_text(columns: Columns) -> Joined:
    return Joined(BETWEEN.join(columns.paths), columns.sizes, columns.crcs)
