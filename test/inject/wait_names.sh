#!/bin/bash
# Calls that wait are told with what they waited for: the file, pipe or socket behind a
# descriptor, a path, a host, a socket's other end; and not with what got the number of a descriptor
# that was closed since.
. "$(dirname "$0")/../lib.sh"

named() { # CASE OPTIONS
	local name wanted got
	t_begin "$1"
	file=
	t_record "$2" "$PROBE/wait_names" || { t_done; return; }
	t_equal "what the probe says" 8 "$(grep -c ^name_ "$T/run/out")"
	"$REPORT" waits "$file" --format json >"$T/waits.json" 2>"$T/report.err" ||
		t_bad "waits failed: $(head -1 "$T/report.err")"
	while read -r name wanted; do
		got=$(jq -r --arg name "$name" '[.sites[] | select(.frames[0].function == $name)
			| select(.kind != "open" or .frames[0].function == "name_open")] | first | .object' \
			"$T/waits.json")
		if [[ $wanted != "?"* ]]; then
			t_equal "$name" "$wanted" "$got"
		elif [[ $got != "fd "* && $got != "${wanted#\?}" ]]; then
			t_bad "$name: it was ${wanted#\?}, was closed, and is called $got"
		fi
	done <"$T/run/out"
	t_done
}
# So seldom that nobody comes by while a call waits, and so often that each is seen.
named "names" tick=100
named "names, a tick of 10 s" tick=10000
named "names, a tick of 10 ms" tick=10
t_end
