// Human texts are Swedish, then English.

Invariant: sambro-subject
Severity: #error
Description: "Personen ska anges med referens eller identitet. / The person is named by a reference or an identifier."
Expression: "reference.exists() or identifier.value.exists()"

Invariant: sambro-person-1
Severity: #error
Description: "En person ska ha minst en identitet utöver vårt eget postnummer. / A person has an identifier besides our own record id."
Expression: "identifier.where(system != 'https://w3id.org/sambro/fhir/record-id' and value.exists()).exists()"

Invariant: sambro-person-2
Severity: #error
Description: "Personnummer och samordningsnummer är tolv siffror utan bindestreck. / A personnummer or samordningsnummer is twelve digits without a hyphen."
Expression: "identifier.where(system = 'http://electronichealth.se/identifier/personnummer' or system = 'http://electronichealth.se/identifier/samordningsnummer').all(value.matches('^[0-9]{12}$'))"

Invariant: sambro-person-3
Severity: #warning
Description: "Den som har skyddade personuppgifter har varken adress eller kontaktuppgifter här, om inte avtalet säger annat. / A person with protected identity has no address and no telecom here, unless the agreement says otherwise."
Expression: "meta.security.where(system = 'http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel').exists() implies (address.empty() and telecom.empty() and contact.empty() and generalPractitioner.empty())"

Invariant: sambro-person-4
Severity: #error
Description: "Mellannamn och eget efternamn får stå högst en gång (SEBaseHumanName). / Middle name and own family name stand once at most."
Expression: "extension.where(url = 'http://hl7.se/fhir/ig/base/StructureDefinition/SEBaseMiddleNameExtension').count() <= 1 and extension.where(url = 'http://hl7.se/fhir/ig/base/StructureDefinition/SEBaseOwnFamilyExtension').count() <= 1"

Invariant: sambro-person-5
Severity: #error
Description: "Adressens folkbokföringstyp får stå högst en gång (SEBasePatient). / The official type of an address stands once at most."
Expression: "extension.where(url = 'http://hl7.se/fhir/ig/base/StructureDefinition/SEBaseAddressPersonExtension').count() <= 1"

Invariant: sambro-consent-1
Severity: #error
Description: "Ett samtycke i kraft ska ange vad det omfattar. / A consent in force has a provision."
Expression: "status = 'active' implies provision.exists()"

Invariant: sambro-consent-2
Severity: #error
Description: "Ett samtycke i kraft som tillåter något ska ange vem som får lämna ut; utan det omfattas ingen. / A consent in force that permits names who may release; without it nobody does."
Expression: "(status = 'active' and provision.type = 'permit') implies organization.exists()"

Invariant: sambro-consent-3
Severity: #error
Description: "Ett samtycke i kraft som tillåter något ska ha ett slut. / A consent in force that permits has an end."
Expression: "(status = 'active' and provision.type = 'permit') implies provision.period.end.exists()"

Invariant: sambro-consent-4
Severity: #error
Description: "Har den unge beslutat ska det framgå vem som bedömt mognaden och när. / Where the minor decided, who assessed the maturity and when is stated."
Expression: "extension.where(url = 'https://w3id.org/sambro/fhir/StructureDefinition/consent-decided-by' and (value = 'minor' or value = 'both')).exists() implies (extension.where(url = 'https://w3id.org/sambro/fhir/StructureDefinition/consent-maturity-assessed-by').exists() and extension.where(url = 'https://w3id.org/sambro/fhir/StructureDefinition/consent-maturity-assessed-on').exists())"

Invariant: sambro-consent-5
Severity: #error
Description: "Ett undantag ska vända det som det är undantag från. / A nested provision reverses its parent."
Expression: "(type = 'permit' implies provision.all(type = 'deny')) and (type = 'deny' implies provision.all(type = 'permit'))"

Invariant: sambro-consent-6
Severity: #error
Description: "Hävning av en spärr ska ha ett slut och ange för vem. / The lifting of a block has an end and says for whom."
Expression: "provision.all(period.end.exists() and actor.exists())"

Invariant: sip-content-1
Severity: #error
Description: "En aktiv SIP ska ange problemet och de kort- och långsiktiga målen (innehåll 1). / An active SIP states the problem and the goals, short- and long-term (content 1)."
Expression: "status = 'active' implies (description.exists() and goal.where(reference.exists() or identifier.value.exists()).count() > 1)"

Invariant: sip-content-2
Severity: #error
Description: "En aktiv SIP ska ange vilka insatser kommunen respektive regionen svarar för, var och en med enhet (innehåll 2). / An active SIP states which measures the kommun and the region answer for, each with its unit (content 2)."
Expression: "status = 'active' implies (activity.detail.performer.where(extension.where(url = 'https://w3id.org/sambro/fhir/StructureDefinition/responsible-party' and value = 'kommun').exists()).exists() and activity.detail.performer.where(extension.where(url = 'https://w3id.org/sambro/fhir/StructureDefinition/responsible-party' and value = 'region').exists()).exists() and activity.detail.performer.where(extension.where(url = 'https://w3id.org/sambro/fhir/StructureDefinition/responsible-party' and (value = 'kommun' or value = 'region')).exists()).all(identifier.value.exists() or reference.exists()))"

Invariant: sip-content-3
Severity: #error
Description: "I en aktiv SIP ska varje insats, även andras, ha en som svarar för den (innehåll 3). / In an active SIP each measure, those of others too, has one who answers for it (content 3)."
Expression: "status = 'active' implies activity.all(detail.performer.count() = 1 and detail.performer.all(identifier.exists() or reference.exists() or display.exists()))"

Invariant: sip-content-4
Severity: #error
Description: "En aktiv SIP ska ange vilken huvudman som har det övergripande ansvaret (innehåll 4). / An active SIP states which party has the overall responsibility (content 4)."
Expression: "status = 'active' implies author.where(identifier.value.exists() or reference.exists()).exists()"

Invariant: sip-content-5
Severity: #error
Description: "En aktiv SIP ska ange vem som samordnar den så att den följs upp (innehåll 5). / An active SIP states who coordinates it, so that it is followed up (content 5)."
Expression: "status = 'active' implies careTeam.exists()"

Invariant: sip-content-5-team
Severity: #error
Description: "Kretsen kring en aktiv SIP ska ha en samordnare eller case manager (innehåll 5). / The team of an active SIP has a coordinator or case manager (content 5)."
Expression: "status = 'active' implies participant.where(role.coding.where(system = 'https://w3id.org/sambro/fhir/CodeSystem/care-team-role' and (code = 'samordnare' or code = 'case-manager')).exists() and member.exists()).exists()"

Invariant: case-managers
Severity: #error
Description: "De två case managerna ska komma från var sin huvudman. / The two case managers are of one employer each."
Expression: "participant.where(role.coding.where(system = 'https://w3id.org/sambro/fhir/CodeSystem/care-team-role' and code = 'case-manager').exists()).select((onBehalfOf.identifier | member.identifier).value).distinct().count() = 2"

Invariant: screening-even
Severity: #error
Description: "Frågan kan bara ge 0, 2 eller 4 poäng. / The item can only be scored 0, 2 or 4."
Expression: "value = 0 or value = 2 or value = 4"

Invariant: sip-follow-up-owner
Severity: #error
Description: "En uppföljning som ska göras har någon som gör den: den som samordnar planen. / A follow-up that is to be done has an owner, who coordinates the plan."
Expression: "status = 'draft' or status = 'completed' or status = 'cancelled' or status = 'rejected' or status = 'failed' or status = 'entered-in-error' or owner.where(identifier.value.exists() or reference.exists() or display.exists()).exists()"

Invariant: screening-answers
Severity: #error
Description: "Varje fråga ger 0-4 poäng; AUDIT:s fråga 9-10 och DUDIT:s 10-11 bara 0, 2 eller 4. / Each item scores 0-4; items 9-10 of AUDIT and 10-11 of DUDIT only 0, 2 or 4."
Expression: "item.answer.value.all($this >= 0 and $this <= 4) and (questionnaire.startsWith('https://w3id.org/sambro/fhir/Questionnaire/audit') implies item.where(linkId = '9' or linkId = '10').answer.value.all($this = 0 or $this = 2 or $this = 4)) and (questionnaire.startsWith('https://w3id.org/sambro/fhir/Questionnaire/dudit') implies item.where(linkId = '10' or linkId = '11').answer.value.all($this = 0 or $this = 2 or $this = 4))"

Invariant: screening-status
Severity: #error
Description: "En screening är gjord: preliminär, slutlig, rättad eller felregistrerad. / A screening was made: preliminary, final, amended, corrected or entered in error."
Expression: "status = 'preliminary' or status = 'final' or status = 'amended' or status = 'corrected' or status = 'entered-in-error'"

Invariant: screening-sum
Severity: #error
Description: "Summan ska vara summan av svaren. / The total is the sum of the answers."
Expression: "component.empty() or component.value.aggregate($this + $total, 0) = value"

// An invariant for each item, so that a result with some of its answers is refused by the items that it lacks.
Invariant: audit-item-1
* insert Answered(1, 68518-0)

Invariant: audit-item-2
* insert Answered(2, 68519-8)

Invariant: audit-item-3
* insert Answered(3, 68520-6)

Invariant: audit-item-4
* insert Answered(4, 97734-8)

Invariant: audit-item-5
* insert Answered(5, 97735-5)

Invariant: audit-item-6
* insert Answered(6, 97736-3)

Invariant: audit-item-7
* insert Answered(7, 97737-1)

Invariant: audit-item-8
* insert Answered(8, 97738-9)

Invariant: audit-item-9
* insert Answered(9, 97739-7)

Invariant: audit-item-10
* insert Answered(10, 97740-5)

Invariant: dudit-item-1
* insert Answered(1, dudit-1)

Invariant: dudit-item-2
* insert Answered(2, dudit-2)

Invariant: dudit-item-3
* insert Answered(3, dudit-3)

Invariant: dudit-item-4
* insert Answered(4, dudit-4)

Invariant: dudit-item-5
* insert Answered(5, dudit-5)

Invariant: dudit-item-6
* insert Answered(6, dudit-6)

Invariant: dudit-item-7
* insert Answered(7, dudit-7)

Invariant: dudit-item-8
* insert Answered(8, dudit-8)

Invariant: dudit-item-9
* insert Answered(9, dudit-9)

Invariant: dudit-item-10
* insert Answered(10, dudit-10)

Invariant: dudit-item-11
* insert Answered(11, dudit-11)

Invariant: enrolment-end
Severity: #error
Description: "En avslutad inskrivning ska ha ett slut, och bara en avslutad. / A finished enrolment has an end, and one in force has none."
Expression: "(status = 'finished' implies period.end.exists()) and (status = 'active' implies period.end.empty())"

Invariant: audit-no-number
Severity: #error
Description: "I granskningsloggen står en person aldrig med nummer, bara med personnyckel. / In the audit a person never stands by number, only by person key."
Expression: "(entity.what | agent.who).identifier.where(system.startsWith('http://electronichealth.se/identifier/')).empty()"

Invariant: audit-request
Severity: #error
Description: "Varje rad säger vilken begäran eller vilket meddelande den hör till, på ett ställe. / Each row says which request or message it belongs to, in one place."
Expression: "extension.where(url = 'https://w3id.org/sambro/fhir/StructureDefinition/audit-request-id').exists() xor entity.where(type.code = 'XrequestId').exists()"
