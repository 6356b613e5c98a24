"""The tests. A regular package: a test dependency ships one of this name, which must not win."""
