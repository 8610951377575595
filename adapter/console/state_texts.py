"""What states and stages mean. Swedish, then English."""

from __future__ import annotations

from typing import Final

STATE_TEXTS: Final[dict[str, tuple[str, str]]] = {
    # states (adapter.domain.states.State)
    "state.accepted": (
        "Sparat och kvitterat; väntar på att behandlas.",
        "Committed and acknowledged; waits to be processed.",
    ),
    "state.translated": (
        "Översatt och kontrollerat; har ingen mottagare att vänta på.",
        "Mapped and checked; has no recipient to wait for.",
    ),
    "state.invalid": (
        "Gick inte att läsa, översätta eller kontrollera; avsändaren måste sända på nytt.",
        "Could not be read, mapped or checked; the sender must send it anew.",
    ),
    "state.withheld": (
        "Fick inte lämnas ut till någon mottagare: rätt utfall, inget fel.",
        "It may not be passed on to any recipient: a correct outcome, not an error.",
    ),
    "state.queued": (
        "Väntar på sin tur, eller på att mottagaren hämtar.",
        "Waits for its turn, or for the recipient to call.",
    ),
    "state.sending": ("Ett försök pågår.", "An attempt is under way."),
    "state.retrying": (
        "Senaste försöket misslyckades tillfälligt; nytt försök görs.",
        "The last attempt failed in passing; it is tried again.",
    ),
    "state.delivered": ("Mottagaren har det.", "The recipient has it."),
    "state.dead": (
        "Uppgivet: ett bestående fel, eller för gammalt.",
        "Given up: a permanent error, or too old.",
    ),
    "state.cancelled": (
        "Stoppat av en återkallelse, en administratör eller en nyare version.",
        "Stopped by a revocation, an admin or a newer version.",
    ),
    "state.purged": (
        "Innehållet raderades innan någon fick det.",
        "Its content was wiped before anybody got it.",
    ),
    # stages that are not states (adapter.store.events.Stage)
    "stage.received": ("Meddelandet kom in.", "The message came in."),
    "stage.parsed": ("Läst.", "Parsed."),
    "stage.translated": ("Mappat till FHIR.", "Mapped to FHIR."),
    "stage.validated": ("Kontrollerat mot profilerna.", "Checked against the profiles."),
    "stage.decided": ("Samtycken prövade.", "Consents were decided on."),
    "stage.fetched": ("Mottagaren fick det i ett svar.", "The recipient got it in an answer."),
}
