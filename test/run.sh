#!/bin/bash
# Runs test scripts and Check programs one after the other and counts cases.
# Usage: test/run.sh TEST...   The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
logs=build/test/log
mkdir -p $logs
passed=0 failed=0 skipped=0

# A Check program's TAP log as ok/FAIL lines.
run_check_program() {
	local tap=$2.tap status
	rm -f "$tap"
	CK_TAP_LOG_FILE_NAME=$tap CK_VERBOSITY=silent timeout -k 5 600 "$1" >"$2" 2>&1
	status=$?
	[ -s "$tap" ] && sed -nE \
		-e 's/^ok [0-9]+ - (.*): Passed$/ok \1/p' \
		-e 's/^not ok [0-9]+ - (.*)$/FAIL \1/p' "$tap" >>"$2"
	rm -f "$tap"
	return $status
}

for test; do
	name=${test#build/}
	name=${name#test/}
	log=$logs/$(echo "$name" | tr / -).log
	start=$(date +%s)
	case $test in
	*.sh) timeout -k 5 "${T_SCRIPT_LIMIT:-900}" bash "$test" >"$log" 2>&1 ;;
	*) run_check_program "$test" "$log" ;;
	esac
	status=$?
	p=$(grep -c '^ok ' "$log")
	f=$(grep -c '^FAIL ' "$log")
	s=$(grep -c '^skip ' "$log")
	if [ $status -ne 0 ] && [ "$f" = 0 ]; then
		echo "FAIL $name: ended with status $status" >>"$log"
		tail -n 5 "$log" | sed 's/^/      /'
		f=1
	elif [ $status -eq 0 ] && [ $((p + f + s)) = 0 ]; then
		echo "FAIL $name: it tested nothing" >>"$log"
		f=1
	fi
	printf '  %-34s %4d ok %3d failed %3d skipped %4d s\n' \
		"$name" "$p" "$f" "$s" $(($(date +%s) - start))
	grep -hE '^(FAIL|skip) ' "$log" | cut -c1-600 | sed 's/^/    /'
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
[ $skipped = 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
