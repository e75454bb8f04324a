"""The laptop's hub is configured by the values of the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader
from jupyterhub.app import JupyterHub
from jupyterhub.spawner import SimpleLocalProcessSpawner

from z2jh.hubvalues import layers
from z2jh.laptop.settings import from_values

if TYPE_CHECKING:
    from pathlib import Path

PARENT = "{% block message %}Your server is not running.{% endblock message %}"


def test_limits_culling_and_environment_are_those_of_the_values(tmp_path: Path) -> None:
    """What does not depend on Kubernetes or on the login."""
    values = layers.stack("prod").values
    found = from_values(values, "python", tmp_path)
    hub = found["JupyterHub"]
    assert hub["last_activity_interval"] == 30
    assert hub["concurrent_spawn_limit"] == values["hub"]["concurrentSpawnLimit"]
    assert hub["active_server_limit"] == values["hub"]["activeServerLimit"]
    (service,) = hub["services"]
    assert f"--timeout={values['cull']['timeout']}" in service["command"]
    assert f"--cull-every={values['cull']['every']}" in service["command"]
    assert hub["load_roles"][0]["services"] == [service["name"]]
    assert found["Spawner"]["environment"]["JUPYTERHUB_ACTIVITY_INTERVAL"] == "60"
    assert found["Spawner"]["default_url"] == "/lab"


def test_all_of_it_is_jupyterhubs(tmp_path: Path) -> None:
    """No option is made up."""
    found = from_values(layers.stack("prod").values, "python", tmp_path)
    assert set(found["JupyterHub"]) <= set(JupyterHub.class_trait_names(config=True))
    assert set(found["Spawner"]) <= set(SimpleLocalProcessSpawner.class_trait_names(config=True))
    assert "authenticator_class" not in found["JupyterHub"]


def test_during_an_exam_nobody_is_culled(tmp_path: Path) -> None:
    """The layer switches the culler off."""
    found = from_values(layers.stack("prod", ["exams"]).values, "python", tmp_path)
    assert "services" not in found["JupyterHub"]


def test_a_student_whose_server_was_stopped_reads_why(tmp_path: Path) -> None:
    """JupyterHub's own page, with our sentence in it; not when a start has failed."""
    found = from_values(layers.stack("prod").values, "python", tmp_path)
    (folder,) = found["JupyterHub"]["template_paths"]
    parent = DictLoader({"templates/not_running.html": PARENT})
    loader = ChoiceLoader([FileSystemLoader(folder), parent])
    page = Environment(loader=loader, autoescape=True).get_template("not_running.html")
    said = page.render(failed=False)
    assert "Your server is not running." in said
    assert "the machine that it" in said
    assert "Your files are safe" in said
    assert "Your files are safe" not in page.render(failed=True)
