"""Which names a value may have on its way into a command's environment."""

from __future__ import annotations

import re

_SHAPE = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)

_CHOOSES_PROGRAMS = "it decides which programs or libraries run"
_STEERS_SHELL = "the shell itself reads or sets it"
_REDIRECTS = "it changes where tools connect or what they trust"
_OPERATORS_OWN = "it belongs to the operator's own session"
_OURS = "KEYS sets it itself"

_PREFIXES = {
    "LD_": _CHOOSES_PROGRAMS,
    "DYLD_": _CHOOSES_PROGRAMS,
    "PYTHON": _CHOOSES_PROGRAMS,
    "PERL5": _CHOOSES_PROGRAMS,
    "RUBY": _CHOOSES_PROGRAMS,
    "NODE_": _CHOOSES_PROGRAMS,
    "NPM_": _CHOOSES_PROGRAMS,
    "GIT_": _CHOOSES_PROGRAMS,
    "GLIBC_": _CHOOSES_PROGRAMS,
    "MALLOC_": _CHOOSES_PROGRAMS,
    "OPENSSL_": _CHOOSES_PROGRAMS,
    "BASH": _STEERS_SHELL,
    "COMP_": _STEERS_SHELL,
    "HIST": _STEERS_SHELL,
    "READLINE_": _STEERS_SHELL,
    "LC_": _OPERATORS_OWN,
    "SSH_": _OPERATORS_OWN,
    "XDG_": _OPERATORS_OWN,
    "KEYS_": _OURS,
}

_WHOLE_NAMES = {
    _CHOOSES_PROGRAMS: (
        "PATH BROWSER CLASSPATH EDITOR GCONV_PATH JAVA_OPTS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS LESSCLOSE LESSOPEN "
        "LOCPATH LUA_INIT MANPAGER NLSPATH PAGER PERLLIB PERL_HASH_SEED_DEBUG PHPRC SHELL VISUAL"
    ),
    _STEERS_SHELL: (
        "CDPATH COPROC DIRSTACK ENV EPOCHREALTIME EPOCHSECONDS EUID EXECIGNORE FCEDIT FIGNORE FPATH FUNCNAME FUNCNEST "
        "GLOBIGNORE GROUPS HOSTTYPE IFS IGNOREEOF INPUTRC LINENO MACHTYPE MAIL MAILCHECK MAILPATH MAPFILE OLDPWD "
        "OPTARG OPTERR OPTIND OSTYPE PIPESTATUS POSIXLY_CORRECT PPID PROMPT_COMMAND PROMPT_DIRTRIM PS0 PS1 PS2 PS3 "
        "PS4 PWD RANDOM REPLY SECONDS SHELLOPTS SHLVL SRANDOM TIMEFORMAT TMOUT UID"
    ),
    _REDIRECTS: (
        "ALL_PROXY CURL_CA_BUNDLE CURL_HOME FTP_PROXY HOSTALIASES HTTPS_PROXY HTTP_PROXY LOCALDOMAIN NETRC NO_PROXY "
        "PGOPTIONS PGPASSFILE PGSERVICEFILE PGSYSCONFDIR PSQLRC REQUESTS_CA_BUNDLE RES_OPTIONS RESOLV_HOST_CONF "
        "SSLKEYLOGFILE SSL_CERT_DIR SSL_CERT_FILE SYSTEM_WGETRC WGETRC"
    ),
    _OPERATORS_OWN: "HOME KUBECONFIG LANG LANGUAGE LOGNAME TERM TERMCAP TERMINFO TZ TZDIR USER",
    _OURS: "TEMP TMP TMPDIR",
}

_REASONS = {name: reason for reason, names in _WHOLE_NAMES.items() for name in names.split()}


def refused_name(name: str) -> str | None:
    """Why no input or capture may have this name, as one sentence; None where the name is allowed."""
    if not _SHAPE.fullmatch(name):
        return (
            "A value's name has capitals, digits and underscores only, at most 64, and starts with a capital."
        )
    reason = _REASONS.get(name) or next(
        (why for prefix, why in _PREFIXES.items() if name.startswith(prefix)), None
    )
    return f"No value may be called {name}: {reason}. Choose another name." if reason else None
