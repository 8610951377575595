Profile: ScreeningObservation
Parent: Observation
Id: screening
Title: "Screening"
Description: "Det som AUDIT, AUDIT-C och DUDIT har gemensamt. / What the results of AUDIT, AUDIT-C and DUDIT have in common: the total as the value, each item a component, the band as interpretation with the version of the cut-offs. A screening result, never a diagnosis."
* ^abstract = true
* insert Definition
* identifier 1..*
* category 1..*
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains survey 1..1
* category[survey] = $ObservationCategory#survey
* insert Person(subject)
* effective[x] 1..1
* effective[x] only dateTime
* performer 1..*
* value[x] 1..1
* value[x] only integer
* valueInteger ^minValueInteger = 0
* dataAbsentReason 0..0
* interpretation ..1
* interpretation from ScreeningBandVS (required)
* bodySite 0..0
* specimen 0..0
* device 0..0
* referenceRange 0..0
* hasMember 0..0
* derivedFrom only Reference(ScreeningResponse)
* component.value[x] only integer
* component.dataAbsentReason 0..0
* component.interpretation 0..0
* component.referenceRange 0..0
* obeys screening-sum and screening-status

Profile: AuditObservation
Parent: ScreeningObservation
Id: observation-audit
Title: "AUDIT"
Description: "AUDIT (WHO): tio frågor, summa 0-40. / Ten items, total 0-40. The total is LOINC 75624-7; 72110-0 is the panel."
* insert Definition
* code = $LNC#75624-7
* valueInteger ^maxValueInteger = 40
* insert Items
* insert Item(1, $LNC#68518-0)
* insert Item(2, $LNC#68519-8)
* insert Item(3, $LNC#68520-6)
* insert Item(4, $LNC#97734-8)
* insert Item(5, $LNC#97735-5)
* insert Item(6, $LNC#97736-3)
* insert Item(7, $LNC#97737-1)
* insert Item(8, $LNC#97738-9)
* insert EvenItem(9, $LNC#97739-7)
* insert EvenItem(10, $LNC#97740-5)
* obeys audit-item-1 and audit-item-2 and audit-item-3 and audit-item-4 and audit-item-5 and audit-item-6 and audit-item-7 and audit-item-8 and audit-item-9 and audit-item-10

Profile: AuditCObservation
Parent: ScreeningObservation
Id: observation-audit-c
Title: "AUDIT-C"
Description: "AUDIT-C: AUDIT:s fråga 1-3, summa 0-12. / Items 1-3 of AUDIT, total 0-12. The total is LOINC 75626-2; 72109-2 is the panel. Never shown on one line with AUDIT."
* insert Definition
* code = $LNC#75626-2
* valueInteger ^maxValueInteger = 12
* insert Items
* insert Item(1, $LNC#68518-0)
* insert Item(2, $LNC#68519-8)
* insert Item(3, $LNC#68520-6)
* obeys audit-item-1 and audit-item-2 and audit-item-3

Profile: DuditObservation
Parent: ScreeningObservation
Id: observation-dudit
Title: "DUDIT"
Description: "DUDIT (Berman m.fl. 2003): elva frågor, summa 0-44. / Eleven items, total 0-44. No LOINC or SNOMED CT code is known: the codes are our own."
* insert Definition
* code = DuditCS#dudit-total
* valueInteger ^maxValueInteger = 44
* insert Items
* insert Item(1, DuditCS#dudit-1)
* insert Item(2, DuditCS#dudit-2)
* insert Item(3, DuditCS#dudit-3)
* insert Item(4, DuditCS#dudit-4)
* insert Item(5, DuditCS#dudit-5)
* insert Item(6, DuditCS#dudit-6)
* insert Item(7, DuditCS#dudit-7)
* insert Item(8, DuditCS#dudit-8)
* insert Item(9, DuditCS#dudit-9)
* insert EvenItem(10, DuditCS#dudit-10)
* insert EvenItem(11, DuditCS#dudit-11)
* obeys dudit-item-1 and dudit-item-2 and dudit-item-3 and dudit-item-4 and dudit-item-5 and dudit-item-6 and dudit-item-7 and dudit-item-8 and dudit-item-9 and dudit-item-10 and dudit-item-11

Profile: ScreeningQuestionnaire
Parent: Questionnaire
Id: screening-questionnaire
Title: "Frågeformulär"
Description: "Ett instrument som formulär. / An instrument as a form: numbers, codes and scores of its items. The wording is not reproduced; it stands on the form that the unit uses."
* insert Definition
* url 1..1
* version 1..1
* title 1..1
* subjectType = #Patient
* code 1..*
* copyright 1..1
* item 1..*
* item.prefix 1..1
* item.text 1..1
* item.type = #integer
* item.code 1..1
* item.required 1..1
* item.required = true
* item.answerOption 1..*
* item.answerOption.value[x] only integer
* item.item 0..0

Profile: ScreeningResponse
Parent: QuestionnaireResponse
Id: screening-response
Title: "Ifyllt frågeformulär"
Description: "Svaren på ett instrument: poängen på varje fråga. / The answers to an instrument: the score of each item."
* insert Definition
* questionnaire 1..1
* insert Person(subject)
* authored 1..1
* item 1..*
* item.answer 1..1
* item.answer.value[x] 1..1
* item.answer.value[x] only integer
* item.answer.item 0..0
* item.item 0..0
* obeys screening-answers
