"""A visitor of the portal as a browser is one: a form, a cookie, pages."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Final

import httpx2

from shangyou.core.errors import UnavailableError

FORM_KEY: Final = re.compile(r'name="form_key" value="([^"]*)"')
PATIENCE: Final = httpx2.Timeout(30.0)


class Visitor:
    """Reads pages of a node; nothing else is asked."""

    def __init__(self, address: str, language: str) -> None:
        self._address = address
        headers = {"accept-language": language, "accept": "text/html", "origin": address}
        cookies = {"shangyou_language": language}
        self._http = httpx2.Client(
            base_url=address, headers=headers, cookies=cookies, timeout=PATIENCE, trust_env=False
        )

    def __enter__(self) -> Visitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: str) -> httpx2.Response:
        """A page, wherever it leads. UnavailableError "node.unreachable"."""
        try:
            return self._http.get(path, params=query, follow_redirects=True)
        except httpx2.HTTPError as error:
            raise UnavailableError("node.unreachable", address=self._address) from error

    def page(self, path: str, **query: str) -> str:
        """The text of a page that must be there. UnavailableError "demo.page" if it is not, or is the sign-in form."""
        answer = self.get(path, **query)
        if answer.status_code != 200 or (answer.url.path == "/sign-in" and path != "/sign-in"):
            raise UnavailableError("demo.page", path=path, status=answer.status_code)
        return str(answer.text)

    def sign_in(self, name: str, password: str) -> bool:
        """Fill in the form; was it accepted?"""
        found = FORM_KEY.search(self.page("/sign-in"))
        form = {"name": name, "password": password, "next": "/", "form_key": found[1] if found else ""}
        try:
            answer = self._http.post("/sign-in", data=form)
        except httpx2.HTTPError as error:
            raise UnavailableError("node.unreachable", address=self._address) from error
        return answer.status_code == 303
