"""The account variables of the docker-stacks, as root and as an arbitrary uid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.conftest import Run

pytestmark = pytest.mark.image

ROOT = ("--user", "root")


def test_the_student_is_jovyan_by_default(run: Run) -> None:
    """Without options it has uid 1000 and the group users, and the log has no warnings."""
    done = run("id")
    assert done.stdout.startswith("uid=1000(jovyan) gid=100(users)")
    assert "WARNING" not in done.stderr


def test_root_gives_the_student_another_uid(run: Run) -> None:
    """NB_UID changes the uid; the Python environment stays writable for it."""
    done = run(
        "bash", "-c", "id && touch /opt/python/mine", options=ROOT, variables={"NB_UID": "1010"}
    )
    assert "uid=1010(jovyan) gid=100(users)" in done.stdout
    assert "WARNING" not in done.stderr


def test_root_gives_the_student_another_group(run: Run) -> None:
    """NB_GID and NB_GROUP create a group; the student stays in users."""
    done = run("id", options=ROOT, variables={"NB_GID": "110", "NB_GROUP": "physics"})
    assert "gid=110(physics)" in done.stdout
    assert "100(users)" in done.stdout


def test_root_gives_the_student_another_name_and_home(run: Run) -> None:
    """NB_USER changes the name; the home is a copy of the image's, and the student's own."""
    done = run(
        *("bash", "-c", "id -un; pwd; echo $HOME; stat -c %U:%G ~ ~/work"),
        options=ROOT,
        variables={"NB_USER": "ada"},
    )
    assert done.stdout.split() == ["ada", "/home/ada", "/home/ada", "ada:users", "ada:users"]
    assert "WARNING" not in done.stderr


def test_a_restarted_container_keeps_its_student(run: Run) -> None:
    """The second start accepts the account that the first one created."""
    script = "unset _IMAGE_STARTED; start.sh id"
    done = run(
        "bash", "-c", script, options=(*ROOT, "--entrypoint", ""), variables={"NB_USER": "ada"}
    )
    assert "(ada)" in done.stdout


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        pytest.param({"CHOWN_HOME": "yes", "CHOWN_HOME_OPTS": "-R"}, "/home/ada/work", id="home"),
        pytest.param(
            {"CHOWN_EXTRA": "/opt/python/bin,/srv", "CHOWN_EXTRA_OPTS": "-R"},
            "/opt/python/bin/jupyter",
            id="extra",
        ),
    ],
)
def test_root_gives_folders_to_the_student(run: Run, variables: dict[str, str], path: str) -> None:
    """CHOWN_HOME and CHOWN_EXTRA change the owner, with the options given."""
    student = {"NB_USER": "ada", "NB_UID": "1010", "NB_GID": "101"}
    done = run("stat", "-c", "%u:%g", path, options=ROOT, variables={**student, **variables})
    assert done.stdout.split() == ["1010:101"]


def test_sudo_is_granted_when_asked_for(run: Run) -> None:
    """GRANT_SUDO lets the student become root, with the image's programs on the path."""
    done = run(
        "sudo", "bash", "-c", "id -u; which jupyter", options=ROOT, variables={"GRANT_SUDO": "yes"}
    )
    assert done.stdout.split() == ["0", "/opt/python/bin/jupyter"]


def test_sudo_is_refused_otherwise(run: Run) -> None:
    """Without GRANT_SUDO the student cannot become root."""
    assert run("sudo", "--non-interactive", "id", options=ROOT, check=False).returncode == 1


def test_root_stays_root_when_all_three_ask_for_it(run: Run) -> None:
    """NB_USER=root, NB_UID=0 and NB_GID=0 are all needed; root gets a home of its own."""
    triplet = {"NB_USER": "root", "NB_UID": "0", "NB_GID": "0"}
    done = run("bash", "-c", "id; echo $HOME; getent passwd root", options=ROOT, variables=triplet)
    assert done.stdout.splitlines() == [
        "uid=0(root) gid=0(root) groups=0(root)",
        "/home/root",
        "root:x:0:0:root:/home/root:/bin/bash",
    ]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param({"NB_UID": "0"}, "needs all of NB_USER=root", id="half-a-root"),
        pytest.param({"NB_UID": "ada"}, "NB_UID is 'ada'; it is to be a number", id="no-number"),
        pytest.param({"NB_USER": "a:b"}, "user 'a:b' cannot be made", id="no-name"),
        pytest.param({"NB_UMASK": "rw"}, "NB_UMASK is 'rw'; it is octal", id="no-umask"),
    ],
)
def test_a_wrong_value_ends_the_start_with_a_line(
    run: Run, variables: dict[str, str], told: str
) -> None:
    """The log names the wrong variable, and the container fails."""
    done = run("id", options=ROOT, check=False, variables=variables)
    assert done.returncode == 1
    assert told in done.stderr.splitlines()[-1]


def test_what_is_mounted_below_the_old_home_is_kept(run: Run, tmp_path: Path) -> None:
    """A student of another name gets a copy; the host's files stay where they are."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "thesis.txt").write_text("years")
    mounted = ("--volume", f"{data}:/home/jovyan/data")
    run("true", options=(*ROOT, *mounted), variables={"NB_USER": "ada", "CHOWN_HOME": "yes"})
    assert (data / "thesis.txt").read_text() == "years"
    assert [file.name for file in tmp_path.iterdir()] == ["data"]


def test_an_arbitrary_uid_gets_a_name(run: Run) -> None:
    """An unknown uid gets a name, and the log says how it can own the home."""
    done = run("id", options=("--user", "1010"))
    assert done.stdout.startswith("uid=1010(jovyan) gid=0(root)")
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert len(warnings) == 1
    assert "--group-add users" in warnings[0]


def test_an_arbitrary_uid_in_the_group_can_do_everything(run: Run) -> None:
    """With --group-add users it can write the home and the Python environment."""
    script = "touch ~/mine /opt/python/mine && id -un"
    done = run("bash", "-c", script, options=("--user", "1010", "--group-add", "users"))
    assert done.stdout.split() == ["jovyan"]
    assert "WARNING" not in done.stderr


def test_an_arbitrary_uid_takes_its_name_from_nb_user(run: Run) -> None:
    """NB_USER is its name."""
    done = run(
        "id",
        "-un",
        options=("--user", "1010", "--group-add", "users"),
        variables={"NB_USER": "ada"},
    )
    assert done.stdout.split() == ["ada"]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--user", "1010:1010"), id="another-group"),
        pytest.param(("--user", "1010", "--read-only", "--tmpfs", "/tmp"), id="read-only"),  # noqa: S108
    ],
)
def test_a_uid_is_named_where_passwd_cannot_be_written(run: Run, options: tuple[str, ...]) -> None:
    """nss_wrapper then gives the name to every program."""
    done = run(
        "bash",
        "-c",
        "id -un; git config --get user.name; python -c "
        "'import getpass, os, pwd; print(pwd.getpwuid(os.getuid()).pw_name)'",
        options=(*options, "--group-add", "users"),
    )
    assert done.stdout.split() == ["jovyan", "jovyan"]


@pytest.mark.parametrize("options", [pytest.param((), id="student"), pytest.param(ROOT, id="root")])
def test_named_variables_do_not_reach_the_student(run: Run, options: tuple[str, ...]) -> None:
    """JUPYTER_ENV_VARS_TO_UNSET lists them."""
    variables = {"JUPYTER_ENV_VARS_TO_UNSET": "KEY,NOT_SET", "KEY": "secret", "OTHER": "kept"}
    done = run("env", options=options, variables=variables)
    assert "secret" not in done.stdout
    assert "JUPYTER_ENV_VARS_TO_UNSET" not in done.stdout
    assert "OTHER=kept" in done.stdout


def test_the_images_own_python_comes_first(run: Run, tmp_path: Path) -> None:
    """Neither a start as root nor a login shell runs another python in the system's folders."""
    wrong = tmp_path / "python"
    wrong.write_text("#!/bin/sh\necho wrong\n")
    wrong.chmod(0o755)
    mounted = ("--volume", f"{wrong}:/usr/local/bin/python:ro")
    script = "which python; bash --login -c 'which python'"
    done = run("bash", "-c", script, options=(*ROOT, *mounted))
    assert done.stdout.split() == ["/opt/python/bin/python"] * 2


def test_starting_twice_is_told_of(run: Run) -> None:
    """start.sh in the command is a harmless mistake."""
    done = run("start.sh", "id", "-un")
    assert done.stdout.split() == ["jovyan"]
    assert "start.sh is the entry point already" in done.stderr


def test_the_umask_is_the_one_that_was_asked_for(run: Run) -> None:
    """NB_UMASK applies to all that runs."""
    assert run("bash", "-c", "umask", variables={"NB_UMASK": "0027"}).stdout.split() == ["0027"]


def test_quiet_leaves_only_what_matters(run: Run) -> None:
    """JUPYTER_DOCKER_STACKS_QUIET keeps only warnings and errors; lines carry the time."""
    loud, quiet = run("true"), run("true", variables={"JUPYTER_DOCKER_STACKS_QUIET": "1"})
    assert loud.stderr.startswith("20")
    assert "INFO: running" in loud.stderr
    assert quiet.stderr == ""
