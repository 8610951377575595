Instance: authorization-permit
InstanceOf: AuditAuthorization
Usage: #example
Title: "Utlämnande medges"
Description: "Ett beslut som vilar på ett samtycke. / A permit that rests on a consent."
* type = $DCM#110113
* subtype = $BalpAuthZ#AuthZ-Consent
* action = #E
* recorded = "2026-11-16T09:15:00Z"
* outcome = #0
* outcomeDesc = "consent"
* agent[application].type = $DCM#110150
* agent[application].who.display = "Sambro"
* agent[application].requestor = false
* agent[application].network.address = "192.0.2.17"
* agent[application].network.type = #2
* agent[recipient].type = $ParticipationType#IRCP
* agent[recipient].who.identifier.system = $HSAid
* agent[recipient].who.identifier.value = "SE2321000131-E0101"
* agent[recipient].requestor = true
* agent[recipient].purposeOfUse = $ActReason#TREAT
* agent[organization].type = $RoleClass#PROV
* agent[organization].who.identifier.system = $Organisationsnummer
* agent[organization].who.identifier.value = "2321000131"
* agent[organization].requestor = false
* agent[authorizer].type = $SecurityRole#authserver
* agent[authorizer].who.display = "Sambro"
* agent[authorizer].requestor = false
* agent[custodian].type = $ParticipationType#CST
* agent[custodian].who.identifier.system = $HSAid
* agent[custodian].who.identifier.value = "SE2120001553-1001"
* agent[custodian].requestor = false
* source.site = "Sambro"
* source.observer.display = "Sambro"
* source.type = $SourceType#4
* entity[patient].type = $AuditEntityType#1
* entity[patient].role = $ObjectRole#1
* entity[patient].what.identifier.system = $PersonKey
* entity[patient].what.identifier.value = "0f5b7c2a4e1d4c56a1f2b3c4d5e6f708"
* entity[consent].type = $ResourceTypes#Consent
* entity[consent].what.reference = "Consent/waiver/_history/1"
* extension[requestId].valueString = "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e"

Instance: authorization-no-consent
InstanceOf: AuditAuthorization
Usage: #example
Title: "Inget samtycke"
Description: "Ett nej för att inget samtycke fanns. / A deny for want of a consent."
* type = $DCM#110113
* subtype = $BalpAuthZ#AuthZ-Consent
* action = #E
* recorded = "2026-11-16T09:15:00Z"
* outcome = #8
* outcomeDesc = "no-consent"
* agent[application].type = $DCM#110150
* agent[application].who.display = "Sambro"
* agent[application].requestor = false
* agent[application].network.address = "192.0.2.17"
* agent[application].network.type = #2
* agent[recipient].type = $ParticipationType#IRCP
* agent[recipient].who.identifier.system = $HSAid
* agent[recipient].who.identifier.value = "SE2321000131-E0101"
* agent[recipient].requestor = true
* agent[recipient].purposeOfUse = $ActReason#TREAT
* agent[organization].type = $RoleClass#PROV
* agent[organization].who.identifier.system = $Organisationsnummer
* agent[organization].who.identifier.value = "2321000131"
* agent[organization].requestor = false
* agent[authorizer].type = $SecurityRole#authserver
* agent[authorizer].who.display = "Sambro"
* agent[authorizer].requestor = false
* agent[custodian].type = $ParticipationType#CST
* agent[custodian].who.identifier.system = $HSAid
* agent[custodian].who.identifier.value = "SE2120001553-1001"
* agent[custodian].requestor = false
* source.site = "Sambro"
* source.observer.display = "Sambro"
* source.type = $SourceType#4
* entity[patient].type = $AuditEntityType#1
* entity[patient].role = $ObjectRole#1
* entity[patient].what.identifier.system = $PersonKey
* entity[patient].what.identifier.value = "0f5b7c2a4e1d4c56a1f2b3c4d5e6f708"
* extension[requestId].valueString = "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e"

Instance: disclosure
InstanceOf: AuditDisclosure
Usage: #example
Title: "Utlämnande"
Description: "Ett AUDIT-resultat lämnas ut. / A result of AUDIT is disclosed."
* type = $DCM#110106
* subtype = $Lifecycle#disclose
* action = #R
* recorded = "2026-11-16T09:15:00Z"
* outcome = #0
* agent[source].type = $DCM#110153
* agent[source].who.identifier.system = $HSAid
* agent[source].who.identifier.value = "SE2321000131-E0101"
* agent[source].requestor = false
* agent[source].network.address = "sambro"
* agent[source].network.type = #1
* agent[destination].type = $DCM#110152
* agent[destination].who.identifier.system = $HSAid
* agent[destination].who.identifier.value = "SE2120001553-1001"
* agent[destination].requestor = true
* agent[destination].network.address = "alingsas-ifo"
* agent[destination].network.type = #1
* source.site = "Sambro"
* source.observer.identifier.system = $HSAid
* source.observer.identifier.value = "SE2321000131-E0101"
* source.type = $SourceType#4
* entity[patient].type = $AuditEntityType#1
* entity[patient].role = $ObjectRole#1
* entity[patient].what.identifier.system = $PersonKey
* entity[patient].what.identifier.value = "0f5b7c2a4e1d4c56a1f2b3c4d5e6f708"
* entity[object].type = $AuditEntityType#2
* entity[object].role = $ObjectRole#3
* entity[object].what.reference = "Observation/audit-result"
* entity[request].type = $BalpEntityType#XrequestId
* entity[request].what.identifier.value = "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e"

Instance: access-search
InstanceOf: AuditAccess
Usage: #example
Title: "Sökning"
Description: "En sökning utan träff. / A search that found nothing."
* type = $AuditType#rest
* subtype = $Interaction#search
* action = #E
* recorded = "2026-11-16T09:15:00Z"
* outcome = #4
* agent[user].type = $ParticipationType#IRCP
* agent[user].who.identifier.system = $HSAid
* agent[user].who.identifier.value = "SE2321000131-E0101"
* agent[user].requestor = true
* agent[user].policy = "urn:ietf:params:oauth:jti:4b1d7c52"
* agent[user].purposeOfUse = $ActReason#TREAT
* agent[source].type = $DCM#110153
* agent[source].who.display = "region-ehr"
* agent[source].requestor = false
* agent[source].network.address = "192.0.2.17"
* agent[source].network.type = #2
* agent[destination].type = $DCM#110152
* agent[destination].who.display = "Sambro"
* agent[destination].requestor = false
* agent[destination].network.address = "sambro"
* agent[destination].network.type = #1
* agent[organization].type = $RoleClass#PROV
* agent[organization].who.identifier.system = $Organisationsnummer
* agent[organization].who.identifier.value = "2321000131"
* agent[organization].requestor = false
* source.site = "Sambro"
* source.observer.display = "Sambro"
* source.type = $SourceType#4
* entity[patient].type = $AuditEntityType#1
* entity[patient].role = $ObjectRole#1
* entity[patient].what.identifier.system = $PersonKey
* entity[patient].what.identifier.value = "0f5b7c2a4e1d4c56a1f2b3c4d5e6f708"
* entity[object].type = $AuditEntityType#2
* entity[object].role = $ObjectRole#24
* entity[object].query = "Q2FyZVBsYW4/cGF0aWVudC5pZGVudGlmaWVyJnN0YXR1cz1hY3RpdmU="
* entity[request].type = $BalpEntityType#XrequestId
* entity[request].what.identifier.value = "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e"

Instance: filing
InstanceOf: AuditFiling
Usage: #example
Title: "Inlämning"
Description: "En plan som kommunen sänt. / A plan that the kommun sent."
* type = $AuditType#rest
* subtype = $Interaction#create
* action = #C
* recorded = "2026-11-16T09:15:00Z"
* outcome = #0
* outcomeDesc = "sip"
* agent[party].type = $DCM#110153
* agent[party].who.identifier.system = $HSAid
* agent[party].who.identifier.value = "SE2120001553-1001"
* agent[party].requestor = true
* agent[party].network.address = "sambro"
* agent[party].network.type = #1
* agent[server].type = $DCM#110152
* agent[server].who.display = "Sambro"
* agent[server].requestor = false
* source.site = "Sambro"
* source.observer.display = "Sambro"
* source.type = $SourceType#4
* entity[patient].type = $AuditEntityType#1
* entity[patient].role = $ObjectRole#1
* entity[patient].what.identifier.system = $PersonKey
* entity[patient].what.identifier.value = "0f5b7c2a4e1d4c56a1f2b3c4d5e6f708"
* entity[request].type = $BalpEntityType#XrequestId
* entity[request].what.identifier.value = "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e"

Instance: receipt
InstanceOf: AuditOperation
Usage: #example
Title: "Kvittens"
Description: "Mottagaren har kvitterat. / The recipient confirmed."
* type = $AuditType#rest
* subtype = $Interaction#operation
* action = #E
* recorded = "2026-11-16T09:15:00Z"
* outcome = #0
* agent[client].type = $DCM#110153
* agent[client].who.display = "region-ehr"
* agent[client].requestor = false
* agent[server].type = $DCM#110152
* agent[server].who.display = "Sambro"
* agent[server].requestor = false
* agent[user].type = $ParticipationType#IRCP
* agent[user].who.identifier.system = $HSAid
* agent[user].who.identifier.value = "SE2321000131-E0101"
* agent[user].requestor = true
* source.site = "Sambro"
* source.observer.display = "Sambro"
* source.type = $SourceType#4
* entity[object].type = $AuditEntityType#2
* entity[object].role = $ObjectRole#4
* entity[object].name = "$confirm-receipt"
* entity[request].type = $BalpEntityType#XrequestId
* entity[request].what.identifier.value = "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e"

Instance: origin
InstanceOf: SambroProvenance
Usage: #example
Title: "Ursprung"
Description: "Planen kom från kommunen och översattes. / The plan came from the kommun and was translated."
* target = Reference(plan)
* recorded = "2026-11-16T09:15:00Z"
* policy = "https://w3id.org/sambro/mapping/neutral_push/neutral-push-sip|1"
* agent[author].type = $ProvenanceAgent#author
* agent[author].who.identifier.system = $HSAid
* agent[author].who.identifier.value = "SE2120001553-1001"
* agent[assembler].type = $ProvenanceAgent#assembler
* agent[assembler].who.display = "Sambro"
* entity.role = #source
* entity.what.identifier.value = "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e"
