"""The session's cookie, and the token that proves that a form came from our own page."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adapter.exchange.administrators import SESSION_LASTS

FORM_FIELD: Final = "form_token"


@dataclass(frozen=True, slots=True)
class Cookie:
    """A secret that the browser keeps for us: HttpOnly, SameSite=Strict; over https Secure and ``__Host-`` (RFC 6265bis, 4.1.3)."""

    plain_name: str
    secure: bool
    seconds: int

    @property
    def name(self) -> str:
        """The name on the wire."""
        return f"__Host-{self.plain_name}" if self.secure else self.plain_name

    def read(self, request: Request) -> str | None:
        """The secret that came with a request."""
        return request.cookies.get(self.name) or None

    def set(self, response: Response, value: str) -> None:
        """Give the browser the secret."""
        response.set_cookie(
            self.name,
            value,
            max_age=self.seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def clear(self, response: Response) -> None:
        """Take it back."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="strict")


def session_cookie(*, secure: bool) -> Cookie:
    """Holds the session's token."""
    return Cookie("sambro_session", secure, int(SESSION_LASTS.total_seconds()))


def visitor_cookie(*, secure: bool) -> Cookie:
    """Ties the sign-in form to a browser that has no session yet."""
    return Cookie("sambro_visitor", secure, 3600)


def new_secret() -> str:
    """A secret for a visitor's cookie."""
    return secrets.token_urlsafe(32)


def form_token(secret: str) -> str:
    """The token that a form carries: a keyed hash under the cookie's secret, which another site cannot read."""
    return hmac.new(secret.encode(), b"sambro console form", hashlib.sha256).hexdigest()


def is_from_our_form(secret: str | None, form: dict[str, str]) -> bool:
    """Whether a form carries the token that belongs to the cookie."""
    given = form.get(FORM_FIELD, "").encode()
    return secret is not None and hmac.compare_digest(given, form_token(secret).encode())
