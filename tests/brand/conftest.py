"""A second brand, whole: its folder as `new_brand` writes it, and the platform under its name."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from smartsync_site.brand import Brand, read_brand
from smartsync_site.brand.making import Wish, colours_of, make_brand

ACCENT = "#6b3fa0"


@pytest.fixture(scope="session")
def nordlicht_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    light, dark = colours_of(ACCENT)
    wish = Wish(
        name="Nordlicht",
        mode_name="Mirror",
        tagline="What a trader holds, in the same shares.",
        support="help@nordlicht.example",
        light=light,
        dark=dark,
    )
    return make_brand(tmp_path_factory.mktemp("brands") / "nordlicht", wish)


@pytest.fixture
def nordlicht(nordlicht_file: Path, settings: Settings) -> Brand:
    """
    The platform under another name, in this process: what settings take from a brand is listed in `branded`.

    Through the fixture that tests change settings with: two that put them back would do it in the wrong order.
    """
    brand = read_brand(nordlicht_file)
    for name, value in branded(brand).items():
        setattr(settings, name, value)
    return brand


def branded(brand: Brand) -> dict[str, object]:
    """Return the settings that a brand decides; test_settings.py fails where one is left out."""
    return {
        "SMARTSYNC_BRAND": brand,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": f"{brand.subject_prefix} ",
        "MFA_TOTP_ISSUER": brand.name,
        "DEFAULT_FROM_EMAIL": brand.sender("no-reply@localhost"),
    }
