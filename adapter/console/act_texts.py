"""What is said of connectors, and where content is opened. Swedish, then English."""

from __future__ import annotations

from typing import Final

ACT_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "connectors": ("Anslutningar", "Connectors"),
    "connectors.lead": (
        "Kanaler in och mottagarnas system, som de står just nu. Antalen gäller det som du får se.",
        "Channels in and the recipients’ systems, as they stand now. Counts are of what you may see.",
    ),
    "connectors.in": ("Kanaler in", "Channels in"),
    "connectors.out": ("Mottagarnas system", "Recipients’ systems"),
    "connectors.channel": ("Kanal", "Channel"),
    "connectors.system": ("System", "System"),
    "connectors.party": ("Part", "Party"),
    "connectors.kind": ("Slag", "Kind"),
    "connectors.state": ("Läge", "State"),
    "connectors.last-in": ("Senast in", "Last in"),
    "connectors.last-out": ("Senast levererat", "Last delivered"),
    "connectors.waiting": ("Väntar", "Waiting"),
    "connectors.dead": ("Döda", "Dead"),
    "connectors.silent": ("inget på", "nothing in"),
    "connectors.days": ("dygn", "days"),
    "connectors.works": ("öppen för leveranser", "takes deliveries"),
    "connectors.paused": ("pausad", "paused"),
    "connectors.breaker.open": ("lämnas i fred", "left alone"),
    "connectors.breaker.half-open": ("nästa leverans prövar", "the next delivery tries"),
    "connectors.probe": ("prövas nästa gång", "is tried next"),
    "connectors.others": ("sköts av sin part", "seen to by its party"),
    "connectors.empty": ("Inga anslutningar.", "No connectors."),
    "connectors.test": ("Testa", "Test"),
    "connectors.test.text": (
        "Frågar systemet efter ett svar, utan någons uppgifter. Bara svarets kod visas.",
        "Asks the system for an answer, with nobody’s data. Only the answer’s code is shown.",
    ),
    "connectors.pause": ("Pausa", "Pause"),
    "connectors.pause.text": (
        "Inget mer skickas förrän någon återupptar. Det som väntar behåller sin ordning och sin åldersgräns.",
        "Nothing more is sent until somebody resumes. What waits keeps its order and its age limit.",
    ),
    "connectors.resume": ("Återuppta", "Resume"),
    "connectors.resume.text": (
        "Det som väntar skickas genast, i sin ordning; samtycken prövas på nytt.",
        "What waits is sent at once, in its order; consents are decided on anew.",
    ),
    "connectors.takes": ("öppen", "open"),
    "connectors.channel-pause.text": (
        "Inga poster tas emot förrän någon återupptar: avsändaren får ett svar om att försöka senare, filer ligger kvar. Samtycken, återkallelser och spärrar tas emot som vanligt, utom i filer.",
        "No records are taken until somebody resumes: the sender is told to try again later, files stay where they are. Consents, revocations and blocks are taken as ever, except in files.",
    ),
    "connectors.channel-resume.text": (
        "Poster tas emot igen. Det som avsändaren har försökt sända kommer när den försöker nästa gång.",
        "Records are taken again. What the sender has tried to send comes when it tries the next time.",
    ),
    "fault.channel-pause-state": ("Kanalen är redan pausad.", "The channel is paused already."),
    "fault.channel-resume-state": ("Kanalen är inte pausad.", "The channel is not paused."),
    "alert.channel-paused": (
        "Kanalen är pausad sedan över en timme",
        "The channel has been paused for over an hour",
    ),
    "connectors.answers": ("svarar", "answers"),
    "connectors.silence": ("svarar inte", "does not answer"),
    "fault.test-state": (
        "Systemet testades nyss. Vänta tio sekunder.",
        "The system was tested a moment ago. Wait ten seconds.",
    ),
    "fault.pause-state": ("Systemet är redan pausat.", "The system is paused already."),
    "fault.resume-state": ("Systemet är inte pausat.", "The system is not paused."),
    "alert.recipient-paused": (
        "Leveranser till mottagarens system är pausade sedan över en timme",
        "Deliveries to the recipient’s system have been paused for over an hour",
    ),
    "alert.certificate-expires": (
        "Ett certifikat går ut inom 30 dygn",
        "A certificate expires within 30 days",
    ),
    # drift
    "drift": ("Fält som ingen regel använde", "Fields that no rule used"),
    "drift.lead": (
        "Vad avsändarna har börjat sända utan att mappningen känner det, det nyaste först. Bara fältens namn.",
        "What the senders have begun to send without the mapping knowing it, the newest first. The fields’ names alone.",
    ),
    "drift.field": ("Fält", "Field"),
    "drift.first": ("Först sett", "First seen"),
    "drift.last": ("Senast sett", "Last seen"),
    "drift.others": ("övriga", "others"),
    "drift.empty": ("Inga sådana fält.", "No such fields."),
    "drift.cut": ("Fler visas inte.", "No more are shown."),
    # content
    "content": ("Innehåll", "Content"),
    "content.lead": (
        "Öppnandet är loggat med ditt namn och skälet. Spara inget av detta, och skriv inget av det någon annanstans.",
        "The opening is on record with your name and the reason. Keep nothing of this, and write it nowhere else.",
    ),
    "content.back": ("Till meddelandet", "To the message"),
    "content.open": ("Öppna innehållet", "Open the content"),
    "content.open.text": (
        "Visar vad som sägs om en person. Ditt namn och skälet loggas först. Öppna bara det som du måste se.",
        "Shows what is said about a person. Your name and the reason are put on record first. Open only what you must see.",
    ),
    "content.raw": ("Som det kom", "As it came"),
    "content.translated": ("Översatt till FHIR", "Mapped to FHIR"),
    "content.cut": ("Resten visas inte.", "The rest is not shown."),
}
