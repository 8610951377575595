// The wording of items and answers is not reproduced: it stands on the form that the unit uses. What is exchanged is the score.

Instance: audit
InstanceOf: ScreeningQuestionnaire
Usage: #definition
Title: "AUDIT"
Description: "AUDIT, tio frågor. / Ten items."
* url = "https://w3id.org/sambro/fhir/Questionnaire/audit"
* version = "0.1.0"
* name = "AuditQuestionnaire"
* title = "AUDIT"
* status = #active
* experimental = false
* date = "2026-11-16"
* publisher = "Sambro"
* subjectType = #Patient
* code = $LNC#72110-0
* copyright = "AUDIT: World Health Organization. Item numbers and codes only, no wording. LOINC codes are copyright Regenstrief Institute, Inc. and are used under the LOINC licence."
* insert Question(1, AUDIT, $LNC#68518-0)
* insert FiveScores
* insert Question(2, AUDIT, $LNC#68519-8)
* insert FiveScores
* insert Question(3, AUDIT, $LNC#68520-6)
* insert FiveScores
* insert Question(4, AUDIT, $LNC#97734-8)
* insert FiveScores
* insert Question(5, AUDIT, $LNC#97735-5)
* insert FiveScores
* insert Question(6, AUDIT, $LNC#97736-3)
* insert FiveScores
* insert Question(7, AUDIT, $LNC#97737-1)
* insert FiveScores
* insert Question(8, AUDIT, $LNC#97738-9)
* insert FiveScores
* insert Question(9, AUDIT, $LNC#97739-7)
* insert ThreeScores
* insert Question(10, AUDIT, $LNC#97740-5)
* insert ThreeScores

Instance: audit-c
InstanceOf: ScreeningQuestionnaire
Usage: #definition
Title: "AUDIT-C"
Description: "AUDIT-C, AUDIT:s fråga 1-3. / Items 1-3 of AUDIT."
* url = "https://w3id.org/sambro/fhir/Questionnaire/audit-c"
* version = "0.1.0"
* name = "AuditCQuestionnaire"
* title = "AUDIT-C"
* status = #active
* experimental = false
* date = "2026-11-16"
* publisher = "Sambro"
* subjectType = #Patient
* code = $LNC#72109-2
* copyright = "AUDIT: World Health Organization. Item numbers and codes only, no wording. LOINC codes are copyright Regenstrief Institute, Inc. and are used under the LOINC licence."
* insert Question(1, AUDIT-C, $LNC#68518-0)
* insert FiveScores
* insert Question(2, AUDIT-C, $LNC#68519-8)
* insert FiveScores
* insert Question(3, AUDIT-C, $LNC#68520-6)
* insert FiveScores

Instance: dudit
InstanceOf: ScreeningQuestionnaire
Usage: #definition
Title: "DUDIT"
Description: "DUDIT, elva frågor. / Eleven items."
* url = "https://w3id.org/sambro/fhir/Questionnaire/dudit"
* version = "0.1.0"
* name = "DuditQuestionnaire"
* title = "DUDIT"
* status = #active
* experimental = false
* date = "2026-11-16"
* publisher = "Sambro"
* subjectType = #Patient
* code = DuditCS#dudit-total
* copyright = "DUDIT: Karolinska Institutet (Berman et al. 2003); free to use with respect for copyright. Item numbers and codes only, no wording."
* insert Question(1, DUDIT, DuditCS#dudit-1)
* insert FiveScores
* insert Question(2, DUDIT, DuditCS#dudit-2)
* insert FiveScores
* insert Question(3, DUDIT, DuditCS#dudit-3)
* insert FiveScores
* insert Question(4, DUDIT, DuditCS#dudit-4)
* insert FiveScores
* insert Question(5, DUDIT, DuditCS#dudit-5)
* insert FiveScores
* insert Question(6, DUDIT, DuditCS#dudit-6)
* insert FiveScores
* insert Question(7, DUDIT, DuditCS#dudit-7)
* insert FiveScores
* insert Question(8, DUDIT, DuditCS#dudit-8)
* insert FiveScores
* insert Question(9, DUDIT, DuditCS#dudit-9)
* insert FiveScores
* insert Question(10, DUDIT, DuditCS#dudit-10)
* insert ThreeScores
* insert Question(11, DUDIT, DuditCS#dudit-11)
* insert ThreeScores
