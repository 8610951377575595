Profile: SambroPatient
Parent: Patient
Id: patient
Title: "Person"
Description: """
Personen, så som kommun och region behöver känna igen den. / The person.

It restates the constraints of SEBasePatient 1.1.0 (hl7se.fhir.base, CC0), whose package no registry of ours carries, and every Patient
of ours claims both profiles. Where SEBasePatient slices extensions that only it defines, an invariant says the same. A Patient
of nothing but identifier and labels conforms: no more of the person leaves than the consent lets.
"""
* insert Definition
* meta.security.code from http://hl7.se/fhir/ig/base/ValueSet/SecurityLabelVS (extensible)
* identifier 1..*
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains
    personnummer 0..1 and
    samordningsnummer 0..1 and
    nationelltReservnummer 0..1
* identifier[personnummer].system 1..1
* identifier[personnummer].system = $Personnummer
* identifier[samordningsnummer].system 1..1
* identifier[samordningsnummer].system = $Samordningsnummer
* identifier[nationelltReservnummer].system 1..1
* identifier[nationelltReservnummer].system = $Reservnummer
* name ..1
* name obeys sambro-person-4
* address obeys sambro-person-5
* maritalStatus from http://hl7.se/fhir/ig/base/ValueSet/SEBaseMaritalStatusVS (extensible)
* obeys sambro-person-1 and sambro-person-2 and sambro-person-3

Profile: SambroRelatedPerson
Parent: RelatedPerson
Id: related-person
Title: "Anhörig"
Description: """
En anhörig som samtycket nämner. / A relative whom the consent lists; no other leaves. Of the relative no more than who it is: no
address, no birth date, no picture.
"""
* insert Definition
* insert Person(patient)
* relationship 1..*
* birthDate 0..0
* address 0..0
* photo 0..0

Profile: SambroOrganization
Parent: Organization
Id: organization
Title: "Huvudman eller enhet"
Description: "En huvudman (organisationsnummer) eller enhet (HSA-id). / A party by organisationsnummer, or a unit by HSA-id. Restates the identifier slices of SEBaseOrganization 1.1.0."
* insert Definition
* identifier 1..*
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains
    hsaid 0..1 and
    organizationIdentifier 0..1
* identifier[hsaid].type = $IdentifierType#PRN
* identifier[hsaid].system 1..1
* identifier[hsaid].system = $HSAid
* identifier[organizationIdentifier].type = $IdentifierType#XX
* identifier[organizationIdentifier].system 1..1
* identifier[organizationIdentifier].system = $Organisationsnummer
* name 1..1

Profile: SambroPractitionerRole
Parent: PractitionerRole
Id: practitioner-role
Title: "Medarbetaruppdrag"
Description: "Den som handlar för en enhet, utan namn. / Whoever acts for a unit, without a name. Restates the identifier slice of SEBasePractitionerRole 1.1.0; its code lists are not in its package and are not restated."
* insert Definition
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains hsaid 0..1
* identifier[hsaid].type = $IdentifierType#PRN
* identifier[hsaid].system 1..1
* identifier[hsaid].system = $HSAid
* organization 1..1
* telecom 0..0

Profile: Enrolment
Parent: EpisodeOfCare
Id: enrolment
Title: "Inskrivning"
Description: "Inskrivning, avslut och återaktualisering vid en mottagning. / Enrolment at a reception: waiting, active, finished. A case that is taken up again is active from that day; the earlier period is in the earlier version."
* insert Definition
* identifier 1..*
* insert Person(patient)
* managingOrganization 1..1
* period 1..1
* period.start 1..1
* obeys enrolment-end
