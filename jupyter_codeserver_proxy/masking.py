"""Hides what looks like a secret in text for a page or a log."""

from __future__ import annotations

import errno
import os
import re

HIDDEN = "[hidden]"

# Output may be hostile, so each pattern takes linear time: it begins at a fixed word, and its
# repetitions are bounded or cannot contain the beginning of another match.

# Parts of a secret's name. `PWD` alone is a shell's folder, and `--auth` a choice.
_NAME = (
    r"(?:token(?!iz)|tkn|secret|passw(?:or)?d|passphrase|credential|api-?key"
    r"|(?:access|account|private|shared)key|(?<!public)(?:_|(?<=\w)-)key|\bkey(?==)"
    r"|pass(?==)|(?:_|(?<=;)|(?<=\w)-)pwd|(?:_|(?<=\w)-)auth(?![a-z])|signature(?==)|\bsig(?==))"
)
_FLAG = r"(?:token|secret|passw(?:or)?d|passphrase|api-?key|github-auth)"
# `TOKEN_FILE` and `passwordPath` name a place, not a secret.
_UNLESS_A_PLACE = r"(?![\w.-]{0,40}(?:file|path|dir|url|uri|type|name)\b)"
_REST_OF_NAME = r"(?:[\w-]|\.(?!\w{1,4}:\d)){0,40}"  # `token.js:12` is a line in a program

# As in `/home/ada/.secret: Permission denied`.
_ERRORS = "|".join(re.escape(os.strerror(number)) for number in errno.errorcode)
_UNLESS_NOTHING = rf"(?!(?:true|false|none|null|undefined|{_ERRORS})\b)"
_UNLESS_PROSE = r"(?!-|(?:and|can|cannot|for|has|in|is|must|or|requires|to|was|with)\b)"

# A value in quotation marks (also escaped, as in JSON within JSON), or a word up to the next name.
_VALUE = (
    r"(?:(\\[\"'])(?:(?!\2).)*|([\"'])(?:\\.|(?!\3)[^\\])*"
    r"|(?:[^\s\"'&,;]|[&,;](?![\w.-]{1,40}[=:])|[\"'](?=\w))+)"
)
_SCHEME = r"(?i:\b(?:basic|bearer))"
_PREFIX = (
    r"(?:\b(?:gh[oprsu]_|github_pat_|gl(?:pat|dt|rt|ptt|cbt|ft|soat)-|xox[a-z]-|xapp-|hf_|npm_"
    r"|pypi-|dckr_pat_|[prs]k_(?:live|test)_|AIza|ya29\.|sk-(?=[\w-]{0,60}\d))|eyJ)"
)

_NAMED = (
    rf"({_NAME}{_UNLESS_A_PLACE}{_REST_OF_NAME}\\?[\"']?\]?[ \t]{{0,4}}"
    rf"(?:=>|:=|==?|:(?!:))[ \t]{{0,4}}){_UNLESS_NOTHING}{_VALUE}"
)
_FLAGGED = (
    rf"((?<!\w)--?[\w-]{{0,30}}{_FLAG}{_UNLESS_A_PLACE}[\w-]{{0,30}}[\"']?"
    rf"(?:,[ \t]{{0,2}}|[ \t]{{1,2}})){_UNLESS_PROSE}{_VALUE}"
)
# A header's whole value, as a cookie may contain anything.
_HEADER = rf"((?:authorization|cookies?)\\?[\"']?[ \t]{{0,4}}[:=](?![ \t]?(?:{_ERRORS})\b)).+"

# The groups are kept, the rest of each match is hidden.
_PATTERNS = (
    *(re.compile(pattern, re.IGNORECASE) for pattern in (_HEADER, _NAMED, _FLAGGED)),
    re.compile(r"(://[^\s/@:]*:)[^\s/]+(?=@)"),
    re.compile(r"(://)[^\s/@:]{20,}(?=@)"),  # a shorter one is a name, as in ssh://git@
    # This does not match "Basic authentication".
    re.compile(rf"({_SCHEME}[ \t]{{1,4}})[\w.~+/-][a-z.~+/-]*[A-Z0-9_=][\w.~+/=-]*"),
    re.compile(rf"({_PREFIX})[\w-]{{16,}}(?:\.[\w-]+)*"),
    re.compile(r"(\b(?:AKIA|ASIA))[A-Z0-9]{12,}"),
)
_CUT_OFF = re.compile(rf"({_SCHEME}[ \t]{{1,4}}|{_PREFIX}|\b(?:AKIA|ASIA))[^\s\[]*\Z")

# A private key, on one line (in JSON, say) or over several lines.
_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY[A-Z ]{0,30}-----.*?"
    r"(-----END [A-Z ]{0,30}PRIVATE KEY[A-Z ]{0,30}-----|\Z)"
)
_KEY_CONTINUES = re.compile(r"\s*(?:[A-Za-z0-9+/=]*|[A-Z][\w-]{1,30}: .+)\s*")
_KEY_ENDS = re.compile(r".*?-----END [A-Z ]{0,30}PRIVATE KEY[A-Z ]{0,30}-----")


def masked(text: str) -> str:
    """Returns the text without its secrets."""
    lines, in_key = [], False
    for line in text.split("\n"):
        shown, in_key = masked_line(line, in_key=in_key)
        lines.append(shown)
    return "\n".join(lines)


def masked_line(line: str, *, in_key: bool, is_complete: bool = True) -> tuple[str, bool]:
    """Returns a line without its secrets, and whether a private key continues after it.

    Args:
        line: the line without its newline.
        in_key: whether a private key continues from the previous line.
        is_complete: if not, what may be the beginning of a secret at its end is hidden as well.
    """
    if in_key:
        if _KEY_CONTINUES.fullmatch(line):
            return HIDDEN, True
        line = _KEY_ENDS.sub(HIDDEN, line, count=1)
    in_key = any(not key[1] for key in _KEY.finditer(line))
    line = _KEY.sub(HIDDEN, line)
    for pattern in _PATTERNS:
        line = pattern.sub(_hidden, line)
    return line if is_complete else _CUT_OFF.sub(_hidden, line), in_key


def _hidden(match: re.Match[str]) -> str:
    return "".join(filter(None, match.groups())) + HIDDEN
