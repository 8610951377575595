Profile: SambroConsent
Parent: Consent
Id: consent
Title: "Samtycke"
Description: "Det som samtyckets alla slag har gemensamt. / What every category of consent has in common."
* ^abstract = true
* insert Definition
* extension contains
    Agreement named agreement 0..1 and
    ConsentDecidedBy named decidedBy 0..1 and
    ConsentMaturityAssessedBy named maturityAssessedBy 0..1 and
    ConsentMaturityAssessedOn named maturityAssessedOn 0..1
* modifierExtension 0..0
* identifier 1..*
* scope = $ConsentScope#patient-privacy
* category 1..1
* category from ConsentCategoryVS (required)
* insert Person(patient)
* dateTime 1..1
* policy.uri 1..1
* insert Provision(provision)
* insert Provision(provision.provision)
* provision.provision.provision 0..0
* provision obeys sambro-consent-5
* obeys sambro-consent-1 and sambro-consent-4

Profile: ConsentOslWaiver
Parent: SambroConsent
Id: consent-osl-waiver
Title: "Samtycke som häver sekretess"
Description: """
Samtycket som ett utlämnande vilar på. / The consent that a release rests on: from whom (organization), to whom (provision.actor), what
(provision.code), for what (provision.purpose), until when.

Where it differs from IHE PCF 1.1.1 (Basic, Intermediate): the agreement extension is required; performer and source are not;
provision.code (our record types) and provision.action may stand, which PCF forbids; a nested provision may name actors and codes; a
revocation states neither organization nor provision.
organization, dateTime, policy.uri, provision.type and the recipient role IRCP are as PCF says. A plain PCF consent is evaluated too.
"""
* insert Definition
* extension[agreement] 1..1
* category = ConsentCategoryCS#osl-waiver
* obeys sambro-consent-2 and sambro-consent-3

Profile: ConsentSipPlan
Parent: SambroConsent
Id: consent-sip-plan
Title: "Samtycke till samordnad individuell plan"
Description: """
Samtycket till planen själv. / The consent to the plan itself. It releases nothing: it is a condition for an active plan. It differs from IHE
PCF 1.1.1 as the waiver does.
"""
* insert Definition
* extension[agreement] 1..1
* category = ConsentCategoryCS#sip-plan
* obeys sambro-consent-2 and sambro-consent-3

Profile: ConsentBlock
Parent: SambroConsent
Id: consent-block
Title: "Spärr"
Description: """
En spärr, och hävningen av den. / A block: a root deny that counts in every agreement, so it names none. A nested permit is its lifting, for
a unit or person and at most seven days; it opens nothing by itself. It differs from IHE PCF 1.1.1 as the waiver does, and
organization may be missing: then it covers every sender.
"""
* insert Definition
* extension[agreement] 0..0
* category = ConsentCategoryCS#sparr
* provision.type = #deny
* provision.provision.type = #permit
* provision obeys sambro-consent-6
