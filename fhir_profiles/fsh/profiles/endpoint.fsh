Instance: consent-agreement
InstanceOf: SearchParameter
Usage: #definition
Title: "Consent.agreement"
Description: "Samtycken inom ett avtal. / Consents given under an agreement."
* url = "https://w3id.org/sambro/fhir/SearchParameter/consent-agreement"
* name = "ConsentAgreement"
* status = #active
* experimental = false
* date = "2026-11-16"
* description = "The agreement that a consent is given under: for a registry of many. Sambro's endpoint does not offer it; its searches name one person."
* code = #agreement
* base = #Consent
* type = #uri
* expression = "Consent.extension('https://w3id.org/sambro/fhir/StructureDefinition/agreement').value"
* xpathUsage = #normal

Instance: care-plan-responsible
InstanceOf: SearchParameter
Usage: #definition
Title: "CarePlan.responsible"
Description: "Planer efter huvudman med övergripande ansvar. / Plans by the party with overall responsibility."
* url = "https://w3id.org/sambro/fhir/SearchParameter/care-plan-responsible"
* name = "CarePlanResponsible"
* status = #active
* experimental = false
* date = "2026-11-16"
* description = "The kind of party that has the overall responsibility for a plan: for a registry of many. Sambro's endpoint does not offer it; its searches name one person."
* code = #responsible
* base = #CarePlan
* type = #token
* expression = "CarePlan.author.extension('https://w3id.org/sambro/fhir/StructureDefinition/responsible-party').value"
* xpathUsage = #normal

Instance: endpoint
InstanceOf: CapabilityStatement
Usage: #definition
Title: "Sambros endpoint"
Description: "Vad varje installation svarar på. / What every installation answers."
* url = "https://w3id.org/sambro/fhir/CapabilityStatement/endpoint"
* version = "0.1.0"
* name = "SambroEndpoint"
* title = "Sambros endpoint"
* status = #active
* experimental = false
* date = "2026-11-16"
* publisher = "Sambro"
* description = "Vad varje installation svarar på. / What every installation answers: read, and searches that name exactly one person; Consents are filed and changed, too. An installation's own statement instantiates this one."
* kind = #requirements
* fhirVersion = #4.0.1
* format[0] = #json
* format[1] = #xml
* format[2] = #application/fhir+json
* format[3] = #application/fhir+xml
* rest.mode = #server
* rest.interaction[0].code = #transaction
* rest.interaction[1].code = #batch
* rest.operation[0].name = "confirm-receipt"
* rest.operation[0].definition = Canonical(confirm-receipt)
* rest.operation[1].name = "release-without-consent"
* rest.operation[1].definition = Canonical(release-without-consent)
* insert Endpoint(Patient, SambroPatient)
* insert Offered(everything, Patient-everything)
* insert Searched(identifier, token, Patient-identifier)
* insert Endpoint(Consent, ConsentOslWaiver)
* insert Registered
* rest.resource[=].supportedProfile[1] = Canonical(ConsentSipPlan)
* rest.resource[=].supportedProfile[2] = Canonical(ConsentBlock)
* insert Searched(patient, reference, clinical-patient)
* insert Searched(status, token, Consent-status)
* insert Searched(category, token, Consent-category)
* insert Searched(actor, reference, Consent-actor)
* insert Searched(_lastUpdated, date, Resource-lastUpdated)
* insert Endpoint(CarePlan, Sip)
* rest.resource[=].searchInclude[0] = "CarePlan:goal"
* rest.resource[=].searchInclude[1] = "CarePlan:care-team"
* rest.resource[=].searchRevInclude[0] = "Task:based-on"
* rest.resource[=].searchRevInclude[1] = "Task:focus"
* insert Searched(patient, reference, clinical-patient)
* insert Searched(subject, reference, CarePlan-subject)
* insert Searched(status, token, CarePlan-status)
* insert Searched(category, token, CarePlan-category)
* insert Searched(date, date, clinical-date)
* insert Endpoint(Goal, SipGoal)
* rest.resource[=].searchRevInclude = "CarePlan:goal"
* insert Searched(patient, reference, clinical-patient)
* insert Searched(subject, reference, Goal-subject)
* insert Searched(lifecycle-status, token, Goal-lifecycle-status)
* insert Searched(category, token, Goal-category)
* insert Searched(start-date, date, Goal-start-date)
* insert Searched(target-date, date, Goal-target-date)
* insert Endpoint(CareTeam, SipCareTeam)
* rest.resource[=].searchRevInclude = "CarePlan:care-team"
* insert Searched(patient, reference, clinical-patient)
* insert Searched(subject, reference, CareTeam-subject)
* insert Searched(status, token, CareTeam-status)
* insert Searched(category, token, CareTeam-category)
* insert Searched(date, date, clinical-date)
* insert Endpoint(Task, SipFollowUp)
* rest.resource[=].searchInclude[0] = "Task:based-on"
* rest.resource[=].searchInclude[1] = "Task:focus"
* insert Searched(patient, reference, Task-patient)
* insert Searched(subject, reference, Task-subject)
* insert Searched(identifier, token, Task-identifier)
* insert Searched(status, token, Task-status)
* insert Searched(code, token, Task-code)
* insert Searched(based-on, reference, Task-based-on)
* insert Searched(focus, reference, Task-focus)
* insert Searched(owner, reference, Task-owner)
* insert Searched(period, date, Task-period)
* insert Searched(authored-on, date, Task-authored-on)
* insert Endpoint(Observation, AuditObservation)
* rest.resource[=].supportedProfile[1] = Canonical(AuditCObservation)
* rest.resource[=].supportedProfile[2] = Canonical(DuditObservation)
* insert Searched(patient, reference, clinical-patient)
* insert Searched(subject, reference, Observation-subject)
* insert Searched(status, token, Observation-status)
* insert Searched(category, token, Observation-category)
* insert Searched(code, token, clinical-code)
* insert Searched(date, date, clinical-date)
* insert Endpoint(AuditEvent, AuditAccess)
* rest.resource[=].supportedProfile[1] = Canonical(AuditAuthorization)
* rest.resource[=].supportedProfile[2] = Canonical(AuditDisclosure)
* rest.resource[=].supportedProfile[3] = Canonical(AuditFiling)
* rest.resource[=].supportedProfile[4] = Canonical(AuditOperation)
* insert Searched(patient, reference, AuditEvent-patient)
* insert Searched(entity, reference, AuditEvent-entity)
* insert Searched(date, date, AuditEvent-date)
* insert Searched(outcome, token, AuditEvent-outcome)
* insert Searched(type, token, AuditEvent-type)
* insert Searched(subtype, token, AuditEvent-subtype)
* insert Searched(action, token, AuditEvent-action)
