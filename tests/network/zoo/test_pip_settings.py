"""pip's own settings decide which index is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutaway.network.zoo.pip_settings import pip_settings, told


def test_without_any_setting_it_is_pypi() -> None:
    found = pip_settings({"PIP_CONFIG_FILE": "/dev/null"})
    assert found.indexes == ("https://pypi.org/simple/",)
    assert found.certificates is None


def test_the_environment_and_its_order() -> None:
    found = pip_settings(
        {
            "PIP_INDEX_URL": "https://a/",
            "PIP_EXTRA_INDEX_URL": "https://b/simple  file:///c",
            "PIP_CERT": "/d.pem",
            "PIP_PROXY": "proxy.example:8080",
            "REQUESTS_CA_BUNDLE": "/e.pem",
        }
    )
    assert found.indexes == ("https://a/", "https://b/simple/", "file:///c/")
    assert found.certificates == "/d.pem"
    assert found.proxy == "proxy.example:8080"


def test_where_pips_settings_name_no_certificates_it_asks_two_more() -> None:
    alone = {"PIP_CONFIG_FILE": "/dev/null"}
    assert pip_settings({**alone, "CURL_CA_BUNDLE": "/c"}).certificates == "/c"
    assert pip_settings({**alone, "REQUESTS_CA_BUNDLE": "/r", "CURL_CA_BUNDLE": "/c"}).certificates == "/r"


def test_pips_own_configuration_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example/simple\nextra-index-url =\n    https://x/simple\n    https://y/simple\n"
        "cert = /company.pem\nproxy = proxy.example:3128\n"
    )
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    found = pip_settings()
    assert found.indexes == ("https://mirror.example/simple/", "https://x/simple/", "https://y/simple/")
    assert found.certificates == "/company.pem"
    assert found.proxy == "proxy.example:3128"
    # The environment wins over the file.
    assert pip_settings({"PIP_INDEX_URL": "https://other"}).indexes[0] == "https://other/"


def test_a_commands_own_section_wins() -> None:
    text = "download.index-url='https://d'\nglobal.index-url=\"https://it's\"\ninstall.cert='/i'\nlist.format='json'\n"
    assert told(text) == {"index-url": "https://d", "cert": "/i"}
