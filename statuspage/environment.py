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
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SYSTEM_PYTHON = Path("/usr/bin/python3")
_SAY_VERSION = """
import sys
from importlib.util import find_spec
print(sys.version if find_spec("venv") and find_spec("ensurepip") else "")
"""


def ensure(name: str, *, keeps: bool = False) -> Path:
    """The Python of .venv with `requirements/<name>.txt` installed; installs what is missing.

    "test" holds everything of "base". Two runs at once take turns. Where .venv was made with another
    Python than `chosen_python` it is made anew, but with `keeps`: the product may be running from it.
    """
    python = VENV / "bin" / "python"
    with _only_one():
        chosen = python if keeps and version_of(python) else chosen_python()
        if not _is_current(name, version_of(chosen)):
            _install(name, python, chosen)
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


def chosen_python() -> Path:
    """The Python that .venv is made with: the one that runs this, or a faster build of the same version.

    One that was compiled without `--enable-optimizations` (pyenv does so unless told otherwise) needs
    a quarter more processor time than a distribution's: see docs/decisions/0001-dependencies.md.
    """
    own = Path(sys.executable)
    is_fast = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    if is_fast or sys.base_prefix == "/usr" or own.is_relative_to(VENV):
        return own
    return SYSTEM_PYTHON if _has_same_version(SYSTEM_PYTHON) else own


def _has_same_version(python: Path) -> bool:
    return version_of(python).split(".")[:2] == sys.version.split(".")[:2]


def version_of(python: Path) -> str:
    """Version and build of a Python; empty when it is not there, or can make no environments."""
    if python == Path(sys.executable):
        return sys.version.strip()
    command = [str(python), "-c", _SAY_VERSION]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return found.stdout.strip()


def _stamp(name: str, version: str) -> str:
    lock = (ROOT / "requirements" / f"{name}.txt").read_bytes()
    return hashlib.sha256(lock + version.encode()).hexdigest()


def _is_current(name: str, version: str) -> bool:
    """Whether .venv holds this set. The test set holds the base set, when its stamp is current."""
    stamps = ["test"] if name == "test" else ["base", "test"]
    files = [(VENV / f"candor-{stamp}.stamp", _stamp(stamp, version)) for stamp in stamps]
    return any(file.exists() and file.read_text(encoding="utf-8") == stamp for file, stamp in files)


def _install(name: str, python: Path, chosen: Path) -> None:
    print(
        f"Installing the packages of requirements/{name}.txt into .venv …",
        file=sys.stderr,
        flush=True,
    )
    version = version_of(chosen)
    if version_of(python) != version:
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([str(chosen), "-m", "venv", str(VENV)], check=True)
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--use-pep517",
    ]
    command += ["--require-hashes", "--no-deps", "-r", str(ROOT / "requirements" / f"{name}.txt")]
    if subprocess.run(command, check=False).returncode:
        sys.exit("The packages could not be installed. Is PyPI reachable? See the message above.")
    (VENV / f"candor-{name}.stamp").write_text(_stamp(name, version), encoding="utf-8")


@contextmanager
def _only_one() -> Iterator[None]:
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
