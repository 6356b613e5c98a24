"""Operators: who may sign in to the console."""
