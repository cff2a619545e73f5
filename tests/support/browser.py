"""A real browser, for what is on a page and what a click does; skipped where there is none."""

import shutil

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser():
    if BROWSER is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, artifacts):
    """Open a file; whatever it asks of a network or complains about fails the test."""
    pages = []

    def open_page(path, **options):
        page = browser.new_page(**options)
        pages.append(page)
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or pytest.fail(f"asks for {r.url}"))
        page.on("console", lambda m: pytest.fail(m.text))
        page.on("dialog", lambda d: pytest.fail("quoted text was run"))
        page.on("pageerror", lambda e: pytest.fail(str(e)))
        page.goto(path.as_uri())
        return page

    yield open_page
    for number, page in enumerate(pages):
        page.screenshot(path=artifacts / f"{number}.png", full_page=True)
        page.close()


@pytest.fixture
def artifacts(request, pytestconfig):
    """Where pictures of this test go."""
    directory = pytestconfig.rootpath / ".artifacts" / request.node.name
    directory.mkdir(parents=True, exist_ok=True)
    return directory
