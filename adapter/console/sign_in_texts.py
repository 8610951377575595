"""What is said of signing in and of the first password. Swedish, then English."""

from __future__ import annotations

from typing import Final

SIGN_IN_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "sign-in": ("Logga in", "Sign in"),
    "sign-in.lead": (
        "Meddelandeloggen för integrationsansvariga. Här visas koder och id. Innehåll öppnas bara för sig, med ett skäl som loggas.",
        "The message log for integration admins. It shows codes and ids. Content is opened only by itself, for a reason that is put on record.",
    ),
    "sign-in.name": ("Användarnamn", "User name"),
    "sign-in.password": ("Lösenord", "Password"),
    "sign-in.refused": (
        "Det gick inte att logga in. Kontrollera namn och lösenord; efter flera försök måste du vänta en stund.",
        "Sign-in failed. Check the name and the password; after several attempts you have to wait a while.",
    ),
    "sign-in.elsewhere": ("Logga in med organisationens konto", "Sign in with your organisation's account"),
    "sign-in.local": ("Lokalt konto", "Local account"),
    "sign-in.elsewhere.refused": (
        "Det gick inte att logga in med organisationens konto. Försök igen, eller fråga den som ger ut behörigheter.",
        "Signing in with your organisation's account did not work. Try again, or ask whoever gives rights.",
    ),
    "sign-in.done": ("Du är inloggad", "You are signed in"),
    "sign-in.onward": ("Gå vidare", "Go on"),
    "sign-in.stale": (
        "Formuläret hade blivit för gammalt. Försök igen.",
        "The form had become too old. Please try again.",
    ),
    "password": ("Välj ett lösenord", "Choose a password"),
    "password.lead": (
        "Ditt första lösenord är nu förbrukat. Välj ett eget inom en kvart: minst 12 tecken, gärna flera ord efter varandra.",
        "Your first password is used up now. Choose one of your own within a quarter of an hour: 12 characters at least, several words in a row do well.",
    ),
    "password.new": ("Nytt lösenord", "New password"),
    "password.again": ("En gång till", "Once more"),
    "password.do": ("Spara lösenordet", "Save the password"),
    "fault.password-length": ("Mellan 12 och 1024 tecken.", "Between 12 and 1024 characters."),
    "fault.password-differs": ("De två är inte lika.", "The two differ."),
    "fault.password-old": (
        "Det är det första lösenordet. Välj ett annat.",
        "That is the first password. Choose another.",
    ),
}
