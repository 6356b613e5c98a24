"""Django's PostgreSQL backend, which leaves no socket behind when a try to connect runs out of time."""
