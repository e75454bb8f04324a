"""Unknown options: names that the chart passes on unread, and that no class has."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from z2jh.hubvalues.layers import get
from z2jh.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from z2jh.hubvalues.layers import Stack
    from z2jh.problems import KeyPath, Problem

# The modules of the classes that `hub.config` may name, as the chart's image of the hub has them.
_CLASSES = {
    "JupyterHub": "jupyterhub.app",
    "Authenticator": "jupyterhub.auth",
    "LocalAuthenticator": "jupyterhub.auth",
    "DummyAuthenticator": "jupyterhub.auth",
    "ConfigurableHTTPProxy": "jupyterhub.proxy",
    "Proxy": "jupyterhub.proxy",
    "CryptKeeper": "jupyterhub.crypto",
    "Spawner": "jupyterhub.spawner",
    "KubeSpawner": "kubespawner",
    "OAuthenticator": "oauthenticator.oauth2",
    "Auth0OAuthenticator": "oauthenticator.auth0",
    "AzureAdOAuthenticator": "oauthenticator.azuread",
    "BitbucketOAuthenticator": "oauthenticator.bitbucket",
    "CILogonOAuthenticator": "oauthenticator.cilogon",
    "GenericOAuthenticator": "oauthenticator.generic",
    "GitHubOAuthenticator": "oauthenticator.github",
    "GitLabOAuthenticator": "oauthenticator.gitlab",
    "GlobusOAuthenticator": "oauthenticator.globus",
    "GoogleOAuthenticator": "oauthenticator.google",
}
# KubeSpawner's documentation of `profile_list`.
_PROFILE = (
    "display_name",
    "slug",
    "description",
    "default",
    "kubespawner_override",
    "profile_options",
)
_OPTION = ("display_name", "choices", "unlisted_choice")
_CHOICE = ("display_name", "default", "kubespawner_override")
# The extension's variables; tests/z2jh/test_variables.py compares them with its options.
VARIABLE = "JUPYTER_CODESERVER_"
VARIABLES = tuple(
    f"{VARIABLE}{option}"
    for option in (
        *("EXECUTABLE", "PREFIX", "ARGUMENTS", "ENVIRONMENT", "AI", "TITLE", "NEW_BROWSER_TAB"),
        *("WORKING_FOLDER", "USER_DATA_FOLDER", "RUNTIME_FOLDER", "EXTENSIONS_FOLDER"),
        *("SHARED_EXTENSIONS_FOLDER", "PRESTART", "TIMEOUT", "IDLE_TIMEOUT", "JOB_LIMIT"),
        *("RECONNECTION_GRACE", "ICON", "CATEGORY", "RANK", "PREFETCH", "SETTINGS", "GALLERY"),
        *("OWN_EXTENSIONS", "FILE_DOWNLOADS", "FILE_UPLOADS", "PORT_FORWARDING", "WORKSPACE_TRUST"),
        *("SANDBOXED_APPLICATIONS", "KERNELS", "LANGUAGES"),
    )
)


def check(stack: Stack) -> list[Problem]:
    """Returns the names in `hub.config`, profiles and our variables that nothing reads."""
    return sorted({
        *_hub_config(stack),
        *_authenticator(stack),
        *_profiles(stack),
        *_variables(stack),
    })  # fmt: skip


@cache
def names(class_name: str) -> frozenset[str]:
    """Returns the options of a configurable class.

    Raises:
        ImportError: its package is not installed.
    """
    found = getattr(import_module(_CLASSES[class_name]), class_name)
    return frozenset(found.class_trait_names(config=True))


def _hub_config(stack: Stack) -> Iterator[Problem]:
    for class_name, options in _items(get(stack.values, "hub", "config")):
        path: KeyPath = ("hub", "config", class_name)
        if class_name in _CLASSES:
            yield from _unknown(stack, path, options, names(class_name))
        elif near := did_you_mean(class_name, _CLASSES):
            # An own image may have other classes: only a slip is told.
            yield stack.problem(path, f"unknown class{near}")


def _authenticator(stack: Stack) -> Iterator[Problem]:
    path = ("hub", "config", "JupyterHub", "authenticator_class")
    name = get(stack.values, *path)
    known = {entry.name for entry in entry_points(group="jupyterhub.authenticators")}
    if name not in known and (near := did_you_mean(name, known)):
        yield stack.problem(path, f"no authenticator '{name}'{near}")


def _profiles(stack: Stack) -> Iterator[Problem]:
    path = ("singleuser", "profileList")
    profiles = get(stack.values, *path)
    for number, profile in enumerate(profiles if isinstance(profiles, list) else ()):
        yield from _unknown(stack, (*path, number), profile, _PROFILE)
        if isinstance(profile, dict):
            yield from _override(stack, (*path, number), profile)
            yield from _options(stack, (*path, number, "profile_options"), profile)


def _options(stack: Stack, path: KeyPath, profile: dict[str, Any]) -> Iterator[Problem]:
    for name, option in _items(profile.get("profile_options")):
        yield from _unknown(stack, (*path, name), option, _OPTION)
        for choice, values in _items(option.get("choices") if isinstance(option, dict) else None):
            where = (*path, name, "choices", choice)
            yield from _unknown(stack, where, values, _CHOICE)
            if isinstance(values, dict):
                yield from _override(stack, where, values)


def _override(stack: Stack, path: KeyPath, given: dict[str, Any]) -> Iterator[Problem]:
    name = "kubespawner_override"
    if given.get(name) is not None:
        yield from _unknown(stack, (*path, name), given[name], names("KubeSpawner"))


def _variables(stack: Stack) -> Iterator[Problem]:
    path = ("singleuser", "extraEnv")
    for name, _ in _items(get(stack.values, *path)):
        if str(name).startswith(VARIABLE) and name not in VARIABLES:
            message = f"no variable of VS Code's extension{did_you_mean(name, VARIABLES)}"
            yield stack.problem((*path, name), message)


def _items(given: object) -> Iterator[tuple[Any, Any]]:
    yield from given.items() if isinstance(given, dict) else ()


def _unknown(stack: Stack, path: KeyPath, given: object, known: Iterable[str]) -> Iterator[Problem]:
    if not isinstance(given, dict):
        yield stack.problem(path, f"is {given!r}, has to be a map")
    for key, _ in _items(given):
        if key not in known:
            yield stack.problem((*path, key), f"no such option{did_you_mean(key, known)}")
