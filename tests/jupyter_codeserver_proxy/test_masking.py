"""Secrets are hidden, and text that a person needs stays."""

from __future__ import annotations

import base64
import errno
import os
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_codeserver_proxy.masking import masked, masked_line

SECRET = "Zx81qwertyUIOP4242asdfGHJK99"  # noqa: S105 -- it opens nothing
JSON_WEB_TOKEN = ".".join(
    base64.urlsafe_b64encode(part).decode().strip("=")
    for part in (b'{"alg":"RS256"}', b'{"sub":1}')
)

SECRETS = [
    "AWS_SECRET_ACCESS_KEY={}",
    "export API_KEY={}",
    "export OPENAI_APIKEY='{}'",
    "api_key: {}",
    "apiKey={}",
    "DB_PASSWORD={} was given",
    "PGPASSWORD={};x",
    "MYSQL_PWD={}",
    "SSHPASS={}",
    'password = "two words {}"',
    "passwd:{}",
    'os.environ["X_TOKEN"] = "{}"',
    "GOOGLE_CREDENTIALS={}",
    "//registry.example/:_auth={}",
    "//registry.example/:_authToken={}",
    "spring.datasource.password.value={}",
    "Server=a;Uid=b;Pwd={};Port=1",
    "GET /?token={}&a=1 HTTP/1.1",
    "GET /?key={} HTTP/1.1",
    "https://s3.example/a?X-Amz-Signature={}&b=1",
    "--token={} --auth none",
    "code-server --password {} --auth none",
    "run ['--api-key', '{}', 'x']",
    "--github-auth {}",
    '{{"access_token": "{}", "kind": "a"}}',
    '{{"access_token": "a \\" {}"}}',
    '{{\\"password\\":\\"{}\\"}}',
    "{{'clientSecret': '{}'}}",
    "Authorization: Bearer {}",
    "authorization: Basic {}",
    "Proxy-Authorization: {}",
    "Set-Cookie: a={}; Path=/",
    "x-api-key: {}",
    "got Bearer {}, and left",
    "BASIC {}==",
    "https://alice:{}@host.example/x",
    "https://alice:a@{}@host.example/x",
    "https://{}@host.example/x",
    "ghp_{}",
    "see github_pat_{} there",
    "gho_{}",
    "glpat-{}",
    "xoxb-12-34-{}",
    "sk-proj-{}",
    "sk_live_{}",
    "hf_{}",
    "npm_{}",
    "AIza{}",
    f"{JSON_WEB_TOKEN}.{{}}",
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}==\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n{}",
    '"-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n" and more',
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{}",
]

HARMLESS = [
    "[2026-11-28T07:39:00.108Z] info  code-server 4.139.1 53c2f3253bcf32886706fc023e794bbeb253c90f",
    "info    - Using password from /home/ada/.config/code-server/config.yaml",
    "info  Using user-data-dir /home/ada/.local/share/code-server",
    "info  Session server listening on /run/user/1000/jcs-1/socket.session",
    "info    - Authentication is disabled",
    "[127.0.0.1][a3f0c1d2][ManagementConnection] New connection established.",
    "error --password can only be set in the config file or passed in via $PASSWORD",
    "--auth none --socket /run/socket --cert-key /etc/key.pem",
    "auth: none",
    "password: null",
    "Basic authentication is off, bearer authentication too",
    "SyntaxError: Unexpected token } in JSON at position 5",
    "    at Token.parse (/opt/code-server/lib/token.js:12:5)",
    "cat: /home/ada/.secret: Permission denied",
    "mkdir: cannot create '/home/ada/credentials': Read-only file system",
    "open /home/ada/.jupyter_cookie: No such file or directory",
    "PWD=/home/ada/course OLDPWD=/",
    "PASSWORD_FILE=/run/secrets/password",
    "id 6b1f0f3e-6a77-4d0c-9c59-0a4a8b1f2f3d of stable-53c2f3253bcf32886706fc023e794bbeb253c90f",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "ssh://git@host.example/a.git and https://host.example:8080/@scope/name@1.2.3",
    "keyboard: us, monkey=3, tokenizer: fast, author: Ada, ssh-ed25519 AAAAC3Nz",
    "/home/ada/sk-learn-contrib/task-runner and hf_transformers",
    "-----BEGIN CERTIFICATE-----",
    "",
]
FRAGMENTS = st.sampled_from(
    [
        *"\"'\\=:;&,@/ .-_[]\n",
        *("token", "TOKEN_", "password", "api_key", "_auth", "cookie", "secret", "_pwd", "key"),
        *("--", "--token", "://", "Bearer ", "basic ", "ghp_", "sk-", "eyJ", "AKIA", "a1B2"),
        *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "[hidden]", "=>", "x" * 20),
    ]
)


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_hidden(text: str) -> None:
    """It is recognised by its name or its form, and the text around it stays."""
    shown = masked(f"first\nbefore {text.format(SECRET, SECRET)}\nlast one")
    assert SECRET not in shown
    assert "[hidden]" in shown
    assert shown.startswith("first\nbefore ")
    assert shown.endswith("\nlast one")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_a_person_needs_stays(text: str) -> None:
    """People read output for paths, versions, commits, causes and options."""
    assert masked(text) == text


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_what_the_system_says_of_a_file_stays(number: int) -> None:
    """The diagnosis needs the error, whatever the file is called."""
    text = f"tool: /home/ada/.aws/credentials: {os.strerror(number)}"
    assert masked(text) == text


def test_what_stands_beside_a_secret_stays() -> None:
    """Only the value is hidden."""
    assert masked("GET /?tkn=s3cret&a=1 HTTP/1.1") == "GET /?tkn=[hidden]&a=1 HTTP/1.1"
    assert masked('{"token":"s3cret","a":1}') == '{"token":"[hidden]","a":1}'
    assert masked("https://ada:s3cret@a.example/b") == "https://ada:[hidden]@a.example/b"
    assert masked("ghp_" + "a1" * 18) == "ghp_[hidden]"


@pytest.mark.parametrize(
    "line", ["a ghp_Zx81qwe", "a glpat-", "a Bearer Zx81", "a AKIAZX8", "a eyJhbGci", "a sk-Zx81q"]
)
def test_the_beginning_of_a_secret_is_hidden(line: str) -> None:
    """An unfinished line may be shown."""
    shown, _ = masked_line(line, in_key=False, is_complete=False)
    assert shown.startswith("a ")
    assert shown.endswith("[hidden]")
    assert "Zx8" not in shown.upper().replace("ZX8", "Zx8")


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
@settings(deadline=None)
def test_masking_twice_is_masking_once(text: str) -> None:
    """Callers need not know whether text was masked before."""
    assert masked(masked(text)) == masked(text)


@given(st.lists(FRAGMENTS, min_size=1, max_size=4).map("".join))
@settings(deadline=timedelta(seconds=20), max_examples=20)
def test_hostile_output_takes_no_longer(fragment: str) -> None:
    """With twenty times the longest line that is kept, a quadratic pattern would take minutes."""
    masked(fragment.replace("\n", "") * (80 * 1024 // max(len(fragment), 1)))
