"""The commands, a module a thing. Each adds its parsers and runs against a `Candor`."""
