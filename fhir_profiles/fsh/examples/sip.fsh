Instance: plan
InstanceOf: Sip
Usage: #example
Title: "SIP"
Description: "En aktiv plan med alla fem innehållen. / An active plan with all five contents."
* extension[version].valuePositiveInt = 1
* identifier[0].system = $RecordId
* identifier[0].value = "plan"
* status = #active
* intent = #plan
* category[sip] = $TypeOfCarePlan#SIP "Samordnad individuell plan"
* title = "Samordnad individuell plan"
* description = "Behöver samlat stöd"
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* period.start = "2026-11-16"
* created = "2026-11-16"
* author.extension[responsibleParty].valueCode = #kommun
* author.type = "Organization"
* author.identifier.system = $HSAid
* author.identifier.value = "SE2120001553-1001"
* author.display = "Alingsås kommun"
* careTeam = Reference(team)
* supportingInfo.type = "Consent"
* supportingInfo.identifier.system = $ConsentId
* supportingInfo.identifier.value = "S-2026-0018"
* goal[0] = Reference(goal-short)
* goal[1] = Reference(goal-long)
* activity[0].detail.status = #scheduled
* activity[0].detail.description = "Boendestöd varje vecka"
* activity[0].detail.performer.extension[responsibleParty].valueCode = #kommun
* activity[0].detail.performer.type = "Organization"
* activity[0].detail.performer.identifier.system = $HSAid
* activity[0].detail.performer.identifier.value = "SE2120001553-1001"
* activity[1].detail.status = #scheduled
* activity[1].detail.description = "Läkemedelsuppföljning"
* activity[1].detail.performer.extension[responsibleParty].valueCode = #region
* activity[1].detail.performer.type = "Organization"
* activity[1].detail.performer.identifier.system = $HSAid
* activity[1].detail.performer.identifier.value = "SE2321000131-E0101"
* activity[2].detail.status = #scheduled
* activity[2].detail.description = "Anhörigstöd"
* activity[2].detail.performer.extension[responsibleParty].valueCode = #other
* activity[2].detail.performer.display = "Frivilligorganisation"

Instance: plan-draft
InstanceOf: Sip
Usage: #example
Title: "Utkast till SIP"
Description: "Ett utkast får sakna innehåll. / A draft may be incomplete."
* identifier[0].system = $RecordId
* identifier[0].value = "plan-draft"
* status = #draft
* intent = #plan
* category[sip] = $TypeOfCarePlan#SIP
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* period.start = "2026-11-16"
* created = "2026-11-16"

Instance: goal-short
InstanceOf: SipGoal
Usage: #example
Title: "Kortsiktigt mål"
Description: "Ett mål på kort sikt. / A short-term goal."
* identifier[0].system = $RecordId
* identifier[0].value = "goal-short"
* lifecycleStatus = #active
* category[horizon] = GoalHorizonCS#short-term "Kortsiktigt mål"
* description.text = "Sover hemma varje natt"
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* target.dueDate = "2027-01-31"
* expressedBy.type = "Patient"
* expressedBy.identifier.system = $Personnummer
* expressedBy.identifier.value = "191212121212"

Instance: goal-long
InstanceOf: SipGoal
Usage: #example
Title: "Långsiktigt mål"
Description: "Ett mål på lång sikt. / A long-term goal."
* identifier[0].system = $RecordId
* identifier[0].value = "goal-long"
* lifecycleStatus = #active
* category[horizon] = GoalHorizonCS#long-term "Långsiktigt mål"
* description.text = "Klarar vardagen själv"
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"

Instance: team
InstanceOf: SipCareTeam
Usage: #example
Title: "Kretsen kring planen"
Description: "En samordnare från kommunen och personen själv. / A coordinator of the kommun, and the person."
* identifier[0].system = $RecordId
* identifier[0].value = "team"
* status = #active
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* participant[coordinator].role = CareTeamRoleCS#samordnare
* participant[coordinator].member.type = "Organization"
* participant[coordinator].member.identifier.system = $HSAid
* participant[coordinator].member.identifier.value = "SE2120001553-1001"
* participant[coordinator].member.display = "IFO öppenvård Alingsås"
* participant[person].extension[status].valueCode = #attended
* participant[person].extension[mandate].valueBoolean = true
* participant[person].role = CareTeamRoleCS#brukare
* participant[person].member.type = "Patient"
* participant[person].member.identifier.system = $Personnummer
* participant[person].member.identifier.value = "191212121212"

Instance: team-act
InstanceOf: SipCareTeamTwoCaseManagers
Usage: #example
Title: "Kretsen vid ACT"
Description: "Två case managers, en från varje huvudman. / Two case managers, one of each employer."
* identifier[0].system = $RecordId
* identifier[0].value = "team-act"
* status = #active
* subject.type = "Patient"
* subject.identifier.system = $Personnummer
* subject.identifier.value = "191212121212"
* participant[caseManager][0].role = CareTeamRoleCS#case-manager
* participant[caseManager][0].member.type = "Organization"
* participant[caseManager][0].member.identifier.system = $HSAid
* participant[caseManager][0].member.identifier.value = "SE2120001553-1001"
* participant[caseManager][1].role = CareTeamRoleCS#case-manager
* participant[caseManager][1].member.type = "Organization"
* participant[caseManager][1].member.identifier.system = $HSAid
* participant[caseManager][1].member.identifier.value = "SE2321000131-E0101"

Instance: follow-up
InstanceOf: SipFollowUp
Usage: #example
Title: "Uppföljning"
Description: "Planen följs upp av samordnarens enhet. / The plan is followed up by the coordinator's unit."
* identifier[0].system = $RecordId
* identifier[0].value = "follow-up"
* status = #requested
* intent = #plan
* code = TaskTypeCS#sip-follow-up
* focus = Reference(plan)
* for.type = "Patient"
* for.identifier.system = $Personnummer
* for.identifier.value = "191212121212"
* owner.type = "Organization"
* owner.identifier.system = $HSAid
* owner.identifier.value = "SE2120001553-1001"
* restriction.period.end = "2027-05-16"
