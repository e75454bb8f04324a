"""Taints of nodes, and the tolerations that let pods onto them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Taint:
    """Keeps pods off a node that do not tolerate it."""

    key: str
    value: str
    effect: str

    @classmethod
    def parse(cls, text: str) -> Taint:
        """Read `key=value:effect`.

        Raises:
            ValueError: it is not written so.
        """
        pair, colon, effect = text.rpartition(":")
        key, equals, value = pair.partition("=")
        if not (colon and equals and key) or effect not in ("NoSchedule", "NoExecute"):
            raise ValueError(f"is '{text}', has to be key=value:NoSchedule")
        return cls(key, value, effect)

    def __str__(self) -> str:
        """As the values write it."""
        return f"{self.key}={self.value}:{self.effect}"

    def tolerated(self, tolerations: list[dict[str, Any]]) -> bool:
        """Returns whether one of a pod's tolerations matches, by Kubernetes' rules."""
        return any(self._matches(toleration) for toleration in tolerations)

    def _matches(self, toleration: dict[str, Any]) -> bool:
        if toleration.get("effect") not in (None, "", self.effect):
            return False
        key, exists = toleration.get("key"), toleration.get("operator") == "Exists"
        if not key:
            return exists
        return key == self.key and (exists or toleration.get("value", "") == self.value)
