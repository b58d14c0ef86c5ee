"""Which names a value may have."""

from __future__ import annotations

import pytest

from runbook_keys.model.names import refused_name


@pytest.mark.parametrize(
    "name", ["APP_URL", "HTTP_STATUS", "X", "STRIPE_WEBHOOK_SECRET", "PG_URL", "AWS_REGION", "A" * 64]
)
def test_ordinary_names_are_allowed(name: str) -> None:
    """An input is called after what it is."""
    assert refused_name(name) is None


@pytest.mark.parametrize(
    "name",
    ["PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "BASH_FUNC_X", "ENV", "IFS", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "CDPATH", "GLOBIGNORE", "PYTHONPATH", "PYTHONSTARTUP", "PERL5OPT", "PERL5LIB", "PERL5DB", "RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS", "GIT_SSH", "GIT_CONFIG_COUNT", "SSH_AUTH_SOCK", "SSH_ASKPASS", "HOME", "TMPDIR", "PAGER", "LESSOPEN", "EDITOR", "KEYS_ATTEMPT", "HTTPS_PROXY", "PGOPTIONS", "PGSERVICEFILE", "LC_ALL", "LANG", "KUBECONFIG", "OPENSSL_CONF", "SSLKEYLOGFILE", "GLIBC_TUNABLES", "UID", "PPID", "SECONDS"],
)  # fmt: skip
def test_a_name_that_steers_something_is_refused_with_a_reason(name: str) -> None:
    """The message names it, says why, and what to do."""
    why = refused_name(name)
    assert why is not None
    assert name in why
    assert why.endswith("Choose another name.")


@pytest.mark.parametrize(
    "name", ["", "lower", "Mixed", "1ST", "_X", "A-B", "A B", "A=B", "A\n", "É", "A" * 65, "BASH_FUNC_x%%"]
)
def test_a_name_of_another_shape_is_refused(name: str) -> None:
    """The shape is said, the odd name not repeated."""
    why = refused_name(name)
    assert why is not None
    assert "capitals" in why
