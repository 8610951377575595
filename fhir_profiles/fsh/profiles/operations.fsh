RuleSet: Operation(name, code, text)
* url = "https://w3id.org/sambro/fhir/OperationDefinition/{code}"
* version = "0.1.0"
* name = "{name}"
* status = #active
* kind = #operation
* experimental = false
* date = "2026-11-22"
* publisher = "Sambro"
* description = {text}
* affectsState = true
* code = #{code}
* system = true
* type = false
* instance = false

RuleSet: Taken(name, type, min, max)
* parameter[+].name = #{name}
* parameter[=].use = #in
* parameter[=].min = {min}
* parameter[=].max = "{max}"
* parameter[=].type = #{type}

RuleSet: Given(name, type, max)
* parameter[+].name = #{name}
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "{max}"
* parameter[=].type = #{type}

Instance: confirm-receipt
InstanceOf: OperationDefinition
Usage: #definition
Title: "$confirm-receipt"
Description: "Mottagaren har sparat ett svar. / The recipient has kept an answer."
* insert Operation(ConfirmReceipt, confirm-receipt, [["The answer of that identifier has arrived whole: what was held for it is no longer kept. The output has no parameters."]])
* insert Taken(answer, Identifier, 1, 1)
* parameter[=].documentation = "Bundle.identifier of the searchset."

Instance: release-without-consent
InstanceOf: OperationDefinition
Usage: #definition
Title: "$release-without-consent"
Description: "En namngiven tjänsteman lämnar ut utan samtycke. / A named official releases without consent."
* insert Operation(ReleaseWithoutConsent, release-without-consent, [["A named official of the sender releases record types to one unit, on a ground of OSL, until an end."]])
* insert Taken(patient, Identifier, 1, 1)
* insert Taken(recipient, Identifier, 1, 1)
* parameter[=].documentation = "The HSA-id of a unit."
* insert Taken(recordType, code, 1, *)
* insert Taken(ground, code, 1, 1)
* insert Taken(reason, string, 1, 1)
* insert Taken(end, instant, 1, 1)
* insert Taken(agreement, uri, 0, 1)
* insert Given(id, id, 1)
* insert Given(agreement, uri, 1)
* insert Given(recipient, Identifier, 1)
* insert Given(recordType, code, *)
* insert Given(ground, code, 1)
* insert Given(start, instant, 1)
* insert Given(end, instant, 1)
