"""Config as code: a YAML file that says what to watch, applied to and exported from the database.

`yaml_source` reads text, the `…schema` modules say what may stand in it, `loading` puts both together
with every mistake and its line, `applying` changes the database in `…steps`, `exporting` writes the
file. `secret_values` looks secrets up: the file only says where they are.
"""
