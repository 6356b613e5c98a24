"""What tests of config files share: apply a text, and what the plan or the mistakes say."""

from datetime import UTC, datetime

import pytest

from monitoring.config_file import applying, loading
from monitoring.config_file.problems import ConfigInvalid

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)


def plan(text: str, *, prunes: bool = False, is_dry_run: bool = False) -> str:
    """What applying the text did, line by line; empty when there was nothing to change."""
    loaded = loading.load(text.encode())
    done = applying.apply(loaded=loaded, now=NOW, prunes=prunes, is_dry_run=is_dry_run)
    return "\n".join(done.lines())


def mistakes(text: str, *, prunes: bool = False) -> str:
    """What is wrong with a text that cannot be applied, one mistake a line."""
    with pytest.raises(ConfigInvalid) as caught:
        plan(text, prunes=prunes)
    return "\n".join(str(problem) for problem in caught.value.problems)
