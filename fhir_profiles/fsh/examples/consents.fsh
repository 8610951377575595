Instance: waiver
InstanceOf: ConsentOslWaiver
Usage: #example
Title: "Samtycke som häver sekretess"
Description: "Kommunens enhet får lämna SIP och AUDIT till mottagningen, inte DUDIT till vårdcentralen. / The kommun's unit may release SIP and AUDIT to the clinic, but no DUDIT to the health centre."
* extension[agreement].valueUri = "https://w3id.org/sambro/agreement/alingsas-socialmedicinska"
* identifier[0].system = $ConsentId
* identifier[0].value = "S-2026-0017"
* status = #active
* scope = $ConsentScope#patient-privacy
* category = ConsentCategoryCS#osl-waiver
* patient.type = "Patient"
* patient.identifier.system = $Personnummer
* patient.identifier.value = "191212121212"
* dateTime = "2026-11-16"
* organization[0].type = "Organization"
* organization[0].identifier.system = $HSAid
* organization[0].identifier.value = "SE2120001553-1001"
* organization[0].display = "IFO öppenvård Alingsås"
* policy.uri = "https://lagen.nu/2009:400"
* provision.type = #permit
* provision.period.start = "2026-11-16"
* provision.period.end = "2027-11-15"
* provision.actor[0].role = $ParticipationType#IRCP
* provision.actor[0].reference.type = "Organization"
* provision.actor[0].reference.identifier.system = $HSAid
* provision.actor[0].reference.identifier.value = "SE2321000131-E0101"
* provision.actor[0].reference.display = "Öppenpsykiatrisk mottagning Alingsås"
* provision.purpose[0] = $ActReason#TREAT
* provision.purpose[1] = $ActReason#COC
* provision.code[0] = RecordTypeCS#SIP
* provision.code[1] = RecordTypeCS#AUDIT
* provision.code[2] = RecordTypeCS#DUDIT
* provision.provision.type = #deny
* provision.provision.actor[0].role = $ParticipationType#IRCP
* provision.provision.actor[0].reference.type = "Organization"
* provision.provision.actor[0].reference.identifier.system = $HSAid
* provision.provision.actor[0].reference.identifier.value = "SE2321000131-E0111"
* provision.provision.actor[0].reference.display = "Vårdcentral 1 Alingsås"
* provision.provision.code = RecordTypeCS#DUDIT

Instance: waiver-minor
InstanceOf: ConsentOslWaiver
Usage: #example
Title: "Samtycke som en ung person beslutat"
Description: "Mognaden är bedömd. / Given by a minor whose maturity was assessed."
* extension[agreement].valueUri = "https://w3id.org/sambro/agreement/alingsas-socialmedicinska"
* extension[decidedBy].valueCode = #minor
* extension[maturityAssessedBy].valueString = "Socialsekreterare vid Mini-Maria"
* extension[maturityAssessedOn].valueDate = "2019-03-01"
* identifier[0].system = $ConsentId
* identifier[0].value = "S-2019-0003"
* status = #active
* scope = $ConsentScope#patient-privacy
* category = ConsentCategoryCS#osl-waiver
* patient.type = "Patient"
* patient.identifier.system = $Personnummer
* patient.identifier.value = "200302022389"
* dateTime = "2019-03-04"
* organization[0].type = "Organization"
* organization[0].identifier.system = $HSAid
* organization[0].identifier.value = "SE2120001553-1001"
* policy.uri = "https://lagen.nu/2009:400"
* provision.type = #permit
* provision.period.start = "2019-03-04"
* provision.period.end = "2020-03-03"
* provision.purpose = $ActReason#COC
* provision.code = RecordTypeCS#SIP

Instance: waiver-revoked
InstanceOf: ConsentOslWaiver
Usage: #example
Title: "Återkallat samtycke"
Description: "En återkallelse anger inga villkor. / A revocation states no terms: it ends the consent whatever they were."
* extension[agreement].valueUri = "https://w3id.org/sambro/agreement/alingsas-socialmedicinska"
* identifier[0].system = $ConsentId
* identifier[0].value = "S-2026-0017"
* status = #inactive
* scope = $ConsentScope#patient-privacy
* category = ConsentCategoryCS#osl-waiver
* patient.type = "Patient"
* patient.identifier.system = $Personnummer
* patient.identifier.value = "191212121212"
* dateTime = "2026-12-01"
* policy.uri = "https://lagen.nu/2009:400"

Instance: plan-consent
InstanceOf: ConsentSipPlan
Usage: #example
Title: "Samtycke till planen"
Description: "Villkoret för en aktiv plan. / The condition for an active plan."
* extension[agreement].valueUri = "https://w3id.org/sambro/agreement/alingsas-socialmedicinska"
* identifier[0].system = $ConsentId
* identifier[0].value = "S-2026-0018"
* status = #active
* scope = $ConsentScope#patient-privacy
* category = ConsentCategoryCS#sip-plan
* patient.type = "Patient"
* patient.identifier.system = $Personnummer
* patient.identifier.value = "191212121212"
* dateTime = "2026-11-16"
* organization[0].type = "Organization"
* organization[0].identifier.system = $HSAid
* organization[0].identifier.value = "SE2120001553-1001"
* policy.uri = "https://lagen.nu/2009:400"
* provision.type = #permit
* provision.period.start = "2026-11-16"
* provision.period.end = "2027-11-15"
* provision.actor[0].role = $ParticipationType#IRCP
* provision.actor[0].reference.type = "Organization"
* provision.actor[0].reference.identifier.system = $HSAid
* provision.actor[0].reference.identifier.value = "SE2321000131-E0101"

Instance: block
InstanceOf: ConsentBlock
Usage: #example
Title: "Spärr"
Description: "DUDIT är spärrat, med en hävning för en enhet i sju dagar. / DUDIT is blocked, lifted for one unit for seven days."
* identifier[0].system = $ConsentId
* identifier[0].value = "SP-2026-0002"
* status = #active
* scope = $ConsentScope#patient-privacy
* category = ConsentCategoryCS#sparr
* patient.type = "Patient"
* patient.identifier.system = $Personnummer
* patient.identifier.value = "191212121212"
* dateTime = "2026-12-01"
* organization[0].type = "Organization"
* organization[0].identifier.system = $HSAid
* organization[0].identifier.value = "SE2120001553-1001"
* policy.uri = "https://lagen.nu/2009:400"
* provision.type = #deny
* provision.code = RecordTypeCS#DUDIT
* provision.provision.type = #permit
* provision.provision.period.start = "2026-12-02"
* provision.provision.period.end = "2026-12-08"
* provision.provision.actor[0].role = $ParticipationType#IRCP
* provision.provision.actor[0].reference.type = "Organization"
* provision.provision.actor[0].reference.identifier.system = $HSAid
* provision.provision.actor[0].reference.identifier.value = "SE2321000131-E0101"
