"""Each rule: a layer that breaks it is told in one line, in the words that lead to the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.z2jh.check.test_slips import problems, put

NOWHERE = "{key: cloud.google.com/gke-nodepool, operator: In, values: [core]}"

BROKEN = [
    pytest.param(
        "singleuser: {nodeSelector: {cloud.google.com/gke-nodepool: student}}",
        "no pool 'student': there are core, students, ondemand; did you mean 'students'?",
        id="unknown pool",
    ),
    pytest.param(
        "singleuser: {extraNodeAffinity: {preferred: [{weight: 1, preference: {matchExpressions: "
        "[{key: cloud.google.com/gke-nodepool, operator: In, values: [spots]}]}}]}}",
        "no pool 'spots'",
        id="unknown pool in an affinity",
    ),
    pytest.param(
        "scheduling: {userPods: {nodeAffinity: {matchNodePurpose: prefer}, tolerations: "
        "[{operator: Exists}]}}",
        "a profile 'course' can land on the core pool 'core'",
        id="student on core",
    ),
    pytest.param(
        # Kubernetes joins the terms by OR, so this lets students in beside the node's purpose.
        "{singleuser: {extraNodeAffinity: {required: [{matchExpressions: [" + NOWHERE + "]}]}}, "
        "scheduling: {userPods: {tolerations: [{operator: Exists}]}}}",
        "a placeholder can land on the core pool 'core'",
        id="a second door",
    ),
    pytest.param(
        "scheduling: {corePods: {nodeAffinity: {matchNodePurpose: ignore}, tolerations: "
        "[{operator: Exists}]}}",
        "a core pod can land on the user pool 'students'",
        id="core on Spot",
    ),
    pytest.param(
        "custom: {pools: {core: {provisioning: spot}}}",
        "a core pod can land on 'core', whose nodes are spot",
        id="core taken away",
    ),
    pytest.param(
        "custom: {pools: {students: {taint: 'a=b:NoSchedule'}, "
        "ondemand: {taint: 'a=b:NoSchedule'}}}",
        "profile 'course': no pool lets it in: it does not tolerate a=b:NoSchedule of 'ondemand'",
        id="taint that nobody tolerates",
    ),
    pytest.param(
        "prePuller: {extraTolerations: [{key: a, operator: Exists}]}",
        "image puller and placeholder tolerate different taints",
        id="puller's own tolerations",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, slug: x, kubespawner_override: "
        "{tolerations: []}}]}",
        "profile 'x' and placeholder tolerate different taints",
        id="profile's own tolerations",
    ),
    pytest.param(
        "{singleuser: {nodeSelector: {cloud.google.com/gke-nodepool: students}, profileList: "
        "[{display_name: x, slug: x, kubespawner_override: {node_selector: "
        "{cloud.google.com/gke-nodepool: ondemand}}}]}}",
        "profile 'x' can land there and the image puller cannot",
        id="no image",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: Exam, slug: exam}]}",
        "profile 'exam' can land on 'students', whose nodes are spot",
        id="exam on Spot",
    ),
    pytest.param(
        "custom: {exam: true}", "placeholder can land on 'students'", id="day of the exam on Spot"
    ),
    pytest.param(
        "singleuser: {memory: {guarantee: 2G}}",
        "singleuser.memory.guarantee: is '2G', has to be a whole number of bytes",
        id="inexact",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, kubespawner_override: {mem_limit: 8G}}]}",
        "singleuser.profileList[0].kubespawner_override.mem_limit: is '8G'",
        id="inexact profile",
    ),
    pytest.param(
        "scheduling: {userPlaceholder: {resources: {requests: {memory: 2G, cpu: 250m}}}}",
        "a placeholder asks for 2000000000 bytes and 0.25 CPU, profile 'course' for 2147483648",
        id="placeholder of another size",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, slug: x, default: true, "
        "kubespawner_override: {mem_guarantee: 1073741824}}]}",
        "a placeholder asks for 2147483648 bytes and 0.25 CPU, profile 'x' for 1073741824",
        id="default profile of another size",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, slug: x, kubespawner_override: "
        "{mem_guarantee: 107374182400, mem_limit: 107374182400}}]}",
        "profile 'x' asks for 100 GiB and 0.25 CPU, and a node of 'students' (n2-highmem-8) has",
        id="profile larger than its node",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, slug: x, profile_options: {size: {choices: "
        "{huge: {kubespawner_override: {mem_guarantee: 107374182400, mem_limit: 107374182400}}}}"
        "}}]}",
        "profile 'x' with size 'huge' asks for 100 GiB and 0.25 CPU, and a node of 'students'",
        id="choice larger than its node",
    ),
    pytest.param(
        "custom: {pools: {students: {maxPods: 15}, ondemand: {maxPods: 15}}}",
        "a node of 'students' (n2-highmem-8) has",
        id="no pod left",
    ),
    pytest.param(
        "hub: {nodeSelector: {cloud.google.com/gke-nodepool: cor}}",
        "hub.nodeSelector.cloud.google.com/gke-nodepool: no pool 'cor'",
        id="unknown pool of the hub's",
    ),
    pytest.param(
        "singleuser: {memory: {limit: 1073741824}}",
        "profile 'course' is guaranteed more memory (2147483648) than its limit (1073741824)",
        id="limit below guarantee",
    ),
    pytest.param(
        "singleuser: {cpu: {limit: null}}", "has no limit of cpu: one student could", id="no limit"
    ),
    pytest.param(
        "custom: {classes: {all: {students: 3000}}}",
        "custom.classes: 3000 students at the same time, and the pools have",
        id="class larger than the pools",
    ),
    pytest.param(
        "custom: {classes: {all: {students: some}}}",
        "custom.classes.all.students: is 'some', has to be a whole number above 0",
        id="class without a number",
    ),
    pytest.param(
        "hub: {activeServerLimit: 5000}",
        "hub.activeServerLimit: is 5000, and the pools",
        id="limit",
    ),
    pytest.param(
        "{hub: {activeServerLimit: 20}, custom: {classes: {one: {students: 30}}}}",
        "hub.activeServerLimit: is 20, and the classes have 30 students",
        id="limit below class",
    ),
    pytest.param(
        "singleuser: {image: {tag: latest}}",
        "singleuser.image: the image 'registry.example.org/hub/codeserver-notebook:latest' is not "
        "pinned",
        id="tag that moves",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, kubespawner_override: {image: a/b}}]}",
        "singleuser.profileList[0].kubespawner_override.image: the image 'a/b' is not pinned",
        id="no tag",
    ),
    pytest.param(
        "hub: {existingSecret: null}", "hub.existingSecret: no Secret is named", id="missing secret"
    ),
    pytest.param(
        "singleuser: {networkPolicy: {enabled: false}}",
        "singleuser.networkPolicy.enabled: is False, has to be True",
        id="open network",
    ),
    pytest.param(
        "singleuser: {networkPolicy: {egressAllowRules: {cloudMetadataServer: true}}}",
        "else students could ask for the machine's identity",
        id="metadata by policy",
    ),
    pytest.param(
        "singleuser: {cloudMetadata: {blockWithIptables: false}}",
        "singleuser.cloudMetadata.blockWithIptables: has to be true",
        id="metadata by address",
    ),
    pytest.param(
        "singleuser: {extraPodConfig: {runtimeClassName: gvisor}}",
        "a privileged container cannot be run in the sandbox",
        id="half a sandbox",
    ),
    pytest.param(
        "scheduling: {podPriority: {userPlaceholderPriority: -20}}",
        "none below -10, for which GKE starts no node",
        id="priority",
    ),
    pytest.param(
        "scheduling: {podPriority: {enabled: false}}",
        "scheduling.podPriority.enabled",
        id="no priority",
    ),
    pytest.param(
        "singleuser: {extraPodConfig: {terminationGracePeriodSeconds: 60}}",
        "is 60, and a Spot node leaves pods 15 s",
        id="grace",
    ),
    pytest.param("cull: {every: 30}", "they have to come in this order", id="culling"),
    pytest.param(
        "hub: {config: {JupyterHub: {last_activity_interval: 0}}}",
        "is 0, has to be a number of seconds above 0: else a proxy that was started anew",
        id="routes",
    ),
    pytest.param(
        "hub: {extraConfig: {proxyWithoutClock: null}}",
        "the hub would take every byte of an open page for activity",
        id="activity",
    ),
    pytest.param("proxy: {https: {enabled: false}}", "proxy.https.enabled", id="no HTTPS"),
    pytest.param("proxy: {https: {hosts: []}}", "no host name for the certificate", id="no host"),
    pytest.param(
        "proxy: {https: {hosts: [other.example.org]}}",
        "has to be https://other.example.org/hub/oauth_callback",
        id="callback",
    ),
    pytest.param("custom: {sharedHost: null}", "custom.sharedHost with the reason", id="one host"),
    pytest.param(
        "hub: {config: {JupyterHub: {subdomain_host: 'https://hub.example.org'}}}",
        "and not both",
        id="subdomains, and a reason to have none",
    ),
    pytest.param(
        "custom: {sharedHost: true}", "is True, has to be the reason in words", id="no reason"
    ),
    pytest.param(
        "{custom: {sharedHost: null}, hub: {config: {JupyterHub: {subdomain_host: "
        "'https://other.example.org'}}}}",
        "is https://other.example.org, has to be https://hub.example.org",
        id="subdomains of another host",
    ),
    pytest.param(
        "{custom: {sharedHost: null}, hub: {config: {JupyterHub: {subdomain_host: "
        "'https://hub.example.org'}}}}",
        "has to have --host-routing",
        id="a proxy that looks at paths",
    ),
    pytest.param(
        "{custom: {sharedHost: null}, hub: {config: {JupyterHub: {subdomain_host: "
        "'https://hub.example.org'}}}}",
        "is letsencrypt, by which the chart gets no wildcard",
        id="no wildcard",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BROKEN)
@pytest.mark.parametrize("with_chart", [True, False], ids=["chart", "no chart"])
def test_a_layer_that_breaks_a_rule_is_told(
    text: str, said: str, folder: Path, request: pytest.FixtureRequest, *, with_chart: bool
) -> None:
    """One line each, with and without the chart at hand."""
    put(folder, "prod.yaml", text)
    found = problems(folder, request.getfixturevalue("known_chart") if with_chart else None)
    assert any(said in line for line in found), found
    assert not any("\n" in line for line in found)


@pytest.mark.parametrize("with_chart", [True, False], ids=["chart", "no chart"])
def test_the_subdomains_of_the_document_break_no_rule(
    folder: Path, request: pytest.FixtureRequest, *, with_chart: bool
) -> None:
    """As z2jh/README.md gives them, with nothing else changed."""
    document = Path(__file__).parents[3].joinpath("z2jh/README.md").read_text()
    _, found, rest = document.partition("```yaml\n# A subdomain for each student\n")
    assert found
    put(folder, "prod.yaml", rest.partition("```")[0])
    assert not problems(folder, request.getfixturevalue("known_chart") if with_chart else None)


def test_a_class_that_asks_for_what_the_pools_cannot_give_is_told(folder: Path) -> None:
    """In the file that asks."""
    text = "singleuser: {memory: {guarantee: 12884901888, limit: 12884901888}}"
    put(folder, "classes/databases.yaml", text)
    found = problems(folder, None, "classes/databases")
    assert any(
        line.startswith(f"{folder / 'classes/databases.yaml'}:")
        and "custom.classes: 240 students at the same time, and the pools have 104 seats" in line
        for line in found
    ), found
