"""Options by which a class or an exam restricts VS Code."""

from __future__ import annotations

import json

import pytest
from traitlets import TraitError

from jupyter_codeserver_proxy.config.languages import LANGUAGES
from jupyter_codeserver_proxy.config.policy import Policy


def test_everything_is_there_unless_it_is_switched_off() -> None:
    """By default the policy adds no flag and no variable."""
    assert Policy().switched_off() == ()
    assert Policy().variables() == {}


@pytest.mark.parametrize(
    ("option", "flag"),
    [
        ("file_downloads", "disable-file-downloads"),
        ("file_uploads", "disable-file-uploads"),
        ("port_forwarding", "disable-proxy"),
    ],
)
def test_each_option_has_its_flag(option: str, flag: str) -> None:
    """Each option adds its own flag and no other."""
    assert Policy(**{option: False}).switched_off() == (flag,)


def test_a_gallery_is_described_as_code_server_wants_it() -> None:
    """Its address is enough if it runs Open VSX."""
    (text,) = Policy(gallery="https://gallery.example.org/").variables().values()
    found = json.loads(text)
    assert found["serviceUrl"] == "https://gallery.example.org/vscode/gallery"
    assert found["resourceUrlTemplate"].startswith("https://gallery.example.org/vscode/asset/{pub")


def test_a_description_passes_as_it_is() -> None:
    """This serves galleries of other kinds."""
    described = '{"serviceUrl": "https://gallery.example.org"}'
    assert Policy(gallery=described).variables() == {"EXTENSIONS_GALLERY": described}


@pytest.mark.parametrize("wrong", ["", "none", "gallery.example.org", "{}", "{not json"])
def test_no_gallery_is_told_with_what_is_allowed(wrong: str) -> None:
    """The error names the value, the option and the allowed values."""
    with pytest.raises(TraitError, match=r"CodeServer\.gallery is .*; allowed is open-vsx, off"):
        Policy(gallery=wrong)


@pytest.mark.parametrize(
    ("given", "left"),
    [(["cpp"], ["cpp"]), (["off"], []), ([], []), (list(LANGUAGES), list(LANGUAGES))],
)
def test_an_operator_chooses_the_languages(given: list[str], left: list[str]) -> None:
    """Some, all, or none."""
    assert Policy(languages=given).languages == left


@pytest.mark.parametrize("wrong", [["pyhton"], ["off", "cpp"], ["python", ""]])
def test_an_unknown_language_is_told_with_those_that_exist(wrong: list[str]) -> None:
    """The error names the value, the option and the allowed values."""
    with pytest.raises(TraitError, match=r"CodeServer\.languages has .*; allowed is .*python, cpp"):
        Policy(languages=wrong)


def test_settings_are_what_json_can_say() -> None:
    """Other values could not be passed to VS Code."""
    with pytest.raises(TraitError, match=r"CodeServer\.settings is .*; allowed is what JSON"):
        Policy(settings={"editor.rulers": {80}})
