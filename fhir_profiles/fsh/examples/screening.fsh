Instance: audit-result
InstanceOf: AuditObservation
Usage: #example
Title: "AUDIT"
Description: "AUDIT med alla svar. / AUDIT with every answer."
* identifier[0].system = $RecordId
* identifier[0].value = "audit-result"
* status = #final
* category[survey] = $ObservationCategory#survey
* code = $LNC#75624-7
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* effectiveDateTime = "2026-11-16"
* performer[0].type = "Organization"
* performer[0].identifier.system = $HSAid
* performer[0].identifier.value = "SE2321000131-E0101"
* valueInteger = 17
* interpretation.coding.system = "https://w3id.org/sambro/fhir/CodeSystem/screening-band"
* interpretation.coding.version = "1"
* interpretation.coding.code = #harmful
* interpretation.coding.display = "Skadligt bruk"
* interpretation.text = "Skadligt bruk (gränsvärden version 1)"
* insert Scored(1, 3)
* insert Scored(2, 2)
* insert Scored(3, 2)
* insert Scored(4, 2)
* insert Scored(5, 2)
* insert Scored(6, 1)
* insert Scored(7, 1)
* insert Scored(8, 0)
* insert Scored(9, 2)
* insert Scored(10, 2)

Instance: audit-total
InstanceOf: AuditObservation
Usage: #example
Title: "AUDIT, bara summan"
Description: "Bara en summa. / A total alone."
* identifier[0].system = $RecordId
* identifier[0].value = "audit-total"
* status = #final
* category[survey] = $ObservationCategory#survey
* code = $LNC#75624-7
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* effectiveDateTime = "2026-11-16"
* performer[0].type = "Organization"
* performer[0].identifier.system = $HSAid
* performer[0].identifier.value = "SE2321000131-E0101"
* valueInteger = 6
* interpretation.coding.system = "https://w3id.org/sambro/fhir/CodeSystem/screening-band"
* interpretation.coding.version = "1"
* interpretation.coding.code = #low
* interpretation.coding.display = "Under gränsvärdet"
* interpretation.text = "Under gränsvärdet (gränsvärden version 1)"

Instance: audit-c-result
InstanceOf: AuditCObservation
Usage: #example
Title: "AUDIT-C"
Description: "AUDIT-C med alla svar. / AUDIT-C with every answer."
* identifier[0].system = $RecordId
* identifier[0].value = "audit-c-result"
* status = #final
* category[survey] = $ObservationCategory#survey
* code = $LNC#75626-2
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* effectiveDateTime = "2026-11-16"
* performer[0].type = "Organization"
* performer[0].identifier.system = $HSAid
* performer[0].identifier.value = "SE2321000131-E0101"
* valueInteger = 7
* insert Scored(1, 3)
* insert Scored(2, 2)
* insert Scored(3, 2)

Instance: dudit-result
InstanceOf: DuditObservation
Usage: #example
Title: "DUDIT"
Description: "DUDIT med alla svar. / DUDIT with every answer."
* identifier[0].system = $RecordId
* identifier[0].value = "dudit-result"
* status = #final
* category[survey] = $ObservationCategory#survey
* code = DuditCS#dudit-total
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* effectiveDateTime = "2026-11-16"
* performer[0].type = "Organization"
* performer[0].identifier.system = $HSAid
* performer[0].identifier.value = "SE2321000131-E0101"
* valueInteger = 5
* interpretation.coding.system = "https://w3id.org/sambro/fhir/CodeSystem/screening-band"
* interpretation.coding.version = "1"
* interpretation.coding.code = #low
* interpretation.coding.display = "Under gränsvärdet"
* interpretation.text = "Under gränsvärdet (gränsvärden version 1)"
* insert Scored(1, 0)
* insert Scored(2, 0)
* insert Scored(3, 1)
* insert Scored(4, 0)
* insert Scored(5, 0)
* insert Scored(6, 1)
* insert Scored(7, 0)
* insert Scored(8, 0)
* insert Scored(9, 1)
* insert Scored(10, 0)
* insert Scored(11, 2)

Instance: audit-answers
InstanceOf: ScreeningResponse
Usage: #example
Title: "Svar på AUDIT"
Description: "Svaren på AUDIT. / The answers to AUDIT."
* questionnaire = "https://w3id.org/sambro/fhir/Questionnaire/audit"
* status = #completed
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* authored = "2026-11-16T09:30:00+01:00"
* insert Answer(1, 3)
* insert Answer(2, 2)
* insert Answer(3, 2)
* insert Answer(4, 2)
* insert Answer(5, 2)
* insert Answer(6, 1)
* insert Answer(7, 1)
* insert Answer(8, 0)
* insert Answer(9, 2)
* insert Answer(10, 2)

Instance: audit-c-answers
InstanceOf: ScreeningResponse
Usage: #example
Title: "Svar på AUDIT-C"
Description: "Svaren på AUDIT-C. / The answers to AUDIT-C."
* questionnaire = "https://w3id.org/sambro/fhir/Questionnaire/audit-c"
* status = #completed
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* authored = "2026-11-16T09:30:00+01:00"
* insert Answer(1, 3)
* insert Answer(2, 2)
* insert Answer(3, 2)

Instance: dudit-answers
InstanceOf: ScreeningResponse
Usage: #example
Title: "Svar på DUDIT"
Description: "Svaren på DUDIT. / The answers to DUDIT."
* questionnaire = "https://w3id.org/sambro/fhir/Questionnaire/dudit"
* status = #completed
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* authored = "2026-11-16T09:30:00+01:00"
* insert Answer(1, 0)
* insert Answer(2, 0)
* insert Answer(3, 1)
* insert Answer(4, 0)
* insert Answer(5, 0)
* insert Answer(6, 1)
* insert Answer(7, 0)
* insert Answer(8, 0)
* insert Answer(9, 1)
* insert Answer(10, 0)
* insert Answer(11, 2)
