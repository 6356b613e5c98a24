"""`bin/manage import_uptime_kuma FILE|URL`: monitors, pages and history of Uptime Kuma."""

from typing import Any

from importing import kuma
from importing.management.commands._frame import ImportCommand
from importing.plans import Plan
from importing.sources import Source


class Command(ImportCommand):
    help = (
        "Import from Uptime Kuma: kuma.db of 1.23 or 2.x (with kuma.db-wal beside it), or a backup "
        "file of 1.x. See docs/how-to/move-from-another-product.md."
    )

    def read(self, source: Source, options: dict[str, Any]) -> Plan:
        return kuma.read(source)
