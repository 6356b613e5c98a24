"""Config as code: a YAML file that says what to watch, applied to and exported from the database.

`yaml_source` reads text, `schema` says what may stand in it, `loading` puts both together with
every mistake and its line, `applying` changes the database, `exporting` writes the file.
"""
