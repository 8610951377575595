"""The session's cookie, and the token that proves that a form came from our own page."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from adapter.exchange.administrators import SESSION_LASTS
from adapter.exchange.single_sign_on import LASTS

FORM_FIELD: Final = "form_token"


@dataclass(frozen=True, slots=True)
class Cookie:
    """A secret that the browser keeps for us: HttpOnly, SameSite=Strict unless another site must lead here with it; over https Secure and ``__Host-`` (RFC 6265bis, 4.1.3)."""

    plain_name: str
    secure: bool
    seconds: int
    same_site: Literal["strict", "lax"] = "strict"

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
            samesite=self.same_site,
        )

    def clear(self, response: Response) -> None:
        """Take it back."""
        response.delete_cookie(
            self.name, path="/", secure=self.secure, httponly=True, samesite=self.same_site
        )


def session_cookie(*, secure: bool) -> Cookie:
    """Holds the session's token."""
    return Cookie("sambro_session", secure, int(SESSION_LASTS.total_seconds()))


def visitor_cookie(*, secure: bool) -> Cookie:
    """Ties the sign-in form to a browser that has no session yet."""
    return Cookie("sambro_visitor", secure, 3600)


def begun_cookie(*, secure: bool) -> Cookie:
    """Holds a sign-in that has begun at an identity provider, which leads the browser back."""
    return Cookie("sambro_begun", secure, int(LASTS.total_seconds()), "lax")


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
