"""Messages as a regional journal sends them, and how tests vary them."""

from __future__ import annotations

from typing import Final

PERSONNUMMER_OID: Final = "1.2.752.129.2.1.3.1"
PERSON: Final = f"191212121212^^^&{PERSONNUMMER_OID}&ISO^NNSWE"
OTHER_PERSON: Final = f"196101182803^^^&{PERSONNUMMER_OID}&ISO^NNSWE"
SAMORDNINGSNUMMER: Final = "196109732393^^^&1.2.752.129.2.1.3.3&ISO"

_MSH: Final = "MSH|^~\\&|JOURNAL|SE2321000131-E0101|SAMBRO|SE2120001439-K01|20260301101500||{event}|{control_id}|P|2.5||||||8859/1"


def message(event: str, *segments: str, control_id: str = "MSG1") -> bytes:
    """A message in ISO 8859-1 with these segments after its MSH."""
    header = _MSH.format(event=event, control_id=control_id)
    return "".join(f"{segment}\r" for segment in (header, *segments)).encode("iso-8859-1")


def oru(
    *, pid: str = PERSON, control_id: str = "MSG1", comment: str = "Går på återbesök", order: str = ""
) -> bytes:
    """An ORU^R01 with one item of AUDIT."""
    return message(
        "ORU^R01^ORU_R01",
        f"PID|1||{pid}||Tolvansson^Tolvan||19121212|M",
        order or "OBR|1|P-7|F-9^LAB|72110-0^AUDIT^LN|||20260301100000||||||||||||||||||F",
        "OBX|1|NM|68518-0^Hur ofta^LN||3||||||F",
        f"NTE|1||{comment}",
        control_id=control_id,
    )


def a31(*, pd1: str = "") -> bytes:
    """An ADT^A31, with a PD1 whose protection indicator is given."""
    segments = ["EVN|A31|20260301101500", f"PID|1||{PERSON}||Tolvansson^Tolvan||19121212|M"]
    if pd1:
        segments.append("PD1" + "|" * 12 + pd1)
    return message("ADT^A31^ADT_A05", *segments, "PV1|1|N")


def a40(*, pid: str = PERSON, mrg: str = SAMORDNINGSNUMMER) -> bytes:
    """An ADT^A40: ``mrg`` ceases, ``pid`` goes on."""
    return message(
        "ADT^A40^ADT_A39", "EVN|A40|20260301101500", f"PID|1||{pid}||Tolvansson^Tolvan", f"MRG|{mrg}"
    )
