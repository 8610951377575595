Extension: Agreement
Id: agreement
Title: "Samverkansavtal"
Description: "Det avtal som ett samtycke gäller inom. / The agreement that a consent is given under: at another reception it does not count."
Context: Consent
* insert Definition
* value[x] 1..1
* value[x] only uri

Extension: ConsentDecidedBy
Id: consent-decided-by
Title: "Vem som beslutat"
Description: "Vem som gav ett samtycke för en ung person. / Who gave the consent of a minor."
Context: Consent
* insert Definition
* value[x] 1..1
* value[x] only code
* valueCode from ConsentDecidedByVS (required)

Extension: ConsentMaturityAssessedBy
Id: consent-maturity-assessed-by
Title: "Vem som bedömt mognaden"
Description: "Funktionen hos den som bedömde den unges mognad. / The function of whoever assessed the minor's maturity."
Context: Consent
* insert Definition
* value[x] 1..1
* value[x] only string

Extension: ConsentMaturityAssessedOn
Id: consent-maturity-assessed-on
Title: "När mognaden bedömdes"
Description: "Dagen för bedömningen. / The day of the assessment."
Context: Consent
* insert Definition
* value[x] 1..1
* value[x] only date

Extension: SipVersion
Id: sip-version
Title: "Planens version"
Description: "Planens löpnummer hos den som upprättat den. / The number of this version of the plan at its author."
Context: CarePlan
* insert Definition
* value[x] 1..1
* value[x] only positiveInt

Extension: ResponsibleParty
Id: responsible-party
Title: "Ansvarig huvudman"
Description: "Om det är kommunen, regionen eller annan. / Whether it is the kommun, the region or another."
Context: CarePlan.author, CarePlan.activity.detail.performer
* insert Definition
* value[x] 1..1
* value[x] only code
* valueCode from ResponsiblePartyVS (required)

Extension: ParticipantStatus
Id: participant-status
Title: "Deltagande"
Description: "Om deltagaren var inbjuden, kom eller uteblev. / Whether the participant was invited, came or stayed away."
Context: CareTeam.participant
* insert Definition
* value[x] 1..1
* value[x] only code
* valueCode from ParticipantStatusVS (required)

Extension: ParticipantMandate
Id: participant-mandate
Title: "Mandat att besluta"
Description: "Om deltagaren får besluta för sin huvudman. / Whether the participant may decide for the own employer."
Context: CareTeam.participant
* insert Definition
* value[x] 1..1
* value[x] only boolean

Extension: AuditRequestId
Id: audit-request-id
Title: "Begärans id"
Description: "Begäran eller meddelandet som en rad hör till, där BALP inte medger någon entitet för det. / The request or message that a row belongs to, where BALP admits no entity for it."
Context: AuditEvent
* insert Definition
* value[x] 1..1
* value[x] only string
