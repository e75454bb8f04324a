"""The names that the chart passes on unread, held against the classes that read them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from .layers import get
from .problems import Problem, did_you_mean, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .layers import Stack
    from .problems import KeyPath

# Where the classes are that `hub.config` may name and the chart's image of the hub has.
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


def check(stack: Stack) -> list[Problem]:
    """Names below `hub.config` and in profiles that nothing reads."""
    return sorted({*_hub_config(stack), *_profiles(stack)})


@cache
def names(class_name: str) -> frozenset[str]:
    """The options of a configurable class.

    Raises:
        ImportError: its package is not installed.
    """
    found = getattr(import_module(_CLASSES[class_name]), class_name)
    return frozenset(found.class_trait_names(config=True))


def _hub_config(stack: Stack) -> Iterator[Problem]:
    for class_name, options in (get(stack.values, "hub", "config") or {}).items():
        path: KeyPath = ("hub", "config", class_name)
        if class_name in _CLASSES:
            yield from _unknown(stack, path, options, names(class_name))
        elif near := did_you_mean(class_name, _CLASSES):
            # Other classes may be in an image of one's own: only what looks like a slip is told.
            yield Problem(stack.origin(path), dotted(path), f"unknown class{near}")


def _profiles(stack: Stack) -> Iterator[Problem]:
    path: KeyPath = ("singleuser", "profileList")
    profiles = get(stack.values, "singleuser", "profileList")
    for number, profile in enumerate(profiles if isinstance(profiles, list) else ()):
        if isinstance(profile, dict):
            yield from _unknown(stack, (*path, number), profile, _PROFILE)
            override = profile.get("kubespawner_override") or {}
            where = (*path, number, "kubespawner_override")
            yield from _unknown(stack, where, override, names("KubeSpawner"))


def _unknown(stack: Stack, path: KeyPath, given: object, known: Iterable[str]) -> Iterator[Problem]:
    for key in given if isinstance(given, dict) else ():
        if key not in known:
            where = (*path, key)
            message = f"no such option{did_you_mean(key, known)}"
            yield Problem(stack.origin(where), dotted(where), message)
