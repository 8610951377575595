// Each says the same as a table of mappings/terminology; a test compares them.

Instance: hl7v2-administrative-sex
InstanceOf: ConceptMap
Usage: #definition
Title: "HL7 tabell 0001 -> AdministrativeGender"
Description: "Kön i HL7 v2 till FHIR, som i HL7:s v2-to-FHIR. / Sex in HL7 v2 to FHIR, as in HL7's guide v2-to-FHIR."
* url = "https://w3id.org/sambro/fhir/ConceptMap/hl7v2-administrative-sex"
* name = "HL7v2AdministrativeSex"
* title = "HL7 tabell 0001 -> AdministrativeGender"
* status = #active
* experimental = false
* date = "2026-11-16"
* sourceUri = "http://terminology.hl7.org/ValueSet/v2-0001"
* targetUri = "http://hl7.org/fhir/ValueSet/administrative-gender"
* group.source = "http://terminology.hl7.org/CodeSystem/v2-0001"
* group.target = "http://hl7.org/fhir/administrative-gender"
* insert Mapped(M, equal, male)
* insert Mapped(F, equal, female)
* insert Mapped(O, equivalent, other)
* insert Mapped(A, wider, other)
* insert Mapped(N, wider, other)
* insert Mapped(U, equivalent, unknown)

Instance: hl7v2-result-status
InstanceOf: ConceptMap
Usage: #definition
Title: "HL7 tabell 0085 -> ObservationStatus"
Description: "Resultatets status. Koder som inte finns här avvisar resultatet. / The status of a result; a code that is not here refuses it."
* url = "https://w3id.org/sambro/fhir/ConceptMap/hl7v2-result-status"
* name = "HL7v2ResultStatus"
* title = "HL7 tabell 0085 -> ObservationStatus"
* status = #active
* experimental = false
* date = "2026-11-16"
* sourceUri = "http://terminology.hl7.org/ValueSet/v2-0085"
* targetUri = "http://hl7.org/fhir/ValueSet/observation-status"
* group.source = "http://terminology.hl7.org/CodeSystem/v2-0085"
* group.target = "http://hl7.org/fhir/observation-status"
* insert Mapped(F, equal, final)
* insert Mapped(C, equal, corrected)
* insert Mapped(P, equivalent, preliminary)

Instance: instrument-record-type
InstanceOf: ConceptMap
Usage: #definition
Title: "Instrumentets summa -> uppgiftstyp"
Description: "Vilken uppgiftstyp ett resultat hör till. / The record type that a result belongs to, by the code of its total."
* url = "https://w3id.org/sambro/fhir/ConceptMap/instrument-record-type"
* name = "InstrumentRecordType"
* title = "Instrumentets summa -> uppgiftstyp"
* status = #active
* experimental = false
* date = "2026-11-16"
* targetCanonical = Canonical(RecordTypeVS)
* group[+].source = "http://loinc.org"
* group[=].target = "https://w3id.org/sambro/fhir/CodeSystem/record-type"
* insert Mapped(75624-7, relatedto, AUDIT)
* insert Mapped(75626-2, relatedto, AUDIT)
* group[+].source = "https://w3id.org/sambro/fhir/CodeSystem/dudit"
* group[=].target = "https://w3id.org/sambro/fhir/CodeSystem/record-type"
* insert Mapped(dudit-total, relatedto, DUDIT)

Instance: audit-answer-score
InstanceOf: ConceptMap
Usage: #definition
Title: "LOINC:s svarskoder för AUDIT -> poäng"
Description: "Svarskoderna för fråga 1-8. För fråga 9 och 10 är inga svarskoder kända: poängen sänds. / The answer codes of items 1-8; none is known for items 9 and 10: their score is sent."
* url = "https://w3id.org/sambro/fhir/ConceptMap/audit-answer-score"
* name = "AuditAnswerScore"
* title = "LOINC:s svarskoder för AUDIT -> poäng"
* status = #active
* experimental = false
* date = "2026-11-16"
* copyright = "LOINC codes are copyright Regenstrief Institute, Inc. and are used under the LOINC licence."
* group.source = "http://loinc.org"
* group.target = "https://w3id.org/sambro/fhir/CodeSystem/score"
* insert Mapped(LA6270-8, relatedto, 0)
* insert Mapped(LA18926-8, relatedto, 1)
* insert Mapped(LA18927-6, relatedto, 2)
* insert Mapped(LA18928-4, relatedto, 3)
* insert Mapped(LA18929-2, relatedto, 4)
* insert Mapped(LA15694-5, relatedto, 0)
* insert Mapped(LA15695-2, relatedto, 1)
* insert Mapped(LA18930-0, relatedto, 2)
* insert Mapped(LA18931-8, relatedto, 3)
* insert Mapped(LA18932-6, relatedto, 4)
* insert Mapped(LA18933-4, relatedto, 1)
* insert Mapped(LA18876-5, relatedto, 2)
* insert Mapped(LA18891-4, relatedto, 3)
* insert Mapped(LA18934-2, relatedto, 4)
