Profile: Sip
Parent: CarePlan
Id: sip
Title: "Samordnad individuell plan"
Description: """
Samordnad individuell plan (SIP), HSL 16 kap. 4 § och SoL (2025:400) 10 kap. 8-9 §§. / A coordinated individual plan.

A draft may be incomplete; an active plan holds the five contents, each an invariant: the problem and the goals, the measures of each
party and its units, the measures of others, the party with overall responsibility, and who coordinates.
"""
* insert Definition
* extension contains SipVersion named version 0..1
* identifier 1..*
* replaces only Reference(Sip)
* intent = #plan
* category 1..*
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains sip 1..1
* category[sip] = $TypeOfCarePlan#SIP
* insert Person(subject)
* period 1..1
* period.start 1..1
* created 1..1
* author only Reference(SambroOrganization)
* author.extension contains ResponsibleParty named responsibleParty 0..1
* author ^short = "Huvudman med övergripande ansvar / Party with overall responsibility"
* careTeam only Reference(SipCareTeam)
* supportingInfo ^short = "Samtycket till planen (sip-plan) / The consent to the plan"
* goal only Reference(SipGoal)
* activity.reference 0..0
* activity.detail.description 1..1
* activity.detail.performer.extension contains ResponsibleParty named responsibleParty 1..1
* obeys sip-content-1 and sip-content-2 and sip-content-3 and sip-content-4 and sip-content-5

Profile: SipGoal
Parent: Goal
Id: sip-goal
Title: "Mål i en SIP"
Description: "Ett mål i en samordnad individuell plan. / A goal of a coordinated individual plan; its horizon stands in category, for which FHIR R4 has no element."
* insert Definition
* identifier 1..*
* category 1..*
* category ^slicing.discriminator.type = #value
* category ^slicing.discriminator.path = "coding.system"
* category ^slicing.rules = #open
* category contains horizon 1..1
* category[horizon] from GoalHorizonVS (required)
* category[horizon].coding 1..1
* category[horizon].coding.system 1..1
* category[horizon].coding.system = "https://w3id.org/sambro/fhir/CodeSystem/goal-horizon"
* description.text 1..1
* insert Person(subject)

Profile: SipCareTeam
Parent: CareTeam
Id: sip-care-team
Title: "Kretsen kring en SIP"
Description: "De som samordnar och deltar. / Those who coordinate a plan and take part in it, with whether they came and may decide. What a relative is called does not stand here."
* insert Definition
* identifier 1..*
* insert Person(subject)
* participant.extension contains
    ParticipantStatus named status 0..1 and
    ParticipantMandate named mandate 0..1
* participant.role 1..1
* participant.role from CareTeamRoleVS (extensible)
* participant.member 1..1
* participant ^slicing.discriminator.type = #pattern
* participant ^slicing.discriminator.path = "role"
* participant ^slicing.rules = #open
* participant contains
    coordinator 0..* and
    caseManager 0..2 and
    person 0..1
* participant[coordinator].role = CareTeamRoleCS#samordnare
* participant[caseManager].role = CareTeamRoleCS#case-manager
* participant[person].role = CareTeamRoleCS#brukare
* obeys sip-content-5-team

Profile: SipCareTeamTwoCaseManagers
Parent: SipCareTeam
Id: sip-care-team-two-case-managers
Title: "Kretsen med två case managers"
Description: "Som hos ACT: två case managers, en från varje huvudman. / As at ACT: two case managers, one of each employer."
* insert Definition
* participant[caseManager] 2..2
* obeys case-managers

Profile: SipFollowUp
Parent: Task
Id: sip-follow-up
Title: "Uppföljning av en SIP"
Description: "När planen ska följas upp, och av vem. / When the plan is to be followed up, and by whom."
* insert Definition
* identifier 1..*
* intent = #plan
* code 1..1
* code = TaskTypeCS#sip-follow-up
* focus 1..1
* focus only Reference(Sip)
* insert Person(for)
* restriction 1..1
* restriction.period 1..1
* restriction.period.end 1..1
* owner ^short = "Den som samordnar planen / Who coordinates the plan"
* obeys sip-follow-up-owner
