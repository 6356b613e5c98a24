"""The project's own environment: .venv with the locked packages, and the secret key it keeps.

Standard library only: it runs before anything is installed.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"


def ensure(name: str) -> Path:
    """The Python of .venv with `requirements/<name>.txt` installed; installs what is missing.

    "test" holds everything of "base". Two runs at once take turns.
    """
    python = VENV / "bin" / "python"
    with _only_one():
        if not _is_current(name):
            _install(name, python)
    return python


def keep_secret_key() -> None:
    """Give the settings a secret key: the one in the environment, or the one in the data folder."""
    if os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE"):
        return
    folder = Path(os.environ.get("CANDOR_DATA") or ROOT / "var").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "secret_key"
    if not file.exists():
        draft = folder / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        try:
            os.link(draft, file)  # fails when another start was faster: then its key holds
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    os.environ["SECRET_KEY_FILE"] = str(file)


def _stamp(name: str) -> str:
    lock = (ROOT / "requirements" / f"{name}.txt").read_bytes()
    return hashlib.sha256(lock + sys.version.encode()).hexdigest()


def _is_current(name: str) -> bool:
    """Whether .venv holds this set. The test set holds the base set, when its stamp is current."""
    stamps = ["test"] if name == "test" else ["base", "test"]
    files = [(VENV / f"candor-{stamp}.stamp", _stamp(stamp)) for stamp in stamps]
    return any(file.exists() and file.read_text(encoding="utf-8") == stamp for file, stamp in files)


def _install(name: str, python: Path) -> None:
    print(
        f"Installing the packages of requirements/{name}.txt into .venv …",
        file=sys.stderr,
        flush=True,
    )
    if not _works(python):
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True)
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--require-hashes", "--no-deps", "-r", str(ROOT / "requirements" / f"{name}.txt")]
    if subprocess.run(command, check=False).returncode:
        sys.exit("The packages could not be installed. Is PyPI reachable? See the message above.")
    (VENV / f"candor-{name}.stamp").write_text(_stamp(name), encoding="utf-8")


def _works(python: Path) -> bool:
    """Whether .venv is there and made by this version of Python."""
    if not python.exists():
        return False
    found = subprocess.run(
        [str(python), "-c", "import sys; print(sys.version)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() == sys.version.strip()


@contextmanager
def _only_one() -> Iterator[None]:
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
