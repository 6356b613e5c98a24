"""Log lines as JSON objects, one a line, for programs that collect them (CANDOR_LOG_FORMAT=json).

`event` is the sentence as it stands in the code, with its gaps: the same words for every line of one
kind, whatever fills them, so that lines can be counted and searched by it. `message` has them filled.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

# What a line is about, from the `extra` of whoever logs it; other extras are left out.
IDS = ("delivery_id", "replica_id", "incident_id", "reference")


class JsonFormatter(logging.Formatter):
    """time, level, logger, where, event, message, pid; `IDS` that are known; an error's traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "where": f"{record.module}.{record.funcName}",
            "event": getattr(record, "event", None) or str(record.msg),
            "message": record.getMessage(),
            "pid": record.process,
        }
        line |= {name: said for name in IDS if (said := getattr(record, name, None))}
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)
