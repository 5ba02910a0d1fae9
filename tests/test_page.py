"""The page of each chapter in a real Chromium, against the real app under a real uvicorn."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from grader.course import chapters

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]  # fmt: skip
PATIENCE = 30  # seconds
if CHROMIUM is None and "CI" not in os.environ:
    pytest.skip("there is no Chromium on this machine", allow_module_level=True)
pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE * 1000)


class Server:
    """The app of a solution, which can be stopped and started again on the same port."""

    def __init__(self, app: Path, folder: Path) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            self.port = probe.getsockname()[1]
        driver = "sqlite" if "01_" in app.parent.name else "sqlite+aiosqlite"
        self.environment = os.environ | {
            "DATABASE_URL": f"{driver}:///{folder / 'chat.db'}", "BCRYPT_ROUNDS": "4", "SECRET_KEY": secrets.token_hex(32),
        }  # fmt: skip
        self.folder = app.parent
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(self.port), "--log-level", "warning"]
        self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                httpx.get(self.url, trust_env=False)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("the app does not answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


@pytest.fixture(params=chapters(), ids=lambda chapter: chapter.slug)
def server(request, tmp_path):
    server = Server(request.param.solution / "app", tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "CI needs a Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, server):
    """A function that opens the page as somebody new; every page must be free of errors in the end."""
    contexts, problems = [], []

    def come(name: str = "", *, logged_in: bool = True):
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda problem: problems.append(str(problem)))
        page.goto(server.url)
        if logged_in:
            register(page, name)
        return page

    yield come
    for context in contexts:
        context.close()
    assert problems == []


def fill_in(page, name: str, password: str = "correct horse"):
    page.locator("#username").fill(name)
    page.locator("#password").fill(password)


def register(page, name: str):
    """Register, which also logs in, and go to the chat."""
    fill_in(page, name)
    page.locator("#register").click()
    if page.locator("#email").count():  # from chapter 02 on the button first asks for more
        page.locator("#email").fill(f"{name}@example.com")
        page.locator("#register").click()
    chat(page)


def chat(page):
    """Be in the chat, connected."""
    expect(page.locator("#logout")).to_be_visible()
    tab = page.locator("[data-tab=chat]")
    if tab.is_visible():  # a wide window shows posts and chat side by side, a narrow one in tabs
        tab.click()
    connected(page)


def connected(page):
    expect(page.locator("#state")).to_have_attribute("data-state", "connected")


def send(page, text: str):
    page.locator("#text").fill(text)
    page.locator("#send").click()


def heard(page, author: str, text: str):
    """The message is shown, once."""
    expect(page.locator("#log .message .text").filter(has_text=text)).to_have_count(1)
    assert page.locator("#log .message").filter(has_text=text).get_attribute("data-author") == author


def test_a_message_reaches_everybody_and_is_there_after_a_reload(visit):
    mira, noor = visit("mira"), visit("noor")
    send(mira, "hello from mira")
    heard(mira, "mira", "hello from mira")
    heard(noor, "mira", "hello from mira")
    send(noor, "hello back")
    heard(mira, "noor", "hello back")
    mira.reload()
    chat(mira)
    heard(mira, "mira", "hello from mira")
    heard(mira, "noor", "hello back")


def test_the_page_comes_back_when_the_server_does(visit, server):
    mira = visit("mira")
    send(mira, "before")
    heard(mira, "mira", "before")
    server.stop()
    expect(mira.locator("#state")).not_to_have_attribute("data-state", "connected")
    expect(mira.locator("#send")).to_be_disabled()
    server.start()
    connected(mira)
    send(mira, "after")
    heard(mira, "mira", "after")
    heard(mira, "mira", "before")


def test_markup_in_a_message_stays_text(visit):
    mira = visit("mira")
    text = "<img src=x onerror=\"document.body.remove()\"> <b>bold</b> & 'quotes'"
    send(mira, text)
    expect(mira.locator("#log .message .text")).to_have_text(text)
    assert mira.locator("#log img, #log b").count() == 0


def test_a_wrong_password_and_a_taken_name_are_told(visit):
    visit("mira").close()
    page = visit(logged_in=False)
    fill_in(page, "mira", "wrong horse")
    page.locator("#login").click()
    expect(page.locator("#error")).not_to_be_empty()
    fill_in(page, "mira")
    page.locator("#login").click()
    chat(page)
    expect(page.locator("#who")).to_contain_text("mira")
    page.locator("#logout").click()
    expect(page.locator("#username")).to_be_visible()
