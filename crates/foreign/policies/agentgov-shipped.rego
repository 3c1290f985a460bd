# What AgentGov's shipped modules are meant to say: sensitive words and large changes wait for a person.
package policy

import rego.v1

default allow := false

default human_required := false

words := {"ssn", "credit card", "password", "api key", "secret", "private key", "drop table", "rm -rf", "medical"}

text := lower(sprintf("%v %v %v", [input.tool, input.action, input.parameters]))

sensitive if {
	some word in words
	contains(text, word)
}

verbs := {"delete", "remove", "drop", "truncate", "destroy"}

destructive if {
	some verb in verbs
	contains(lower(input.action), verb)
}

count_of := object.get(input.parameters, "count", 0)

deny contains "more than 10000 rows at once" if count_of > 10000

human_required if sensitive

human_required if destructive

human_required if count_of >= 1000

reason := "a sensitive word" if sensitive

allow if not human_required
