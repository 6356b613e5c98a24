"""What all commands of `bin/manage` that are ours have in common."""

from pathlib import Path

from django.conf import settings
from django.core.management import get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)


def test_no_command_of_ours_starts_with_the_checks() -> None:
    """They load every screen and the whole API: two seconds of work, to find what bin/check found."""
    ours = {
        name: app for name, app in get_commands().items() if (ROOT / app / "__init__.py").is_file()
    }
    assert {"prepare", "publish", "apply", "take_bounce"} <= ours.keys()
    checked = {
        name for name, app in ours.items() if load_command_class(app, name).requires_system_checks
    }
    assert not checked
