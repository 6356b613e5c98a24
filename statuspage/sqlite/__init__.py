"""Django's SQLite backend with the number of parameters that today's SQLite takes."""
