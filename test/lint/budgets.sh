#!/bin/bash
# The calls that a budget may name are those that the library sees: vprof-report has a list of
# its own, for the two share the format and nothing else.
. "$(dirname "$0")/../lib-lint.sh"

lint() {
	(
		cd "$1" || exit
		comm -3 <(sed -nE 's/^(HOOK_CALL(_TIMED|_IF)?|CALL_KIND)\(([a-zA-Z_0-9]+).*/\3/p' \
			libvprof/base/calls.def libvprof/base/real.def | sort -u) \
			<(sed -n '/^static const char \*const calls\[\]/,/^};/p' vprof-report/model/budget_seen.c |
				grep -oE '"[a-zA-Z_0-9]+"' | tr -d '"' | sort -u) | sed 's/^\t*//; s/$/ is not in both lists/'
	)
}
plant() {
	sed -i 's/"fsync",//' "$1/vprof-report/model/budget_seen.c"
}
lint_main budgets
