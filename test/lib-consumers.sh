# Profiles and checks shared by the tests of exports; sourced after lib.sh.
# shellcheck shell=bash
#
# One profile of a truth program and one of virtuoso are recorded once and read
# by all of them. A check prints what is wrong and nothing when all is well, so
# that a corrupted copy can be held to the same check, which must then speak.

C=$B/test/consumers
unset DEBUGINFOD_URLS

# c_record NAME PROGRAM ARGS...: makes $C/NAME.vprof where it is missing or older
# than the library, the report or the program. Of several tests the first one makes it.
c_record() {
	mkdir -p "$C"
	(flock 9 && c_record_locked "$@") 9>"$C/$1.lock" || exit 1
}
c_record_locked() {
	local name=$1
	shift
	if [ -s "$C/$name.vprof" ] && [ "$C/$name.vprof" -nt "$LIB" ] &&
		[ "$C/$name.vprof" -nt "$REPORT" ] && [ "$C/$name.vprof" -nt "$1" ]; then
		return 0
	fi
	rm -f "$C/$name.vprof"
	t_preload "$T/record" "cpu=1000:out=$C/$name.vprof" "$@"
	[ -s "$C/$name.vprof" ] || {
		echo "FAIL recording $name: $(head -c 300 "$T/record/err")"
		exit 1
	}
}
c_profiles() {
	c_record truth "$PROBE/export_truth" 1500
	c_record virtuoso "$B/virtuoso" --symbol SOL/USDT --speed 0 --duration 6
}

# c_export NAME FORMAT OUT [OPTIONS]: notes a failure in the current case.
c_export() {
	local name=$1 format=$2 out=$3
	shift 3
	"$REPORT" export --format "$format" -o "$out" "$C/$name.vprof" "$@" 2>"$T/export.err" ||
		t_bad "export failed: $(head -1 "$T/export.err")"
}

# c_sum: sums "VALUE<tab>NAME" lines of equal names, largest first
c_sum() {
	awk -F'\t' '{ v[$2] += $1 } END { for (n in v) printf "%.0f\t%s\n", v[n], n }' |
		sort -t'	' -k1,1nr -k2
}
# c_flat NAME FIELD [OPTIONS]: that field of each function, by name
c_flat() {
	local name=$1 field=$2
	shift 2
	"$REPORT" flat "$C/$name.vprof" --format json "$@" |
		jq -r ".functions[] | \"\\(.$field)\\t\\(.function)\"" | c_sum
}
# c_sites NAME FIELD [OPTIONS]: that field of each site, by the function that
# allocated
c_sites() {
	local name=$1 field=$2
	shift 2
	"$REPORT" heap "$C/$name.vprof" --format json "$@" |
		jq -r ".sites[] | \"\\(.$field)\\t\\(.frames[0].function)\"" | c_sum
}
c_total() { # NAME COMMAND FIELD
	"$REPORT" "$2" "$C/$1.vprof" --format json | jq -r ".totals.$3"
}

# c_same WHAT WANTED GOT: what differs between two files of "VALUE<tab>NAME[<tab>
# TOLERANCE]" lines in the union of their top tens
c_same() {
	[ -s "$2" ] || echo "$1: nothing to compare with"
	[ -s "$3" ] || echo "$1: nothing was read"
	{
		sort -t'	' -k1,1nr "$2" | head -n 10
		sort -t'	' -k1,1nr "$3" | head -n 10
	} | cut -f2 | sort -u |
		awk -F'\t' -v what="$1" 'FILENAME == ARGV[1] { want[$2] += $1; next }
			FILENAME == ARGV[2] { got[$2] += $1; tolerance[$2] += $3; next }
			{ d = want[$1] - got[$1]; if (d < 0) d = -d
			  if (d > tolerance[$1] + 0)
				printf "%s of %s: wanted %.0f, got %.0f; ", what, $1, want[$1], got[$1] }' \
			"$2" "$3" -
}
# c_is WHAT WANTED GOT: what differs
c_is() {
	[ "$2" = "$3" ] || printf '%s: wanted %s, got %s; ' "$1" "$2" "$3"
}

# c_check NAME COMMAND...: a case that holds when the check says nothing. That stacks are longer
# than what is copied of them the report says of its own, and it depends on the machine's load.
c_check() {
	local why
	t_begin "$1"
	shift
	why=$("$@" 2>&1 | grep -v 'their outer frames are \[stack cut\]$')
	[ -z "$why" ] || t_bad "$why"
	t_done
}
# c_refuse NAME COMMAND...: the same for a corrupted copy, of which the check must
# speak
c_refuse() {
	local why
	t_begin "$1"
	shift
	why=$("$@" 2>&1)
	[ -n "$why" ] || t_bad "the check did not notice"
	t_done
}
# c_cut FILE OUT: the first half of it
c_cut() {
	head -c $(($(stat -c %s "$1") / 2)) "$1" >"$2"
}

# c_npm PACKAGE@VERSION...: into a directory of this script's; skips the case where
# the registry cannot be reached.
NPM=$B/test/npm/$(basename "$0" .sh)
c_npm() {
	local package missing=
	for package; do
		[ "$(jq -r .version "$NPM/node_modules/${package%@*}/package.json" 2>/dev/null)" = \
			"${package##*@}" ] || missing=yes
	done
	[ -n "$missing" ] || return 0
	t_need npm || return 1
	mkdir -p "$NPM"
	# the project's own .npmrc and package.json are none of its business
	if (cd "$NPM" && timeout 120 npm install --no-save --no-audit --no-fund \
		--fetch-retries=1 --prefix "$NPM" "$@" >npm.log 2>&1); then
		return 0
	fi
	if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network|CERT' \
		"$NPM/npm.log"; then
		t_skip "the npm registry cannot be reached"
	else
		t_fail "npm install failed: $(grep -m 1 -i err "$NPM/npm.log")"
	fi
	return 1
}
