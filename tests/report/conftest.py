"""Chromium, for the tests that open pages."""

import os
import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """Chromium, or a skip; a failure where RESEARCH_REQUIRE_BROWSER=1 demands it."""
    missing = None
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed"
    if program is None:
        missing = "no chromium on the path"
    if missing and os.environ.get("RESEARCH_REQUIRE_BROWSER") == "1":
        pytest.fail(f"A browser is required, but {missing}.")
    if missing:
        pytest.skip(missing)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield opened
        opened.close()
