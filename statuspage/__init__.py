"""The project: settings, wiring and processes. Imports every app; nothing imports it."""
