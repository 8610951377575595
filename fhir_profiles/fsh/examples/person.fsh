Instance: person
InstanceOf: SambroPatient
Usage: #example
Title: "Person"
Description: "Sveriges allmänna testperson. / Sweden's public test person."
* meta.profile[0] = Canonical(SambroPatient)
* meta.profile[1] = "http://hl7.se/fhir/ig/base/StructureDefinition/SEBasePatient"
* identifier[personnummer].system = $Personnummer
* identifier[personnummer].value = "191212121212"
* name.use = #official
* name.family = "Tolvansson"
* name.given = "Tolvan"
* gender = #male
* birthDate = "1912-12-12"
* address.use = #home
* address.line = "Åsgatan 1"
* address.postalCode = "44130"
* address.city = "Alingsås"

Instance: person-minimal
InstanceOf: SambroPatient
Usage: #example
Title: "Person, inget utöver identitet"
Description: "Det som varje utlämnande bär av personen. / What every release carries of the person."
* meta.profile[0] = Canonical(SambroPatient)
* meta.profile[1] = "http://hl7.se/fhir/ig/base/StructureDefinition/SEBasePatient"
* identifier[samordningsnummer].system = $Samordningsnummer
* identifier[samordningsnummer].value = "196109732393"

Instance: person-protected
InstanceOf: SambroPatient
Usage: #example
Title: "Person med skyddade personuppgifter"
Description: "Namnet är ersatt, adress och kontaktuppgifter saknas. / The name is replaced; no address, no telecom."
* meta.profile[0] = Canonical(SambroPatient)
* meta.profile[1] = "http://hl7.se/fhir/ig/base/StructureDefinition/SEBasePatient"
* meta.security = $SecurityLabel#sekretessmarkering
* identifier[personnummer].system = $Personnummer
* identifier[personnummer].value = "200001252386"
* name.use = #official
* name.text = "Skyddad uppgift"

Instance: relative
InstanceOf: SambroRelatedPerson
Usage: #example
Title: "Anhörig"
Description: "En anhörig som samtycket nämner. / A relative whom the consent lists."
* patient.type = "Patient"
* patient.identifier.system = $Personnummer
* patient.identifier.value = "191212121212"
* relationship = $RoleCode#MTH

Instance: unit
InstanceOf: SambroOrganization
Usage: #example
Title: "Enhet"
Description: "En enhet med HSA-id, del av kommunen. / A unit by HSA-id, part of the kommun."
* identifier[hsaid].type = $IdentifierType#PRN
* identifier[hsaid].system = $HSAid
* identifier[hsaid].value = "SE2120001553-1001"
* name = "IFO öppenvård Alingsås"
* partOf = Reference(party)

Instance: party
InstanceOf: SambroOrganization
Usage: #example
Title: "Huvudman"
Description: "En huvudman med organisationsnummer. / A party by organisationsnummer."
* identifier[organizationIdentifier].type = $IdentifierType#XX
* identifier[organizationIdentifier].system = $Organisationsnummer
* identifier[organizationIdentifier].value = "2120001553"
* name = "Alingsås kommun"

Instance: assignment
InstanceOf: SambroPractitionerRole
Usage: #example
Title: "Medarbetaruppdrag"
Description: "Den som handlar för enheten, med HSA-id. / Whoever acts for the unit, by HSA-id."
* identifier[hsaid].type = $IdentifierType#PRN
* identifier[hsaid].system = $HSAid
* identifier[hsaid].value = "SE2120001553-A001"
* organization = Reference(unit)

Instance: enrolled
InstanceOf: Enrolment
Usage: #example
Title: "Inskrivning"
Description: "En inskrivning som pågår. / An enrolment in force."
* identifier[0].system = $RecordId
* identifier[0].value = "enrolled"
* status = #active
* patient.type = "Patient"
* patient.identifier.system = $Personnummer
* patient.identifier.value = "191212121212"
* managingOrganization.type = "Organization"
* managingOrganization.identifier.system = $HSAid
* managingOrganization.identifier.value = "SE2120001553-1001"
* managingOrganization.display = "IFO öppenvård Alingsås"
* period.start = "2026-11-16"

Instance: enrolment-closed
InstanceOf: Enrolment
Usage: #example
Title: "Avslutad inskrivning"
Description: "En inskrivning som avslutats. / An enrolment that has ended."
* identifier[0].system = $RecordId
* identifier[0].value = "enrolment-closed"
* status = #finished
* patient.type = "Patient"
* patient.identifier.system = $Personnummer
* patient.identifier.value = "191212121212"
* managingOrganization.type = "Organization"
* managingOrganization.identifier.system = $HSAid
* managingOrganization.identifier.value = "SE2120001553-1001"
* managingOrganization.display = "IFO öppenvård Alingsås"
* period.start = "2026-11-16"
* period.end = "2027-06-01"
