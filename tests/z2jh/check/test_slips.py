"""What a person gets wrong in a file: one line with file, line, path and what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from z2jh.check.rendering import chart
from z2jh.check.rules import secret_scan
from z2jh.check.run import check
from z2jh.hubvalues import layers
from z2jh.problems import UnusableError

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.check.rendering.chart import Chart


def problems(folder: Path, at_hand: Chart | None, *extras: str) -> list[str]:
    """What is said of production, line by line."""
    stack = layers.stack("prod", extras, folder)
    return [str(each) for each in check(stack, chart.pin(), at_hand, renders=False)]


def put(folder: Path, name: str, text: str) -> None:
    """Write a layer anew, with what it had before the new lines."""
    file = folder / name
    over = layers.merge(yaml.safe_load(file.read_text()), yaml.safe_load(text))
    file.write_text(yaml.safe_dump(over, sort_keys=False))


SLIPS = [
    pytest.param(
        "hub: {concurentSpawnLimit: 3}",
        ("hub.concurentSpawnLimit", "unknown key", "'concurrentSpawnLimit'"),
        id="of the chart",
    ),
    pytest.param("singleusr: {}", ("singleusr", "unknown key", "'singleuser'"), id="at the top"),
    pytest.param(
        "singleuser: {memory: {limit: [4]}}",
        ("singleuser.memory.limit", "[4]", "number or string or null"),
        id="type",
    ),
    pytest.param(
        "scheduling: {userPods: {nodeAffinity: {matchNodePurpose: requires}}}",
        ("scheduling.userPods.nodeAffinity.matchNodePurpose", "'requires'", "mean 'require'"),
        id="enumeration",
    ),
    pytest.param(
        "hub: {config: {KubeSpawner: {delete_grace_periode: 3}}}",
        ("hub.config.KubeSpawner.delete_grace_periode", "'delete_grace_period'"),
        id="of KubeSpawner",
    ),
    pytest.param(
        "hub: {config: {GenericOAuthenticator: {allow_everybody: true}}}",
        ("hub.config.GenericOAuthenticator.allow_everybody", "no such option"),
        id="of the authenticator",
    ),
    pytest.param(
        "hub: {config: {JupyterHub: {authenticator_class: generic-oath}}}",
        ("hub.config.JupyterHub.authenticator_class", "'generic-oauth'"),
        id="of an authenticator's name",
    ),
    pytest.param(
        "hub: {config: {KubeSpawnr: {}}}",
        ("hub.config.KubeSpawnr", "'KubeSpawner'"),
        id="of a class",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_nam: x}]}",
        ("singleuser.profileList[0].display_nam", "'display_name'"),
        id="of a profile",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, kubespawner_override: {memory_limit: 1}}]}",
        ("singleuser.profileList[0].kubespawner_override.memory_limit", "'mem_limit'"),
        id="of an override",
    ),
    pytest.param(
        "custom: {pools: {students: {maxNode: 3}}}",
        ("custom.pools.students.maxNode", "'maxNodes'"),
        id="of a pool",
    ),
    pytest.param(
        "custom: {pools: {studnts: {maxNodes: 3}}}",
        ("custom.pools.studnts", "lacks purpose", "did you mean 'students'?"),
        id="a pool's name",
    ),
    pytest.param(
        "custom: {pools: {students: {machineType: n2-highmen-8}}}",
        ("custom.pools.students.machineType", "'n2-highmem-8'"),
        id="machine type",
    ),
    pytest.param(
        "custom: {pools: {students: {provisioning: spots}}}",
        ("custom.pools.students.provisioning", "'spot'"),
        id="provisioning",
    ),
    pytest.param(
        "custom: {pools: {students: {maxNodes: many}}}",
        ("custom.pools.students.maxNodes", "is 'many', has to be a whole number"),
        id="type of a pool's",
    ),
    pytest.param(
        "custom: {cluster: {regoin: x}}",
        ("custom.cluster.regoin", "unknown key", "'region'"),
        id="of the cluster",
    ),
    pytest.param(
        "custom: {exams: true}", ("custom.exams", "unknown key", "'exam'"), id="of custom"
    ),
    pytest.param(
        "custom: {nodeReserve: {cpu: lots}}",
        ("custom.nodeReserve.cpu", "is 'lots', has to be a number"),
        id="of the reserve",
    ),
    pytest.param(
        "custom: {classes: {all: {studnts: 30}}}",
        ("custom.classes.all.studnts", "unknown key", "'students'"),
        id="of a class",
    ),
    pytest.param(
        "singleuser: {extraEnv: {JUPYTER_CODESERVER_IDLE_TIMOUT: '3'}}",
        ("singleuser.extraEnv.JUPYTER_CODESERVER_IDLE_TIMOUT", "'JUPYTER_CODESERVER_IDLE_TIMEOUT'"),
        id="of a variable",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, profile_options: {gpu: {choices: "
        "{a: {kubespawner_overide: {}}}}}}]}",
        ("profile_options.gpu.choices.a.kubespawner_overide", "'kubespawner_override'"),
        id="of a choice",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, kubespawner_override: 3}]}",
        ("singleuser.profileList[0].kubespawner_override", "is 3, has to be a map"),
        id="no map",
    ),
    pytest.param(
        "custom: {pools: {students: {taint: user}}}",
        ("custom.pools.students.taint", "key=value:NoSchedule"),
        id="taint",
    ),
]


@pytest.mark.parametrize(("text", "said"), SLIPS)
def test_a_slip_is_told_with_file_path_and_remedy(
    text: str, said: tuple[str, ...], folder: Path, known_chart: Chart
) -> None:
    """One line, which names the file and the line and says what was meant."""
    put(folder, "prod.yaml", text)
    found = problems(folder, known_chart)
    about = [line for line in found if all(words in line for words in said)]
    assert about, found
    assert f"{folder / 'prod.yaml'}:" in about[0]
    assert "\n" not in about[0]


def test_the_line_is_that_of_the_slip(folder: Path, known_chart: Chart) -> None:
    """Counted as an editor does."""
    file = folder / "prod.yaml"
    file.write_text(file.read_text() + "cull:\n  timeuot: 3\n")
    number = file.read_text().splitlines().index("  timeuot: 3") + 1
    (line,) = problems(folder, known_chart)
    assert line == f"{file}:{number}: cull.timeuot: unknown key; did you mean 'timeout'?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "hub: {}\nhub: {}\n", "prod.yaml:2: 'hub' stands here a second time", id="twice"
        ),
        pytest.param("hub: [\n", "prod.yaml:2: not YAML", id="no YAML"),
        pytest.param("- hub\n", "prod.yaml: has to be a map", id="no map"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(text: str, said: str, folder: Path) -> None:
    """A key that stands twice would else lose its first value without a word."""
    folder.joinpath("prod.yaml").write_text(text)
    with pytest.raises(UnusableError) as raised:
        layers.stack("prod", folder=folder)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("environment", "extra", "said"),
    [
        pytest.param("stagin", [], "mean 'staging'?", id="environment"),
        pytest.param("prod", ["classes/database"], "mean 'classes/databases'?", id="class"),
        pytest.param("prod", ["exam"], "mean 'exams'?", id="exam"),
    ],
)
def test_an_unknown_layer_is_told(environment: str, extra: list[str], said: str) -> None:
    """Before anything is read."""
    with pytest.raises(UnusableError, match=r"no (environment|layer)") as raised:
        layers.stack(environment, extra)
    assert said in str(raised.value)


SHAPES = [
    pytest.param("singleuser: 3", "singleuser: is a single value", "a map", id="map"),
    pytest.param("hub: {config: [a]}", "hub.config: is a list", "a map", id="list for a map"),
    pytest.param(
        "singleuser: {profileList: abc}", "profileList: is a single value", "a list", id="list"
    ),
    pytest.param(
        "cull: {timeout: {seconds: 3}}", "cull.timeout: is a map", "a single value", id="a map"
    ),
]


@pytest.mark.parametrize(("text", "said", "below"), SHAPES)
def test_a_layer_of_another_shape_is_told(text: str, said: str, below: str, folder: Path) -> None:
    """Without the chart's schema at hand, too; and where the other layer says it."""
    put(folder, "classes/databases.yaml", text)
    found = problems(folder, None, "classes/databases")
    about = [line for line in found if said in line]
    assert about, found
    assert f"{folder / 'classes/databases.yaml'}:" in about[0]
    assert ".yaml:" in about[0].split(" and ")[1]
    assert about[0].endswith(f"has {below} there")


SECRETS = [
    pytest.param("proxy: {secretToken: abc}", "proxy.secretToken", id="proxy"),
    pytest.param("hub: {cookieSecret: abc}", "hub.cookieSecret", id="cookie"),
    pytest.param("hub: {db: {password: abc}}", "hub.db.password", id="database"),
    pytest.param(
        "hub: {services: {grader: {apiToken: abc}}}", "hub.services.grader.apiToken", id="service"
    ),
    pytest.param(
        "hub: {config: {GenericOAuthenticator: {client_secret: abc}}}",
        "hub.config.GenericOAuthenticator.client_secret",
        id="OAuth",
    ),
    pytest.param(
        "hub: {config: {CryptKeeper: {keys: [abc]}}}", "hub.config.CryptKeeper.keys[0]", id="crypt"
    ),
    pytest.param("imagePullSecret: {password: abc}", "imagePullSecret.password", id="registry"),
    pytest.param(
        "singleuser: {extraEnv: {GITHUB_TOKEN: abc}}", "singleuser.extraEnv.GITHUB_TOKEN", id="name"
    ),
    pytest.param(
        "singleuser: {extraEnv: {PLACE: 'postgres://hub:abc@db/hub'}}",
        "singleuser.extraEnv.PLACE",
        id="look",
    ),
]


@pytest.mark.parametrize(("text", "path"), SECRETS)
def test_a_secret_in_a_plain_file_is_refused(text: str, path: str, folder: Path) -> None:
    """By where it stands, by its name or by its look; and it is not repeated."""
    put(folder, "prod.yaml", text)
    (line,) = [line for line in problems(folder, None) if "a secret in a plain file" in line]
    assert f": {path}: " in line
    assert "abc" not in line
    assert "hub.existingSecret" in line


def test_files_beside_the_example_have_to_be_encrypted(tmp_path: Path) -> None:
    """What sops wrote passes, what it has not seen does not, not even in part."""
    secret = {"kind": "Secret", "stringData": {"a": "ENC[AES256_GCM,data:x]"}, "sops": {"mac": "x"}}
    tmp_path.joinpath("prod.yaml").write_text(yaml.safe_dump(secret))
    tmp_path.joinpath("example.yaml").write_text("stringData: {a: REPLACE}")
    assert secret_scan.check_files(tmp_path) == []
    secret["stringData"] = {"a": "ENC[AES256_GCM,data:x]", "b": "plain"}
    tmp_path.joinpath("prod.yaml").write_text(yaml.safe_dump(secret))
    tmp_path.joinpath("staging.yaml").write_text("stringData: {a: plain}")
    lines = [str(problem) for problem in secret_scan.check_files(tmp_path)]
    assert [line.split(": ")[0] for line in lines] == [
        f"{tmp_path / 'prod.yaml'}",
        f"{tmp_path / 'staging.yaml'}",
    ]
    assert all("sops --encrypt" in line for line in lines)
    assert not any("plain" in line for line in lines)
