#!/bin/bash
# Runs test scripts and Check programs and counts cases.
# Usage: test/run.sh TEST...   The last line is "N passed, N failed".
#
# They run side by side, as many as there are CPUs but at most 8 (T_JOBS=N for another
# number), but for scripts that say something else in the comment at their top:
#   # alone: WHY   runs when the others are done, by itself
#   # long: WHY    begins before the others
# Results are printed in the order in which tests began, whichever ends first.
#
# What failed runs once more when all are done, by itself, unless more than T_AGAIN tests did
# (5; 0 for never): many of these tests watch programs on a machine of which others take their
# part.  The second time counts.  Both are printed, and who passed only then is named: such a
# test, or the product, has a fault that is still to be found.
set -u
cd "$(dirname "$0")/.." || exit 1
logs=${T_LOGS:-build/test/log}
mkdir -p "$logs"
cpus=$(nproc)
side=${T_JOBS:-$((cpus < 8 ? cpus : 8))}
again=${T_AGAIN:-5}

# Of each test, by its number in the order of beginning.
tests=() names=() log=() began=() ended=() status=() passed=() failed=() skipped=()
declare -A running=() # process: number
shown=0               # how many have been printed
round=                # -again: the second time

# kind TEST: alone, long or nothing
kind() {
	case $1 in
	*.sh) sed -nE '/^[^#]/q; s/^# (alone|long): .*/\1/p' "$1" ;;
	esac
}

# begin TEST: starts it in the background
begin() {
	local n=${#names[@]}
	# In the background a shell ignores SIGINT, which no test must inherit.
	local -a run=(env "--default-signal=INT,QUIT")
	tests[n]=$1
	names[n]=${1#build/}
	names[n]=${names[n]#test/}
	log[n]=$logs/${names[n]//\//-}$round.log
	case $1 in
	*.sh) run+=(timeout -k 5 "${T_SCRIPT_LIMIT:-900}" bash "$1") ;;
	*)
		rm -f "${log[n]}.tap"
		run+=("CK_TAP_LOG_FILE_NAME=${log[n]}.tap" CK_VERBOSITY=silent timeout -k 5 600 "$1") ;;
	esac
	began[n]=$EPOCHSECONDS
	"${run[@]}" >"${log[n]}" 2>&1 </dev/null &
	running[$!]=$n
}

# await: until one has ended
await() {
	local pid result n
	wait -n -p pid "${!running[@]}"
	result=$?
	n=${running[$pid]}
	unset "running[$pid]"
	status[n]=$result
	ended[n]=$EPOCHSECONDS
	while [ -n "${ended[shown]-}" ]; do
		show $shown
		shown=$((shown + 1))
	done
}

# tap_lines LOG: what a Check program noted, as ok and FAIL lines
tap_lines() {
	[ -s "$1.tap" ] && sed -nE \
		-e 's/^ok [0-9]+ - (.*): Passed$/ok \1/p' \
		-e 's/^not ok [0-9]+ - (.*)$/FAIL \1/p' "$1.tap" >>"$1"
	rm -f "$1.tap"
}

# show NUMBER: its line, and what failed or was skipped
show() {
	local file=${log[$1]} p f s
	tap_lines "$file"
	p=$(grep -c '^ok ' "$file")
	f=$(grep -c '^FAIL ' "$file")
	s=$(grep -c '^skip ' "$file")
	if [ "${status[$1]}" -ne 0 ] && [ "$f" = 0 ]; then
		tail -n 5 "$file" | sed 's/^/      /'
		echo "FAIL ${names[$1]}: ended with status ${status[$1]}" >>"$file"
		f=1
	elif [ "${status[$1]}" -eq 0 ] && [ $((p + f + s)) = 0 ]; then
		echo "FAIL ${names[$1]}: it tested nothing" >>"$file"
		f=1
	fi
	printf '  %-34s %4d ok %3d failed %3d skipped %4d s\n' \
		"${names[$1]}" "$p" "$f" "$s" $((ended[$1] - began[$1]))
	grep -hE '^(FAIL|skip) ' "$file" | cut -c1-600 | sed 's/^/    /'
	passed[$1]=$p failed[$1]=$f skipped[$1]=$s
}

# run JOBS TEST...: so many at once, until all are done
run() {
	local jobs=$1 test
	shift
	for test; do
		[ ${#running[@]} -lt "$jobs" ] || await
		begin "$test"
	done
	while [ ${#running[@]} -gt 0 ]; do await; done
}

# once_more: those that failed; what they said the first time does not count
once_more() {
	local n
	local -a failing=() unsteady=()
	for n in "${!names[@]}"; do
		[ "${failed[n]}" = 0 ] || failing+=("$n")
	done
	[ ${#failing[@]} -gt 0 ] && [ ${#failing[@]} -le "$again" ] || return
	echo "once more, by itself:"
	round=-again
	for n in "${failing[@]}"; do
		passed[n]=0 failed[n]=0 skipped[n]=0
		run 1 "${tests[n]}"
		[ "${failed[-1]}" != 0 ] || unsteady+=("${names[n]}")
	done
	[ ${#unsteady[@]} = 0 ] || echo "failed at first: ${unsteady[*]}"
}

# sum NUMBER...
sum() {
	local IFS=+
	echo $(($*))
}

# shellcheck disable=SC2317
stop() {
	[ ${#running[@]} = 0 ] || kill "${!running[@]}" 2>/dev/null
	wait
	exit 130
}
trap stop INT TERM

first=() others=() alone=()
for test; do
	case $(kind "$test") in
	alone) alone+=("$test") ;;
	long) first+=("$test") ;;
	*) others+=("$test") ;;
	esac
done
run "$side" "${first[@]}" "${others[@]}"
run 1 "${alone[@]}"
once_more
[ "$(sum "${skipped[@]}")" = 0 ] || echo "$(sum "${skipped[@]}") skipped"
failures=$(sum "${failed[@]}")
echo "$(sum "${passed[@]}") passed, $failures failed"
[ "$failures" = 0 ]
