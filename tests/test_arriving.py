"""Lines that come slowly are passed on as they come; those of a file in full groups."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from rag.arriving import group_lines

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_lines_that_are_there_come_in_full_groups() -> None:
    lines = [str(number) for number in range(35)]
    groups = list(group_lines(lines, 16, patience=30))
    assert [len(group) for group in groups] == [16, 16, 3]
    assert [line for group in groups for line in group] == lines


def test_a_line_that_comes_alone_is_passed_on_before_the_next() -> None:
    passed: list[float] = []

    def come() -> Iterator[str]:
        yield "first"
        while not passed:  # the second line comes only after the first has been passed on
            time.sleep(0.01)
        yield "second"

    groups = []
    for group in group_lines(come(), 16, patience=0.05):
        passed.append(time.monotonic())
        groups.append(group)
    assert groups == [["first"], ["second"]]


def test_an_error_comes_after_the_lines_before_it() -> None:
    def come() -> Iterator[str]:
        yield "first"
        raise OSError("gone")

    groups = group_lines(come(), 16)
    assert next(groups) == ["first"]
    with pytest.raises(OSError, match="gone"):
        next(groups)


def test_no_lines_are_no_groups() -> None:
    assert list(group_lines([], 16)) == []
