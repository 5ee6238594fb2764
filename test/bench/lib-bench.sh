# What the groups of `make bench` share; sourced by run.sh after lib.sh.
#
# A benchmark is a key with commands under names. Every round runs each of them
# once, every other round in reverse, so that whatever else the machine does
# meets all alike; a command prints numbers, one line a run:
#   bench KEY;  run NAME COMMAND...;  rounds
#   figure MODE COLUMN KEY/NAME...    -> FIG, SPREAD (see stat.awk)
#   row WHAT OP LIMIT UNIT            a row of the table of targets
# shellcheck shell=bash

ROUNDS=${BENCH_ROUNDS:-5}
SCALE=${BENCH_SCALE:-100} # percent of the usual work, for trying things out
LIMIT=${BENCH_LIMIT:-30}  # seconds a run may take
WORK=$B/test/bench
D=$T/data
VPROF_FILE=$T/bench.vprof
mkdir -p "$D" "$T/rows"
touch "$T/rows/targets" "$T/rows/details" "$T/rows/notes" "$T/errors"
FIG=- SPREAD=-
key=
names=()
declare -A command_of

say() { echo "$*" >&2; }
note() { # a remark for the end of the report, once
	grep -qxF -- "- $*" "$T/rows/notes" || echo "- $*" >>"$T/rows/notes"
}
# many COUNT: COUNT scaled, never less than 1
many() {
	local n=$(($1 * SCALE / 100))
	echo $((n > 0 ? n : 1))
}

# --- running in alternation ----------------------------------------------------
bench() {
	key=$1
	names=()
	command_of=()
	mkdir -p "$D/$key"
}
run() { # NAME COMMAND...
	local name=$1
	shift
	names+=("$name")
	command_of[$name]=$(printf '%q ' "$@")
}
once() { # NAME: one line of numbers, or "-"; who fails twice is left out
	local line
	if [ "$(grep -cx -- - "$D/$key/$1" 2>/dev/null)" = 2 ]; then
		return
	fi
	line=$(eval "${command_of[$1]}" 2>>"$T/errors" </dev/null |
		grep -E '^-?[0-9]+(\.[0-9]+)?( -?[0-9]+(\.[0-9]+)?)*$' | tail -n 1)
	[ -n "$line" ] || note "$key: $1 failed in one run or more; those do not count"
	echo "${line:--}" >>"$D/$key/$1"
}
rounds() {
	local r i n=${#names[@]} count=${1:-$ROUNDS}
	say "  $key: ${names[*]}"
	for ((r = 0; r < count; r++)); do
		for ((i = 0; i < n; i++)); do
			once "${names[r % 2 ? n - 1 - i : i]}"
		done
	done
}

# --- figures -------------------------------------------------------------------
figure() { # MODE COLUMN KEY/NAME...
	local mode=$1 col=$2 files=() of
	shift 2
	FIG=- SPREAD=-
	for of; do
		[ -s "$D/$of" ] || return 1
		files+=("$D/$of")
	done
	read -r FIG SPREAD _ < <(awk -v mode="$mode" -v col="$col" -f "$TOP/test/bench/stat.awk" "${files[@]}")
	[ "$FIG" != - ]
}
short() { # NUMBER: as people write it
	awk -v x="$1" 'BEGIN {
		if (x !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/) { print x; exit }
		a = x < 0 ? -x : x
		printf (a >= 100 ? "%.0f" : a >= 10 ? "%.1f" : a >= 0.095 || a == 0 ? "%.2f" : "%.4f"), x }'
}
# verdict OP LIMIT: of FIG, and whether the spread leaves it in doubt
verdict() {
	awk -v x="${FIG:--}" -v s="${SPREAD:-0}" -v op="$1" -v limit="$2" 'BEGIN {
		if (x == "-") { print "no figure"; exit }
		if (op == "none") exit
		miss = op == "<=" ? x - limit : limit - x
		print (miss <= 0 ? "reached" : "**not reached**") \
			(s > 0 && (miss <= 0) != (miss + (miss <= 0 ? s : -s) <= 0) ? ", within the spread" : "") }'
}
# row WHAT OP LIMIT UNIT: FIG and SPREAD against a target; OP `none` has none
row() {
	local target="$2 $3 $4" got
	[ "$2" != none ] || target=
	got="$(short "$FIG") ± $(short "$SPREAD") $4"
	[ "${FIG:--}" != - ] || got=-
	echo "| $1 | $target | $got | $(verdict "$2" "$3") |" | tee -a "$T/rows/targets" >&2
}
# a row that cannot be measured here, and why
row_skip() { # WHAT TARGET WHY
	echo "| $1 | $2 | - | not measured: $3 |" | tee -a "$T/rows/targets" >&2
}
cell() { # MODE COLUMN KEY/NAME...: "median ± spread" for a table of details
	figure "$@" || { echo -; return; }
	echo "$(short "$FIG") ± $(short "$SPREAD")"
}
detail() { echo "$*" >>"$T/rows/details"; }
# detail_table KEY COLUMN UNIT [alone]: every command of a benchmark, over the
# first one unless alone
detail_table() {
	local name base=${names[0]}
	[ "${4-}" != alone ] || base=
	detail
	detail "| $1, $3 | median |${base:+ over $base |}"
	detail "|---|---|${base:+---|}"
	for name in "${names[@]}"; do
		if [ -z "$base" ]; then
			detail "| $name | $(cell value "$2" "$1/$name") |"
		elif [ "$name" = "$base" ]; then
			detail "| $name | $(cell value "$2" "$1/$name") | |"
		else
			detail "| $name | $(cell value "$2" "$1/$name") | $(cell diff "$2" "$1/$name" "$1/$base") |"
		fi
	done
}
