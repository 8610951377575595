CodeSystem: ConsentCategoryCS
Id: consent-category
Title: "Samtyckets slag"
Description: "Vad ett samtycke gäller. / What a consent is about: the waiver of secrecy that a release rests on, the consent to a coordinated plan, or a block."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert DefinedCode(osl-waiver, Häver sekretess, Waiver of secrecy, [[The person lifts secrecy between the parties that are named (OSL 10 kap. 1 § and 12 kap. 2 §). It is no consent by GDPR article 6 or 9.]])
* insert DefinedCode(sip-plan, Samtycke till samordnad individuell plan, Consent to a coordinated individual plan, [[The person consents to the plan itself (HSL 16 kap. 4 § and SoL 10 kap. 8-9 §§). It releases nothing.]])
* insert DefinedCode(sparr, Spärr, Block, [[What is blocked is released to nobody, whatever other consents say (PDL 4 kap. 4 §).]])

CodeSystem: RecordTypeCS
Id: record-type
Title: "Uppgiftstyp"
Description: "Vad som får utväxlas. / What may be exchanged: stands in provision.code of a Consent, in agreements and in the message log."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(SIP, Samordnad individuell plan, Coordinated individual plan)
* insert Code(AUDIT, AUDIT, AUDIT)
* insert Code(DUDIT, DUDIT, DUDIT)
* insert Code(enrolment, Inskrivning, Enrolment)
* insert Code(person, Personuppgifter, Person data)

CodeSystem: DuditCS
Id: dudit
Title: "DUDIT"
Description: "DUDIT:s summa och frågor. / The total and the items of DUDIT (Berman et al. 2003). No LOINC or SNOMED CT code is known for them, and none is invented. The wording of the items is not reproduced: it stands on the form."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* ^copyright = "DUDIT: Karolinska Institutet; free to use with respect for copyright. Codes and item numbers only."
* insert Code(dudit-total, [[DUDIT, summa]], [[DUDIT, total]])
* insert Code(dudit-1, [[DUDIT, fråga 1]], [[DUDIT, item 1]])
* insert Code(dudit-2, [[DUDIT, fråga 2]], [[DUDIT, item 2]])
* insert Code(dudit-3, [[DUDIT, fråga 3]], [[DUDIT, item 3]])
* insert Code(dudit-4, [[DUDIT, fråga 4]], [[DUDIT, item 4]])
* insert Code(dudit-5, [[DUDIT, fråga 5]], [[DUDIT, item 5]])
* insert Code(dudit-6, [[DUDIT, fråga 6]], [[DUDIT, item 6]])
* insert Code(dudit-7, [[DUDIT, fråga 7]], [[DUDIT, item 7]])
* insert Code(dudit-8, [[DUDIT, fråga 8]], [[DUDIT, item 8]])
* insert Code(dudit-9, [[DUDIT, fråga 9]], [[DUDIT, item 9]])
* insert Code(dudit-10, [[DUDIT, fråga 10]], [[DUDIT, item 10]])
* insert Code(dudit-11, [[DUDIT, fråga 11]], [[DUDIT, item 11]])

CodeSystem: ScoreCS
Id: score
Title: "Poäng"
Description: "Poäng på en fråga, som mål för svarskoder. / The score of an item, as the target of answer codes; in an Observation a score is an integer."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(0, 0 poäng, Score 0)
* insert Code(1, 1 poäng, Score 1)
* insert Code(2, 2 poäng, Score 2)
* insert Code(3, 3 poäng, Score 3)
* insert Code(4, 4 poäng, Score 4)

CodeSystem: ScreeningBandCS
Id: screening-band
Title: "Nivå vid screening"
Description: "Nivån som en summa faller i. / The band that a total falls in: a screening result, never a diagnosis. The version of the coding is that of the table of cut-offs."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(low, Under gränsvärdet, Below the cut-off)
* insert Code(risk, Riskbruk, Hazardous use)
* insert Code(harmful, Skadligt bruk, Harmful use)
* insert Code(problem, Drogrelaterade problem, Drug-related problems)
* insert Code(probable-dependence, Troligt beroende, Probable dependence)

CodeSystem: GoalHorizonCS
Id: goal-horizon
Title: "Målets horisont"
Description: "Kort- eller långsiktigt mål. / Whether a goal of a plan is short-term or long-term; FHIR R4 has no element for it."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(short-term, Kortsiktigt mål, Short-term goal)
* insert Code(long-term, Långsiktigt mål, Long-term goal)

CodeSystem: CareTeamRoleCS
Id: care-team-role
Title: "Roll i planens krets"
Description: "Den som samordnar eller deltar. / Who coordinates a plan, and who takes part in it."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(samordnare, Samordnare, Coordinator)
* insert Code(case-manager, Case manager, Case manager)
* insert Code(brukare, Den enskilde, The person)
* insert Code(anhorig, Anhörig, Relative)
* insert Code(kommun, Kommunen, The kommun)
* insert Code(region, Regionen, The region)
* insert Code(annan, Annan, Other)

CodeSystem: ResponsiblePartyCS
Id: responsible-party
Title: "Ansvarig huvudman"
Description: "Vems en insats eller ett ansvar är. / Whose a measure or a responsibility is."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(kommun, Kommunen, The kommun)
* insert Code(region, Regionen, The region)
* insert Code(other, Annan, Other)

CodeSystem: ParticipantStatusCS
Id: participant-status
Title: "Deltagande"
Description: "Om en deltagare var inbjuden, kom eller uteblev. / Whether a participant was invited, came or stayed away."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(invited, Inbjuden, Invited)
* insert Code(attended, Deltog, Attended)
* insert Code(absent, Uteblev, Absent)

CodeSystem: ConsentDecidedByCS
Id: consent-decided-by
Title: "Vem som beslutat"
Description: "Vem som gav ett samtycke för en ung person. / Who gave the consent of a minor: maturity decides, not age."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(minor, Den unge, The minor)
* insert Code(guardian, Vårdnadshavare, Guardian)
* insert Code(both, Båda, Both)

CodeSystem: TaskTypeCS
Id: task-type
Title: "Uppgiftens slag"
Description: "Vad som ska göras. / What is to be done."
* insert Definition
* ^caseSensitive = true
* ^content = #complete
* insert Code(sip-follow-up, Uppföljning av samordnad individuell plan, Follow-up of a coordinated individual plan)
