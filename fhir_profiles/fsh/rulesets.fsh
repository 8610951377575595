// What every definition of ours says of itself.
RuleSet: Definition
* ^experimental = false
* ^date = "2026-11-16"
* ^language = #sv
* ^jurisdiction = urn:iso:std:iso:3166#SE

// A code with its English word beside the Swedish one.
RuleSet: Code(code, swedish, english)
* #{code} "{swedish}"
* #{code} ^designation[0].language = #en
* #{code} ^designation[0].value = "{english}"

// A code with what it means, in English.
RuleSet: DefinedCode(code, swedish, english, definition)
* #{code} "{swedish}" "{definition}"
* #{code} ^designation[0].language = #en
* #{code} ^designation[0].value = "{english}"

// The person whom a record is about: by reference or by identifier.
RuleSet: Person(path)
* {path} 1..1
* {path} only Reference(SambroPatient)
* {path} obeys sambro-subject

// The Consent's parts that a root provision and a nested one share.
RuleSet: Provision(path)
* {path}.type 1..1
* {path}.actor.role = $ParticipationType#IRCP
* {path}.action from ConsentActionVS (required)
* {path}.purpose from PurposeOfUseVS (required)
* {path}.code from RecordTypeVS (required)

// The components are the items and nothing else.
RuleSet: Items
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #closed

// All answers or none.
RuleSet: Answered(number, code)
* severity = #error
* human = "Svaret på fråga {number} saknas: alla svar eller inga. / The answer to item {number} is missing: all answers or none."
* expression = "component.empty() or component.code.coding.code contains '{code}'"

// One item of an instrument: its code, and the scores that it can have.
RuleSet: Item(number, code)
* component contains item{number} 0..1
* component[item{number}].code = {code}
* component[item{number}].value[x] 1..1
* component[item{number}].valueInteger ^minValueInteger = 0
* component[item{number}].valueInteger ^maxValueInteger = 4

// An item that can only be scored 0, 2 or 4.
RuleSet: EvenItem(number, code)
* insert Item({number}, {code})
* component[item{number}] obeys screening-even

RuleSet: Question(number, instrument, code)
* item[+].linkId = "{number}"
* item[=].text = "{instrument}, fråga {number}"
* item[=].text.extension[+].url = $Translation
* item[=].text.extension[=].extension[+].url = "lang"
* item[=].text.extension[=].extension[=].valueCode = #en
* item[=].text.extension[=].extension[+].url = "content"
* item[=].text.extension[=].extension[=].valueString = "{instrument}, item {number}"
* item[=].code = {code}
* item[=].prefix = "{number}"
* item[=].type = #integer
* item[=].required = true

RuleSet: FiveScores
* item[=].answerOption[+].valueInteger = 0
* item[=].answerOption[+].valueInteger = 1
* item[=].answerOption[+].valueInteger = 2
* item[=].answerOption[+].valueInteger = 3
* item[=].answerOption[+].valueInteger = 4

RuleSet: ThreeScores
* item[=].answerOption[+].valueInteger = 0
* item[=].answerOption[+].valueInteger = 2
* item[=].answerOption[+].valueInteger = 4

RuleSet: Answer(number, score)
* item[+].linkId = "{number}"
* item[=].answer.valueInteger = {score}

RuleSet: Scored(number, score)
* component[item{number}].valueInteger = {score}

RuleSet: Mapped(source, equivalence, target)
* group[=].element[+].code = #{source}
* group[=].element[=].target.code = #{target}
* group[=].element[=].target.equivalence = #{equivalence}

RuleSet: Endpoint(type, profile)
* rest.resource[+].type = #{type}
* rest.resource[=].supportedProfile = Canonical({profile})
* rest.resource[=].interaction[+].code = #read
* rest.resource[=].interaction[+].code = #search-type
* rest.resource[=].versioning = #no-version
* rest.resource[=].conditionalRead = #not-match
* rest.resource[=].referencePolicy[0] = #literal
* rest.resource[=].referencePolicy[1] = #logical
* insert Offered(validate, Resource-validate)
* insert Searched(_id, token, Resource-id)

RuleSet: Offered(name, definition)
* rest.resource[=].operation[+].name = "{name}"
* rest.resource[=].operation[=].definition = "http://hl7.org/fhir/OperationDefinition/{definition}"

RuleSet: Registered
* rest.resource[=].interaction[+].code = #create
* rest.resource[=].interaction[+].code = #vread
* rest.resource[=].interaction[+].code = #update
* rest.resource[=].versioning = #versioned-update
* rest.resource[=].readHistory = true
* rest.resource[=].updateCreate = false
* rest.resource[=].conditionalCreate = true
* rest.resource[=].conditionalUpdate = false

RuleSet: Searched(name, type, definition)
* rest.resource[=].searchParam[+].name = "{name}"
* rest.resource[=].searchParam[=].type = #{type}
* rest.resource[=].searchParam[=].definition = "http://hl7.org/fhir/SearchParameter/{definition}"
