"""Every app stands in the import contracts: a new one is not reported by the linter itself."""

import tomllib
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]


def our_packages() -> set[str]:
    """The installed apps that live in this repository, and the library that is none."""
    installed = {app.partition(".")[0] for app in settings.INSTALLED_APPS}
    return {app for app in installed if (ROOT / app / "__init__.py").exists()} | {"probing"}


def test_every_app_is_a_root_package() -> None:
    assert set(CONTRACTS["root_packages"]) == our_packages()


def test_every_app_has_its_layer() -> None:
    layers = next(contract for contract in CONTRACTS["contracts"] if contract["type"] == "layers")
    named = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    assert named == our_packages()


def test_cycles_are_looked_for_in_every_app_with_modules() -> None:
    siblings = next(
        contract for contract in CONTRACTS["contracts"] if contract["type"] == "acyclic_siblings"
    )
    # common is a closed list of leaves, and the project is wired by Django's own names
    assert set(siblings["ancestors"]) == our_packages() - {"common", "statuspage"}


def test_every_package_of_the_repository_is_known() -> None:
    found = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests"}
    assert found == our_packages()
