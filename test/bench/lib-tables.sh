# What `make bench` makes of its runs; sourced by run.sh.
#   figure MODE COLUMN KEY/NAME...    -> FIG, SPREAD, LOW, HIGH (see stat.awk)
#   row WHAT OP LIMIT UNIT            a row of the table of targets
#   ratios KEY COLUMN=TITLE...        a table of a benchmark, over its first command
# shellcheck shell=bash

FIG=- SPREAD=- LOW=- HIGH=-

figure() { # MODE COLUMN KEY/NAME...
	local mode=$1 col=$2 files=() of
	shift 2
	FIG=- SPREAD=- LOW=- HIGH=-
	for of; do
		[ -s "$D/$of" ] || return 1
		files+=("$D/$of")
	done
	read -r FIG SPREAD _ LOW HIGH < <(awk -v mode="$mode" -v col="$col" -f "$TOP/test/bench/stat.awk" "${files[@]}")
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
	[ "$got$OLD_LIB" = - ] || [ "$got" != - ] || return 0 # no peers beside an old library
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
	# shellcheck disable=SC2154
	local name base=${names[0]}
	[ "${4-}" != alone ] || base=
	compared "$1" "$2=$3" "cpu=CPU, s"
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
# Peers that bring an allocator of their own stand beside it without profile.
base_of() { # NAME
	case $1 in
	jemalloc-*) echo jemalloc ;;
	gperftools) echo tcmalloc ;;
	*) echo "${names[0]}" ;;
	esac
}
# ratios KEY COLUMN=TITLE...: the first command in its units, every other one as a multiple of
# what it is counted over
ratios() {
	local of=$1 name base column line title
	shift
	compared "$of" "$@"
	detail
	detail "| $of |$(printf ' %s |' "${@#*=}")"
	detail "|---|$(printf -- '---|%.0s' "$@")"
	for name in "${names[@]}"; do
		base=$(base_of "$name")
		line="| $name"
		[ "$base" = "${names[0]}" ] || line+=", of $base"
		for column; do
			title=${column%%=*}
			if [ "$name" = "$base" ]; then
				line+=" | $(cell value "$title" "$of/$name")"
			else
				line+=" | $(cell ratio "$title" "$of/$name" "$of/$base") x"
			fi
		done
		detail "$line |"
	done
}
