"""Chromium for tests: pages opened from disk, and what they ask for and complain of."""

from pathlib import Path

VIEWS = {
    "light": ({"width": 1280, "height": 800}, "light"),
    "dark": ({"width": 1280, "height": 800}, "dark"),
    "phone": ({"width": 390, "height": 844}, "light"),
    "dark phone": ({"width": 390, "height": 844}, "dark"),
}


class Visit:
    """A page opened from disk, with what it asked for and complained of."""

    def __init__(self, browser, file: Path, view="light", **context):
        size, scheme = VIEWS[view]
        self.context = browser.new_context(
            viewport=size, color_scheme=scheme, **context
        )
        self.page = self.context.new_page()
        self.requests, self.messages, self.dialogs = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("dialog", lambda dialog: self.dialogs.append(dialog.message))
        self.page.goto(file.as_uri())
        self.page.wait_for_timeout(150)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.context.close()
