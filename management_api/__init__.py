"""The management API: the console's operations for programs, described by OpenAPI."""
