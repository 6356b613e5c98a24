"""The database backend of the edition with PostgreSQL.

A server that takes connections and says nothing (stopped, out of memory, behind a dead link) lets
each try end after `connect_timeout`. psycopg 3.3 leaves the socket of such a try to Python's cycle
collector, which comes by once in many minutes in a process of this size: a worker would run out of
files before the server is back. The frames of the error hold the socket, so they are emptied at once.
"""

import traceback
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError as error:
            traceback.clear_frames(error.__traceback__)
            raise
