ValueSet: ConsentCategoryVS
Id: consent-category
Title: "Samtyckets slag"
Description: "Alla slag av samtycke. / Every category of consent."
* insert Definition
* include codes from system ConsentCategoryCS

ValueSet: RecordTypeVS
Id: record-type
Title: "Uppgiftstyp"
Description: "Allt som får utväxlas. / Everything that may be exchanged."
* insert Definition
* include codes from system RecordTypeCS

ValueSet: DuditItemVS
Id: dudit-item
Title: "DUDIT, frågor"
Description: "DUDIT:s elva frågor. / The eleven items of DUDIT."
* insert Definition
* DuditCS#dudit-1
* DuditCS#dudit-2
* DuditCS#dudit-3
* DuditCS#dudit-4
* DuditCS#dudit-5
* DuditCS#dudit-6
* DuditCS#dudit-7
* DuditCS#dudit-8
* DuditCS#dudit-9
* DuditCS#dudit-10
* DuditCS#dudit-11

ValueSet: AuditItemVS
Id: audit-item
Title: "AUDIT, frågor"
Description: "AUDIT:s tio frågor (LOINC-panel 72110-0). / The ten items of AUDIT."
* insert Definition
* ^copyright = "LOINC codes are copyright Regenstrief Institute, Inc. and are used under the LOINC licence."
* $LNC#68518-0
* $LNC#68519-8
* $LNC#68520-6
* $LNC#97734-8
* $LNC#97735-5
* $LNC#97736-3
* $LNC#97737-1
* $LNC#97738-9
* $LNC#97739-7
* $LNC#97740-5

ValueSet: ScreeningBandVS
Id: screening-band
Title: "Nivå vid screening"
Description: "Alla nivåer. / Every band."
* insert Definition
* include codes from system ScreeningBandCS

ValueSet: GoalHorizonVS
Id: goal-horizon
Title: "Målets horisont"
Description: "Kort- och långsiktigt. / Short-term and long-term."
* insert Definition
* include codes from system GoalHorizonCS

ValueSet: CareTeamRoleVS
Id: care-team-role
Title: "Roll i planens krets"
Description: "Alla roller. / Every role."
* insert Definition
* include codes from system CareTeamRoleCS

ValueSet: ResponsiblePartyVS
Id: responsible-party
Title: "Ansvarig huvudman"
Description: "Kommunen, regionen eller annan. / The kommun, the region or other."
* insert Definition
* include codes from system ResponsiblePartyCS

ValueSet: ParticipantStatusVS
Id: participant-status
Title: "Deltagande"
Description: "Inbjuden, deltog, uteblev. / Invited, attended, absent."
* insert Definition
* include codes from system ParticipantStatusCS

ValueSet: ConsentDecidedByVS
Id: consent-decided-by
Title: "Vem som beslutat"
Description: "Den unge, vårdnadshavare eller båda. / The minor, a guardian or both."
* insert Definition
* include codes from system ConsentDecidedByCS

ValueSet: ConsentActionVS
Id: consent-action
Title: "Vad som får göras"
Description: "De handlingar som ett samtycke kan gälla här. / The actions that a consent can be about here."
* insert Definition
* $ConsentAction#access
* $ConsentAction#disclose
* $ConsentAction#use

ValueSet: PurposeOfUseVS
Id: purpose-of-use
Title: "Ändamål"
Description: "De ändamål som kan stå i ett samtycke. / The purposes that a consent can state: kinds of PurposeOfUse in v3 ActReason, compared exactly."
* insert Definition
* $ActReason#TREAT
* $ActReason#COC
* $ActReason#CAREMGT
* $ActReason#ETREAT
* $ActReason#BTG
* $ActReason#HQUALIMP
* $ActReason#HOUTCOMS
* $ActReason#HOPERAT
* $ActReason#HSYSADMIN
* $ActReason#HRESCH
* $ActReason#PATADMIN
* $ActReason#PATRQT
* $ActReason#PATSFTY
* $ActReason#POPHLTH
* $ActReason#PUBHLTH
* $ActReason#RECORDMGT

ValueSet: NamePartQualifierVS
Id: name-part-qualifier
Title: "Tilltalsnamn"
Description: "Som SEBaseNamePartQualifierVS 1.1.0: tilltalsnamn. / As SEBaseNamePartQualifierVS 1.1.0: the name by which one is called."
* insert Definition
* $NamePartQualifier#CL
