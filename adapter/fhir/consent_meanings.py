"""The codes for which a Consent by FHIR is refused, or waits."""

from __future__ import annotations

from typing import Final

from adapter.fhir.meaning import Meaning

CONSENT_MEANINGS: Final[dict[str, Meaning]] = {
    # Consents: what the gate could not evaluate.
    "element-not-evaluated": Meaning(
        "not-supported", 422, "Uppgiften kan inte prövas.", "This cannot be evaluated."
    ),
    "actor-unresolved": Meaning(
        "not-found",
        422,
        "Det framgår inte vem som avses; ange identitet.",
        "Who is meant cannot be told; state an identifier.",
    ),
    "consent-unreadable": Meaning("structure", 422, "Uppgiften kan inte läsas.", "This cannot be read."),
    # Consents: what filing asks for beyond that.
    "category-unknown": Meaning(
        "code-invalid", 422, "Okänt slag av samtycke.", "The consent's category is unknown."
    ),
    "period-too-long": Meaning("business-rule", 422, "Perioden är för lång.", "The period is too long."),
    "maturity-required": Meaning(
        "business-rule",
        422,
        "För den som är 13-17 år krävs vem som beslutat och vem som bedömt mognaden, och när.",
        "For somebody of 13-17 years: who decided, who assessed the maturity, and when.",
    ),
    "guardian-ends-at-18": Meaning(
        "business-rule",
        422,
        "Vårdnadshavares samtycke gäller längst till 18-årsdagen.",
        "What a guardian consents to ends on the 18th birthday.",
    ),
    "block-names-agreement": Meaning(
        "business-rule", 422, "En spärr gäller i alla avtal.", "A block counts in every agreement."
    ),
    "guardian-cannot-block": Meaning(
        "business-rule", 422, "Vårdnadshavare kan inte spärra.", "A guardian cannot block."
    ),
    "agreement-unknown": Meaning(
        "business-rule",
        422,
        "Inget avtal som organisationen är part i.",
        "No agreement that the organisation is a party of.",
    ),
    "status-not-filed": Meaning(
        "business-rule",
        422,
        "Samtycken tas emot som active och avslutas med inactive eller entered-in-error.",
        "Consents are filed as active and ended as inactive or entered-in-error.",
    ),
    "performer-not-a-person": Meaning(
        "business-rule",
        422,
        "Den som begär är personen (Patient) eller vårdnadshavare (RelatedPerson).",
        "Who asks is the person (Patient) or a guardian (RelatedPerson).",
    ),
    "performer-of-other-kind": Meaning(
        "business-rule", 422, "Identiteten passar inte rollen.", "The identity does not go with the role."
    ),
    "scan-not-kept": Meaning(
        "business-rule",
        422,
        "Ange var pappret finns; inskannade papper tas inte emot.",
        "State where the paper lies; scans are not kept.",
    ),
    "element-not-kept": Meaning(
        "not-supported",
        422,
        "Uppgiften sparas inte här; ta bort den.",
        "This is not kept here; leave it out.",
    ),
    "element-fixed": Meaning(
        "business-rule",
        422,
        "Uppgiften kan inte ändras; avsluta samtycket och lämna ett nytt.",
        "This cannot change; end the consent and file a new one.",
    ),
    "consent-ended": Meaning(
        "business-rule", 422, "Samtycket har avslutats för gott.", "The consent has ended for good."
    ),
    "practitioner-required": Meaning(
        "business-rule",
        422,
        "Åtkomstbiljetten måste namnge en person.",
        "The access token must name a practitioner.",
    ),
    "second-person-awaited": Meaning(
        "informational",
        202,
        "Ingenting har ändrats: en annan person måste bekräfta inom sju dagar.",
        "Nothing has changed: another person must confirm within seven days.",
    ),
    "several-of-one-person": Meaning(
        "business-rule",
        422,
        "Högst en ändring per person i samma transaktion; skicka dem var för sig.",
        "One change of each person in a transaction; send them apart.",
    ),
    "bundle-type-not-supported": Meaning(
        "not-supported",
        400,
        "En Bundle av typen transaction eller batch krävs.",
        "A Bundle of type transaction or batch is needed.",
    ),
    "method-not-supported": Meaning(
        "not-supported",
        400,
        "Här kan bara samtycken lämnas (POST Consent) och ändras (PUT Consent/id).",
        "Consents alone are filed (POST Consent) and changed (PUT Consent/id) here.",
    ),
    "registrar-only": Meaning(
        "forbidden",
        403,
        "Bara den som registrerade får göra detta.",
        "Only the party that registered it may do this.",
    ),
    "identifier-in-use": Meaning(
        "duplicate", 409, "Ett samtycke med den identiteten finns.", "The identifier is in use."
    ),
    "version-conflict": Meaning(
        "conflict",
        412,
        "Samtycket har ändrats sedan det lästes.",
        "The consent has changed since it was read.",
    ),
    "condition-of-other-identifier": Meaning(
        "invalid",
        400,
        "Villkoret måste gälla samtyckets egen identitet.",
        "The condition must be on the consent's own identifier.",
    ),
    "id-of-path": Meaning(
        "invalid", 400, "Resursens id måste vara adressens.", "The resource's id must be that of the URL."
    ),
}
