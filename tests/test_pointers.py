"""JSON pointers there and back."""

from __future__ import annotations

import pytest

from executions.pointers import path_of, pointer_of


@pytest.mark.parametrize(
    ("path", "pointer"),
    [([], ""), (["a", 0, "b"], "/a/0/b"), (["a/b", "m~n", "~1", ""], "/a~1b/m~0n/~01/")],
)
def test_a_pointer_names_its_path_whatever_the_keys_are(path, pointer):
    assert pointer_of(path) == pointer
    assert path_of(pointer) == [str(part) for part in path]
