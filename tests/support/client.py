"""The test client: opens pages over https as the settings say, and checks every one, and every cookie."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import cookies
from tests.support.pages import Form, Page, check


class CheckingClient(FlaskClient):
    """A browser without JavaScript; every HTML page that it opens must keep the rules in pages.py."""

    base_url = "https://anmalan.example.org"

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", self.base_url)
        response = super().open(*args, **kwargs)
        cookies.check(self.application, response)
        is_page = response.mimetype == "text/html" and not is_letter(response)
        if is_page and not 300 <= response.status_code < 400 and response.data:
            check(response.get_data(as_text=True))
        return response

    def page(self, path: str, status: int = 200) -> Page:
        """The page at `path`; fails when the answer has another status."""
        response = self.get(path)
        assert response.status_code == status, f"{path}: {response.status}"
        return Page(response.get_data(as_text=True))

    def submit(self, path: str, *, action: str | None = None, follow: bool = True, **fields: object) -> TestResponse:
        """Open the page, type into its form (see Form.filled), and send it."""
        return self.send(path, self.page(path).form(action), follow=follow, **fields)

    def send(self, path: str, form: Form, *, follow: bool = True, **fields: object) -> TestResponse:
        """Send a form that was opened before, as often as one likes."""
        return self.post(form.action or path, data=form.filled(fields), follow_redirects=follow)


def is_letter(response: TestResponse) -> bool:
    """Whether it is a letter in a frame, which looks as letters do and not as pages."""
    return response.headers.get("Content-Security-Policy", "").startswith("sandbox;")


def read(response: TestResponse) -> Page:
    """The page in an answer."""
    return Page(response.get_data(as_text=True))
