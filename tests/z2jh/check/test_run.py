"""The run: what is a mistake in the values, and what is one of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.z2jh.check.test_slips import problems, put
from z2jh.check.rules import safety

if TYPE_CHECKING:
    from pathlib import Path


def test_a_bug_in_a_rule_is_no_mistake_in_the_values(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a chart, too, it ends in a traceback that says where it is."""

    def broken(hub: Any) -> None:  # noqa: ANN401 -- a rule with a slip
        hub.no_such_attribute()

    monkeypatch.setattr(safety, "check", broken)
    with pytest.raises(AttributeError, match="no_such_attribute"):
        problems(folder, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("cull: {timeout: soon}", "cull.timeout: is 'soon', has to be", id="number"),
        pytest.param(
            "singleuser: {memory: {guarantee: lots}}",
            "singleuser.memory.guarantee: is 'lots', has to be a number of bytes",
            id="memory",
        ),
        pytest.param(
            "scheduling: {userPods: {tolerations: [3]}}",
            "scheduling.userPods.tolerations[0]: is 3, has to be a map",
            id="item",
        ),
    ],
)
def test_a_value_of_a_wrong_type_is_told_without_a_chart(
    text: str, said: str, folder: Path
) -> None:
    """With its line, and before any rule reads it."""
    put(folder, "prod.yaml", text)
    (line,) = problems(folder, None)
    assert line.startswith(f"{folder / 'prod.yaml'}:")
    assert said in line
