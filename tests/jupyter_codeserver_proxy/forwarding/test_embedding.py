"""Who may frame VS Code, by Jupyter's policy."""

from __future__ import annotations

import pytest

from jupyter_codeserver_proxy.forwarding.embedding import allows_other_origins, frame_ancestors


@pytest.mark.parametrize(
    ("policy", "expected", "others"),
    [
        pytest.param(
            "frame-ancestors 'self'; report-uri /x",
            "frame-ancestors 'self'",
            False,
            id="Jupyter's own",
        ),
        pytest.param("frame-ancestors 'none'", "frame-ancestors 'self'", False, id="JupyterHub's"),
        pytest.param(
            "script-src x;Frame-Ancestors 'self' https://a.example https://*.b.example ;",
            "frame-ancestors 'self' https://a.example https://*.b.example",
            True,
            id="an operator's",
        ),
        pytest.param(
            "frame-ancestors https://a.example",
            "frame-ancestors 'self' https://a.example",
            True,
            id="we are always among them",
        ),
        pytest.param(
            "frame-ancestors 'none', frame-ancestors *",
            "frame-ancestors 'self', frame-ancestors 'self' *",
            True,
            id="two policies, which both hold",
        ),
        pytest.param(
            "report-uri /x", "frame-ancestors 'self' *", True, id="none that would say it"
        ),
        pytest.param("", "frame-ancestors 'self' *", True, id="nothing"),
    ],
)
def test_vscode_is_framed_by_whom_jupyters_policy_lets(
    policy: str, expected: str, *, others: bool
) -> None:
    """Its frame-ancestors apply; its other directives are for Jupyter's pages."""
    assert frame_ancestors(policy) == expected
    assert allows_other_origins(expected) is others
