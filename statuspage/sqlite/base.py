"""The database backend of the embedded edition.

Django 5.2 still assumes 999 parameters a statement, so that storing a batch of 500 outcomes
would split into more statements the larger it gets. SQLite takes 32,766 since 3.32 (2020).
"""

from django.db.backends.sqlite3 import base, features


class DatabaseFeatures(features.DatabaseFeatures):
    max_query_params = 32_766


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
