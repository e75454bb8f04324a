"""The secret scan: finds secrets in values, and in the manifests rendered from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from z2jh.hubvalues.layers import parts
from z2jh.problems import Problem, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from z2jh.hubvalues.layers import Stack
    from z2jh.problems import KeyPath

# The last word of a secret's name. `key` alone is a label's, a toleration's or a file's.
_NAME = re.compile(
    r"(?:^|[^a-z])(?:secret|password|passwd|token|credentials?|private_?key|api_?key|auth_?token"
    r"|cookie_?secret|secret_?token|client_?secret|crypt_?key)s?$",
    re.IGNORECASE,
)
# These have a secret's name and contain none: names of Kubernetes' objects and addresses.
_HARMLESS = re.compile(
    r"(?:existingSecret|pullSecrets|imagePullSecrets|secretKeyRef)(?:\[\d+\])?(?:\.(?:name|key))?$"
)
# The chart's own places for secrets whose names the rule above does not know.
_PLACES = ("hub.config.CryptKeeper.keys", "proxy.https.manual.key")
# Secrets that are known by their form, such as their issuers' prefixes.
_LOOKS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{36}|\bglpat-[\w-]{20}|\bAIza[\w-]{35}"
    r"|\bGOCSPX-[\w-]{20}|\bAKIA[A-Z0-9]{16}|\bxox[abprs]-\w{10}|\bya29\.[\w-]{20}"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|://[^/\s:@]+:[^/\s:@{$]+@"
)
_REMEDY = "put it into the Secret that hub.existingSecret names (z2jh/README.md, Secrets)"


def check(stack: Stack) -> list[Problem]:
    """Returns the secrets that stand in plain files of values. No message repeats one."""
    message = f"a secret in a plain file: take it out, renew it, and {_REMEDY}"
    found = {path for layer in stack.layers for path in places(layer.values)}
    return sorted(stack.problem(path, message) for path in found)


def places(values: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yields the paths of secrets, in values that stand at a path themselves."""
    for where, part in parts(values, path):
        place, value = where, part
        if isinstance(part, dict) and isinstance(part.get("name"), str):  # a container's variable
            place, value = (*where, part["name"]), part.get("value")
        if isinstance(value, str) and _is_secret(place, value):
            yield place


def check_files(folder: Path) -> list[Problem]:
    """Returns the files of secrets that are not encrypted; the example need not be."""
    files = [file for file in sorted(folder.glob("[!.]*.y*ml")) if file.name != "example.yaml"]
    return [problem for file in files for problem in _unencrypted(file)]


def _unencrypted(file: Path) -> Iterator[Problem]:
    remedy = f"not encrypted: cd {file.parent} && sops --encrypt --in-place {file.name}"
    try:
        content: Any = yaml.safe_load(file.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        yield Problem(str(file), "", "cannot be read as YAML: is it what sops wrote?")
        return
    if not isinstance(content, dict) or "sops" not in content:
        yield Problem(str(file), "", remedy)
        return
    for section in ("data", "stringData"):
        for key, value in (content.get(section) or {}).items():
            if not str(value).startswith("ENC["):
                yield Problem(str(file), f"{section}.{key}", remedy)


def _is_secret(path: KeyPath, value: str) -> bool:
    names = [str(key) for key in path if isinstance(key, str)]
    if _LOOKS.search(value):
        return True
    if not (names and value) or _HARMLESS.search(dotted(path)):
        return False
    if dotted(path) in _PLACES or any(dotted(path).startswith(f"{place}[") for place in _PLACES):
        return True
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", names[-1])
    return bool(_NAME.search(words))
