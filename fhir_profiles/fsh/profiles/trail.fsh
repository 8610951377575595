Profile: SambroAuditEvent
Parent: AuditEvent
Id: audit-event
Title: "Granskningshändelse"
Description: "Det som alla rader i granskningsloggen har gemensamt. / What every row of the audit has in common. A person stands in it by person key, also one whom nobody knows. Shapes follow IHE BALP 1.1.4 where it has one."
* ^abstract = true
* insert Definition
* modifierExtension 0..0
* type 1..1
* subtype 1..1
* action 1..1
* outcome 1..1
* agent.who 1..1
* agent.altId 0..0
* agent.name 0..0
* source.site 1..1
* entity ^slicing.discriminator.type = #pattern
* entity ^slicing.discriminator.path = "type"
* entity ^slicing.rules = #open
* entity contains
    patient 0..1 and
    object 0..* and
    request 0..1
* entity[patient].type = $AuditEntityType#1
* entity[patient].role = $ObjectRole#1
* entity[patient].what 1..1
* entity[patient].what.identifier 1..1
* entity[patient].what.identifier.system 1..1
* entity[patient].what.identifier.system = $PersonKey
* entity[patient].what.identifier.value 1..1
* entity[patient].name 0..0
* entity[object].type = $AuditEntityType#2
* entity[object].role 1..1
* entity[object].name ^short = "Ett namn av våra egna: väg eller operation / A name of ours: a route or an operation"
* entity[request].type = $BalpEntityType#XrequestId
* entity[request].what 1..1
* entity[request].what.identifier 1..1
* entity[request].what.identifier.value 1..1
* extension contains AuditRequestId named requestId 0..1
* obeys audit-no-number and audit-request

Profile: AuditAuthorization
Parent: SambroAuditEvent
Id: audit-authorization
Title: "Beslut om utlämnande"
Description: "Grindens beslut. / The gate's decision: outcome 0 permit, 8 otherwise, the reason in outcomeDesc. After BALP AuthZconsent; where no consent was found there is no Consent entity, for which BALP has no form. It admits no entity for the request: its id is an extension."
* insert Definition
* type = $DCM#110113
* subtype = $BalpAuthZ#AuthZ-Consent
* action = #E
* outcomeDesc 1..1
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains
    application 1..1 and
    recipient 1..1 and
    organization 1..1 and
    authorizer 1..1 and
    custodian 1..1
* agent[application].type 1..1
* agent[application].type = $DCM#110150
* agent[recipient].type 1..1
* agent[recipient].type = $ParticipationType#IRCP
* agent[recipient].requestor = true
* agent[application].network 1..1
* agent[organization].type 1..1
* agent[organization].type = $RoleClass#PROV
* agent[organization].requestor = false
* agent[authorizer].type 1..1
* agent[authorizer].type = $SecurityRole#authserver
* agent[authorizer].requestor = false
* agent[custodian].type 1..1
* agent[custodian].type = $ParticipationType#CST
* agent[custodian].requestor = false
* extension[requestId] 1..1
* entity[request] 0..0
* entity[patient] 1..1
* entity contains consent 0..*
* entity[consent].type = $ResourceTypes#Consent
* entity[consent].what 1..1
* entity[consent].what.reference 1..1

Profile: AuditDisclosure
Parent: SambroAuditEvent
Id: audit-disclosure
Title: "Utlämnande"
Description: "Ett försök att lämna ut. / An attempt to disclose: who sends, who receives, which records by reference. After BALP PrivacyDisclosure.Source."
* insert Definition
* type = $DCM#110106
* subtype = $Lifecycle#disclose
* action = #R
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains
    source 1..1 and
    destination 1..1
* agent[source].type 1..1
* agent[source].type = $DCM#110153
* agent[source].network 1..1
* agent[destination].type 1..1
* agent[destination].type = $DCM#110152
* agent[destination].network 1..1
* entity[patient] 1..1

Profile: AuditAccess
Parent: SambroAuditEvent
Id: audit-access
Title: "Läsning eller sökning"
Description: "En läsning eller sökning med FHIR, funnen eller inte. / A read or search by FHIR, found or not. After BALP PatientRead and PatientQuery; unlike them also for one that found nothing (outcome 4)."
* insert Definition
* type = $AuditType#rest
* subtype.system 1..1
* subtype.system = $Interaction
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains
    source 1..1 and
    destination 1..1 and
    user 1..1 and
    organization 1..1
* agent[source].type 1..1
* agent[source].type = $DCM#110153
* agent[source].network 1..1
* agent[destination].type 1..1
* agent[destination].type = $DCM#110152
* agent[destination].network 1..1
* agent[user].type 1..1
* agent[user].type = $ParticipationType#IRCP
* agent[user].requestor = true
* agent[user].policy 1..*
* agent[organization].type 1..1
* agent[organization].type = $RoleClass#PROV
* entity[patient] 1..1

Profile: AuditFiling
Parent: SambroAuditEvent
Id: audit-filing
Title: "Inlämning"
Description: "Ett meddelande som tagits emot. / A message that was accepted; outcomeDesc is the wire's event. BALP's Create names a resource that was created: a message may create none."
* insert Definition
* type = $AuditType#rest
* subtype = $Interaction#create
* action = #C
* outcomeDesc 1..1
* agent ^slicing.discriminator.type = #value
* agent ^slicing.discriminator.path = "requestor"
* agent ^slicing.rules = #open
* agent contains
    party 1..1 and
    server 1..1
* agent[party].type 1..1
* agent[party].requestor = true
* agent[party].who.identifier 1..1
* agent[party].network 1..1
* agent[server].type 1..1
* agent[server].requestor = false

Profile: AuditOperation
Parent: SambroAuditEvent
Id: audit-operation
Title: "Operation"
Description: "En operation, som $confirm-receipt. / An operation, such as $confirm-receipt, for which BALP has no form."
* insert Definition
* type = $AuditType#rest
* subtype = $Interaction#operation
* action = #E
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains
    client 1..1 and
    server 1..1 and
    user 1..1
* agent[client].type 1..1
* agent[client].type = $DCM#110153
* agent[server].type 1..1
* agent[server].type = $DCM#110152
* agent[user].type 1..1
* agent[user].type = $ParticipationType#IRCP
* agent[user].requestor = true

Profile: SambroProvenance
Parent: Provenance
Id: provenance
Title: "Ursprung"
Description: "Varifrån en post kommer och hur den översattes. / Where a record comes from and how it was translated: the sender as author, Sambro as assembler, the mapping by name and version, the message by id."
* insert Definition
* target 1..*
* recorded 1..1
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains
    author 1..1 and
    assembler 1..1
* agent[author].type 1..1
* agent[author].type = $ProvenanceAgent#author
* agent[assembler].type 1..1
* agent[assembler].type = $ProvenanceAgent#assembler
* entity 1..*
* entity.role = #source
* entity.what.identifier 1..1
* entity.what.identifier.value 1..1
* policy ^short = "Översättningen med version, och gränsvärdenas / The mapping with its version, and that of the cut-offs"
