#!/bin/bash
# Blocks and bytes of each verdict are right on every leak probe; the right
# answers are in leak_suite.table. LEAK_CASES=REGEX runs some of them.
# long: two hundred runs
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-leak.sh"
T_LIMIT=60
command=() # of the case at hand

# Every case of a probe has its row, and every row its case.
t_begin "the table is complete"
for probe in "$PROBE"/leak_*; do
	case $probe in *.d) continue ;; esac
	kind=${probe##*/leak_}
	[ "$kind" = losses ] && extra=main_local || extra=
	cmp -s <({ "$probe"; echo $extra; } | grep . | sort) \
		<(leak_cases "^$kind/" | sed 's,.*/,,' | sort) || t_bad "$kind differs"
done
[ "$(leak_rows | wc -l)" -gt 150 ] || t_bad "too few rows"
t_done

# What a file says: search, verdict and four sums as in the table.
answer() { # FILE
	t_json '[.examined.search, .verdict] + [.totals | .lost, .indirect, .possible, .reachable
		| if . == null then "null" elif .blocks == 0 then "-" else "\(.blocks)/\(.bytes)" end]
		| join(" ")' leaks "$1"
}
# The file of the process that a row is about.
file_of() { # ROW-NAME DIR
	local file want
	case $1 in
	*@child) want=true ;;
	*@parent) want=false ;;
	*)
		t_file "$2"
		return ;;
	esac
	for file in $(t_files "$2"); do
		[ "$(t_json .run.forked info "$file")" = "$want" ] && echo "$file" && return
	done
	return 1
}
judge() { # DIR NAME LOST INDIRECT POSSIBLE REACHABLE
	local file verdict=clean i
	local -a want=("${@:3:4}") class=(lost indirect possible reachable) got
	file=$(file_of "$2" "$1") || { t_bad "no ring file"; return; }
	read -ra got <<<"$(answer "$file")"
	t_equal search complete "${got[0]-}"
	[ "$3$4" = -- ] || verdict=leak
	[ "$3" = "*" ] || t_equal verdict $verdict "${got[1]-}"
	for i in 0 1 2 3; do
		[ "${want[i]}" = "*" ] || t_equal "${class[i]}" "${want[i]}" "${got[i + 2]-}"
	done
}
# Prints the lines of one case.
one() { # CASE
	local -a row
	local dir=$T/$1
	leak_command "$PROBE" "$1"
	t_preload "$dir" "" "${command[@]}"
	while read -ra row; do
		t_begin "${row[0]}"
		t_equal status 0 "$(cat "$dir/status")"
		judge "$dir" "${row[@]}"
		t_done
	done < <(leak_expected "^$1(@|\$)")
	rm -rf "$dir"
}

# Two at a time: many of them mostly wait.
mkdir "$T/said"
count=0 running=0
for name in $(leak_cases "${LEAK_CASES-}"); do
	count=$((count + 1))
	one "$name" >"$(printf '%s/said/%04d' "$T" $count)" &
	running=$((running + 1))
	[ $running -lt 2 ] || { wait -n; running=$((running - 1)); }
done
wait
cat "$T"/said/* >"$T/lines"
cat "$T/lines"
! grep -q ^FAIL "$T/lines" || t_failed=1
t_begin "every row was judged"
t_equal rows "$(leak_rows "${LEAK_CASES-}" | wc -l)" "$(grep -cE '^(ok|FAIL) ' "$T/lines")"
t_done
t_end
