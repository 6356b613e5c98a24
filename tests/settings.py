"""The product's settings for tests: a throw-away data folder, a cheap hasher, no outside world."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "tests-only")
# A folder for each process: parallel test workers inherit the environment of the first.
os.environ["CANDOR_DATA"] = tempfile.mkdtemp(prefix="candor-tests-")
os.environ.setdefault("CANDOR_ALLOW_PRIVATE_TARGETS", "1")

from statuspage.settings import *  # noqa: F403 - Django's way to derive settings

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
if DATABASES["default"]["ENGINE"] == "statuspage.sqlite":  # noqa: F405
    # A file, as in the product: the in-memory database locks tables between threads.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "tests.sqlite3"}  # noqa: F405
MAIN_HOSTS.append("testserver")  # noqa: F405 - how Django's test client calls itself
# One test begins within a second of another, at the same revision of another database.
CUSTOMER_WORLD_KEPT_S = 0
# Each refused request would be written, and formatted three times with its traceback, as pytest keeps it.
LOGGING["loggers"]["django.request"] = {"level": "ERROR"}  # noqa: F405
