"""Every text of the console, Swedish first, English second."""

from __future__ import annotations

from typing import Final, Literal

from adapter.console.act_texts import ACT_TEXTS
from adapter.console.list_texts import LIST_TEXTS
from adapter.console.sign_in_texts import SIGN_IN_TEXTS
from adapter.console.state_texts import STATE_TEXTS
from adapter.console.tool_texts import TOOL_TEXTS
from adapter.console.trace_texts import TRACE_TEXTS

Language = Literal["sv", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("sv", "en")

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "skip": ("Hoppa till innehållet", "Skip to content"),
    "nav": ("Huvudmeny", "Main menu"),
    "messages": ("Meddelanden", "Messages"),
    "live": ("Direkt", "Live"),
    "signed-in-as": ("Inloggad som", "Signed in as"),
    "operator": ("driftansvarig, ser alla parter", "operator, sees every party"),
    "views": ("ser det som egna parter sänt eller tagit emot", "sees what own parties sent or received"),
    "sign-out": ("Logga ut", "Sign out"),
    "other-language": ("In English", "På svenska"),
    "all": ("Alla", "All"),
    "yes": ("ja", "yes"),
    "none": ("–", "–"),
    # detail
    "message": ("Meddelande", "Message"),
    "back": ("Till listan", "Back to the list"),
    "facts": ("Uppgifter", "Facts"),
    "timeline": ("Tidslinje", "Timeline"),
    "timeline.empty": ("Inga steg att visa.", "No steps to show."),
    "after": ("efter", "after"),
    "deliveries": ("Leveranser", "Deliveries"),
    "deliveries.none": ("Inga leveranser.", "No deliveries."),
    "mode": ("Sätt", "Mode"),
    "mode.query": ("fråga", "query"),
    "mode.forward": ("sändning", "forward"),
    "mode.hold": ("avhämtning", "hold"),
    "next-attempt": ("nästa försök", "next attempt"),
    "held-until": ("hålls till", "held until"),
    "system": ("System", "System"),
    "decision": ("Beslut", "Decision"),
    "verdict": ("Utfall", "Verdict"),
    "reason": ("Skäl", "Reason"),
    "consents": ("Samtycken", "Consents"),
    "unmapped": ("Fält som ingen regel använde", "Fields that no rule used"),
    "unmapped.none": ("Alla fält användes.", "Every field was used."),
    "unmapped.lead": (
        "Sökvägar i avsändarens meddelande, utan värden.",
        "Paths in the sender’s message, without values.",
    ),
    # overview
    "overview": ("Översikt", "Overview"),
    "overview.lead": (
        "Det senaste dygnet, timme för timme. Döda och köande är läget just nu.",
        "The last 24 hours, hour by hour. Dead and waiting are as of now.",
    ),
    "overview.in": ("In", "In"),
    "overview.out": ("Ut", "Out"),
    "overview.passed": ("Antal", "Count"),
    "overview.latency": ("Tid till leverans", "Time to delivery"),
    "overview.latency.text": (
        "från mottaget till levererat, det senaste dygnet: hälften inom den första tiden, 95 av 100 inom den andra, 99 av 100 inom den tredje (p50 · p95 · p99).",
        "from received to delivered, the last 24 hours: half within the first time, 95 of 100 within the second, 99 of 100 within the third (p50 · p95 · p99).",
    ),
    "certificates": ("Certifikat", "Certificates"),
    "certificates.lead": (
        "Som de lästes när tjänsten startade: ett nytt gäller efter omstart. Larm ges 30 dygn före.",
        "As they were read when the service started: a new one counts after a restart. An alert is raised 30 days before.",
    ),
    "certificates.wire": ("Kanal eller system", "Channel or system"),
    "certificates.use": ("Används som", "Used as"),
    "certificates.server": ("serverns certifikat", "the server’s certificate"),
    "certificates.client-authorities": (
        "utfärdare av klientcertifikat",
        "authorities of client certificates",
    ),
    "certificates.client": ("vårt klientcertifikat", "our client certificate"),
    "certificates.server-authorities": (
        "utfärdare av systemets certifikat",
        "authorities of the system’s certificate",
    ),
    "certificates.expires": ("Går ut", "Expires"),
    "certificates.days": ("Dygn kvar", "Days left"),
    "certificates.ended": ("har gått ut", "has expired"),
    "overview.withheld": ("Undanhållna", "Withheld"),
    "overview.invalid": ("Ogiltiga", "Invalid"),
    "overview.dead": ("Döda nu", "Dead now"),
    "overview.waiting": ("I kö nu", "Waiting now"),
    "overview.alerts": ("Larm att kvittera", "Alerts to acknowledge"),
    "overview.oldest": ("Äldst i kö", "Oldest waiting"),
    "overview.connector": ("Anslutning", "Connector"),
    "overview.party": ("Part", "Party"),
    "overview.hours": ("Timme för timme", "Hour by hour"),
    "overview.spark": ("Antal per timme det senaste dygnet, som mest", "Count per hour in 24 hours, at most"),
    "overview.table": ("Siffrorna timme för timme", "The figures hour by hour"),
    "overview.hour": ("Timmen från", "Hour from"),
    "overview.way-in": ("in", "in"),
    "overview.way-out": ("ut", "out"),
    "overview.fetched": ("hämtas av mottagaren", "fetched by the recipient"),
    "overview.not-applicable": ("gäller inte", "does not apply"),
    "overview.empty": ("Inga avtal att visa.", "No agreements to show."),
    # acts on a message
    "acts": ("Åtgärder", "Actions"),
    "acts.none": ("Inget att göra i det här läget.", "Nothing to do in this state."),
    "acts.past": ("Vad som gjorts", "What was done"),
    "acts.reason": ("Varför? Skriv inga personuppgifter.", "Why? Write no personal data."),
    "acts.by": ("Vem", "Who"),
    "acts.count": ("Leveranser", "Deliveries"),
    "acts.why": ("Varför", "Why"),
    "acts.what": ("Åtgärd", "Action"),
    "act.retry": ("Försök nu", "Retry now"),
    "act.retry.text": (
        "Det som väntar försöks igen genast i stället för vid nästa tidpunkt.",
        "What waits is tried at once instead of at its next time.",
    ),
    "act.replay": ("Kör om", "Replay"),
    "act.replay.text": (
        "Döda leveranser ställs i kö igen. Samtyckena prövas på nytt före sändning.",
        "Dead deliveries are queued again. Consents are decided on anew before anything is sent.",
    ),
    "act.cancel": ("Avbryt", "Cancel"),
    "act.cancel.text": (
        "Det som inte lämnat oss stoppas och innehållet raderas. Det går inte att ångra.",
        "What has not left is stopped and its content wiped. This cannot be undone.",
    ),
    "act.purge": ("Radera innehållet", "Purge the content"),
    "act.purge.text": (
        "Innehållet raderas nu i stället för efter 72 timmar. Det kan sedan inte läsas, köras om eller återskapas; sändaren får sända på nytt.",
        "The content is wiped now instead of after 72 hours. It cannot be read, replayed or brought back then; the sender has to send it anew.",
    ),
    "fault.reason-required": ("Skriv varför.", "Write why."),
    "fault.reason-long": ("För långt: högst 500 tecken.", "Too long: at most 500 characters."),
    "fault.reason-number": (
        "Skriv inget personnummer här.",
        "Write no personal number here.",
    ),
    "fault.state": (
        "Meddelandets läge tillåter inte det längre.",
        "The state of the message does not allow that any more.",
    ),
    # follow-up
    "follow-up": ("Uppföljning", "Follow-up"),
    "follow-up.lead": (
        "Det som någon hos er ska granska i efterhand, äldst först.",
        "What somebody of yours has to look at afterwards, oldest first.",
    ),
    "follow-up.caption": ("Att följa upp, äldst först", "To follow up, oldest first"),
    "follow-up.all": ("Visa även det som är klart", "Show what is done as well"),
    "follow-up.open": ("Visa bara det som återstår", "Show only what remains"),
    "follow-up.empty": ("Inget återstår att följa upp.", "Nothing remains to be followed up."),
    "follow-up.empty.all": ("Inget att följa upp.", "Nothing to follow up."),
    "follow-up.back": ("Till listan", "Back to the list"),
    "follow-up.kind": ("Vad", "What"),
    "follow-up.party": ("Granskas av", "Seen to by"),
    "follow-up.ends": ("Gäller till", "In force until"),
    "follow-up.done": ("Klart", "Done"),
    "follow-up.not-done": ("återstår", "remains"),
    "follow-up.do": ("Jag har granskat detta", "I have looked into this"),
    "follow-up.reference": ("Referens", "Reference"),
    "follow-up.who-why": ("Vem och varför", "Who and why"),
    "follow-up.unsaid": ("inte angivet", "not stated"),
    "follow-up.lifting": ("Hävd spärr", "Block lifted"),
    "follow-up.lifting.text": (
        "En part hävde tillfälligt sin egen spärr.",
        "A party lifted its own block for a time.",
    ),
    "follow-up.lawful-ground": ("Utlämnat utan samtycke", "Released without consent"),
    "follow-up.lawful-ground.text": (
        "En tjänsteman hos avsändaren lämnade ut uppgifter med stöd av lag.",
        "An official of the sender released records on a ground in law.",
    ),
    "follow-up.emergency-access": ("Försök till nödåtkomst", "Emergency access attempted"),
    "follow-up.emergency-access.text": (
        "Någon begärde nödåtkomst och nekades.",
        "Somebody asked for emergency access and was refused.",
    ),
    # live
    "live.lead": ("Nya steg visas överst när de sker.", "New steps appear on top as they happen."),
    "live.caption": ("Senaste stegen, nyast först", "Latest steps, newest first"),
    "live.at": ("Tid", "Time"),
    "live.step": ("Steg", "Step"),
    "live.empty": ("Inga steg ännu.", "No steps yet."),
    "live.pause": ("Pausa", "Pause"),
    "live.resume": ("Fortsätt", "Resume"),
    "live.paused": ("Pausad.", "Paused."),
    "live.connecting": ("Ansluter …", "Connecting …"),
    "live.open": ("Ansluten.", "Connected."),
    "live.lost": ("Förbindelsen bröts; försöker igen.", "The connection was lost; trying again."),
    "live.over": (
        "Sessionen är slut. Läs in sidan igen för att logga in.",
        "The session is over. Reload the page to sign in.",
    ),
    "live.as-of": ("Läget", "As of"),
    "live.noscript": (
        "Utan JavaScript uppdateras sidan inte av sig själv.",
        "Without JavaScript this page does not update by itself.",
    ),
    "live.refresh": ("Läs in var tionde sekund", "Reload every ten seconds"),
    "live.refreshing": ("Sidan läses in var tionde sekund.", "The page reloads every ten seconds."),
    "live.stop": ("Sluta läsa in", "Stop reloading"),
    # notices
    "notice.not-found": ("Sidan finns inte", "No such page"),
    "notice.not-found.text": (
        "Det finns inget här som du kan se.",
        "There is nothing here that you can see.",
    ),
    "notice.refused": ("Begäran avvisades", "The request was refused"),
    "notice.refused.text": (
        "Formuläret hade gått ut eller begäran var felaktig. Gå tillbaka och försök igen.",
        "The form had expired or the request was faulty. Go back and try again.",
    ),
    "notice.unavailable": ("Loggen går inte att nå", "The log cannot be reached"),
    "notice.unavailable.text": (
        "Databasen svarar inte just nu. Försök igen om en stund.",
        "The database does not answer at present. Try again in a while.",
    ),
    "notice.fault": ("Något gick fel", "Something went wrong"),
    "notice.fault.text": (
        "Felet är loggat. Försök igen om en stund.",
        "The fault has been logged. Try again in a while.",
    ),
    "notice.home": ("Till meddelandena", "To the messages"),
    **SIGN_IN_TEXTS,
    **LIST_TEXTS,
    **TOOL_TEXTS,
    **ACT_TEXTS,
    **TRACE_TEXTS,
    **STATE_TEXTS,
}


class Texts:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str) -> str:
        """The text with that key; raises KeyError."""
        return _TEXTS[key][self._column]

    def stage(self, stage: str) -> str:
        """What a stage of a timeline means: those named after a state mean what the state means."""
        return self(f"state.{stage}" if f"state.{stage}" in _TEXTS else f"stage.{stage}")

    def alert(self, code: str) -> str:
        """What an alert's code means; those without a text of their own are looked up in docs/operations.md."""
        return self(f"alert.{code}" if f"alert.{code}" in _TEXTS else "alert.other")

    @property
    def other(self) -> Language:
        """The language to switch to."""
        return LANGUAGES[1 - self._column]
