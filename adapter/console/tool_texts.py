"""What the console's tools say: alerts, replay of many, look-up, simulator, bench. Swedish, then English."""

from __future__ import annotations

from typing import Final

TOOL_TEXTS: Final[dict[str, tuple[str, str]]] = {
    # replay of a selection
    "replay.prepare": ("Kör om urvalet …", "Replay the selection …"),
    "replay": ("Kör om flera", "Replay many"),
    "replay.lead": (
        "Urvalet är räknat. Inget körs förrän du startar; samtycken prövas på nytt för varje leverans.",
        "The selection is counted. Nothing runs until you start it; consents are decided on anew for each delivery.",
    ),
    "replay.selection": ("Urval", "Selection"),
    "replay.total": ("Meddelanden", "Messages"),
    "replay.undated": (
        "Urvalet har inget datum från vilket det gäller: även gamla meddelanden är med.",
        "The selection has no date from which it holds: old messages are in it too.",
    ),
    "replay.cut": (
        "Urvalet är större än så: bara de nyaste är med.",
        "The selection is larger than that: only the newest are in it.",
    ),
    "replay.state": ("Läge", "State"),
    "replay.state.paused": ("pausad", "paused"),
    "replay.state.running": ("pågår", "running"),
    "replay.state.done": ("klar", "done"),
    "replay.progress": ("Tagna", "Taken"),
    "replay.start": ("Starta", "Start"),
    "replay.pause": ("Pausa", "Pause"),
    "replay.reload": ("Läs in igen", "Reload"),
    "replay.batch": ("Antal åt gången", "How many at a time"),
    "replay.confirmed": (
        "Skriv antalet meddelanden för att bekräfta",
        "Type the number of messages to confirm",
    ),
    "replay.results": ("Utfall", "Outcomes"),
    "replay.outcome": ("Utfall", "Outcome"),
    "replay.not-taken": ("inte tagen", "not taken"),
    "replay.first": ("Visar de första", "Shows the first"),
    "fault.count-differs": ("Antalet stämmer inte.", "The number differs."),
    "fault.value": ("Okänt värde.", "Unknown value."),
    "fault.replay-state": ("Läget hade ändrats. Se nedan.", "The state had changed. See below."),
    # alerts
    "alerts": ("Larm", "Alerts"),
    "alerts.lead": (
        "Det som pågår och som någon behöver se till, nyast först.",
        "What goes on and somebody has to see to, newest first.",
    ),
    "alerts.caption": ("Larm, nyast först", "Alerts, newest first"),
    "alerts.all": ("Visa även det som är över", "Show what is over as well"),
    "alerts.open": ("Visa bara det som pågår", "Show only what goes on"),
    "alerts.empty": ("Inga larm pågår.", "No alerts go on."),
    "alerts.empty.all": ("Inga larm.", "No alerts."),
    "alerts.opened": ("Sedan", "Since"),
    "alerts.what": ("Vad", "What"),
    "alerts.party": ("Part", "Party"),
    "alerts.nobody": ("driften", "operations"),
    "alerts.count": ("Antal", "Count"),
    "alerts.state": ("Läge", "State"),
    "alerts.lasts": ("pågår", "goes on"),
    "alerts.acknowledged": ("kvitterat", "acknowledged"),
    "alerts.resolved": ("över", "over"),
    "alerts.acknowledge": ("Kvittera", "Acknowledge"),
    "alerts.acknowledge.text": (
        "Visar att någon tar hand om det. Det som redan har hänt är därmed avslutat.",
        "Shows that somebody sees to it. What has happened already is closed by this.",
    ),
    "alert.recipient-down": (
        "Mottagarens system går inte att nå",
        "The recipient’s system cannot be reached",
    ),
    "alert.sender-silent": ("Väntad avsändare är tyst", "A sender that is expected is silent"),
    "alert.refusal-burst": ("Många avvisade anrop på kort tid", "Many requests refused in a short time"),
    "alert.dead-letter": ("Uppgivna leveranser", "Deliveries given up"),
    "alert.invalid-message": ("Ogiltiga meddelanden den senaste timmen", "Invalid messages in the last hour"),
    "alert.other": ("Något som någon måste se", "Something that somebody must see"),
    "fault.alert-state": (
        "Larmet är redan kvitterat eller över.",
        "The alert was acknowledged already, or is over.",
    ),
    # simulator
    "simulator": ("Simulator", "Simulator"),
    "simulator.lead": (
        "Vem skulle få se vad med ett samtycke, och varför? Frågan ställs till samma grind som allt annat; inget sparas.",
        "Who could see what under a consent, and why? It asks the same gate as everything else; nothing is kept.",
    ),
    "simulator.consent": (
        "Samtycke som FHIR JSON (Consent eller Bundle). Använd ett testpersonnummer.",
        "Consent as FHIR JSON (Consent or Bundle). Use a test person’s number.",
    ),
    "simulator.ask": ("Vem får se?", "Who may see?"),
    "simulator.caption": ("Mottagare, posttyp och utfall", "Recipients, record types and verdicts"),
    "simulator.as-of": ("Läget", "As of"),
    "simulator.type": ("Posttyp", "Record type"),
    "simulator.obligations": ("Förbehåll", "Obligations"),
    "simulator.empty": ("Inga avtal att fråga om.", "No agreements to ask about."),
    "verdict.permit": ("får se", "may see"),
    "verdict.deny": ("får inte se", "may not see"),
    "verdict.indeterminate": ("går inte att avgöra: får inte se", "cannot be decided: may not see"),
    # bench
    "bench": ("Bänk", "Bench"),
    "bench.lead": (
        "Prova en mappning på ett exempel. Mappningsfilerna läses som de är nu; inget sparas och inget sänds.",
        "Try a mapping on a sample. The mapping files are read as they are now; nothing is kept and nothing sent.",
    ),
    "bench.mapping": ("Mappning", "Mapping"),
    "bench.sample": (
        "Ett meddelande: JSON, XML, HL7 v2 eller CSV. Använd ett testpersonnummer.",
        "One message: JSON, XML, HL7 v2 or CSV. Use a test person’s number.",
    ),
    "bench.try": ("Mappa", "Map"),
    "bench.refused": ("Meddelandet avvisades:", "The message was refused:"),
    "bench.warnings": ("Varningar", "Warnings"),
    "bench.target": ("Resultat", "Result"),
    "bench.trace": ("Vad som kom varifrån", "What came from where"),
    "bench.from": ("Källfält", "Source field"),
    "bench.to": ("Element", "Element"),
    "bench.examples": ("Börja med ett exempel", "Begin with an example"),
    # look-up by persons
    "persons": ("Sök på personnummer", "Look up by personal number"),
    "persons.lead": (
        "Numren blir nycklar genast, står inte i någon adress och sparas inte. Sökningen loggas för varje person.",
        "Numbers become keys at once, stand in no address and are not kept. The look-up is recorded for each person.",
    ),
    "persons.numbers": (
        "Personnummer eller samordningsnummer, ett på varje rad, högst 50",
        "Personal or coordination numbers, one on each line, at most 50",
    ),
    "persons.look-up": ("Sök", "Look up"),
    "persons.empty": (
        "Inga meddelanden som du kan se handlar om dem.",
        "No messages that you can see are about them.",
    ),
}
