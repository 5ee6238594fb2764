#!/bin/bash
# Instructions of the hot paths, before and after: the companion of run.sh that no other load on the
# machine can blur.
#
#   test/bench/count.sh [PATH...]    none: all of them, PATHS_ALL below
#   OLD=...      what stands before (lib-old.sh); else the last commit, or its parent when
#                nothing of the library has been changed since
#   SEED=N       sizes and paths of a run that printed it
#   WHERE=NAME   of that path, the functions that execute the most, new library
#
# Both libraries are built in this run and preloaded into the same program, which is
# executed step by step. No number is kept from one run to the next.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/bench/lib-bench.sh"
. "$TOP/test/bench/lib-tables.sh"
. "$TOP/test/bench/lib-old.sh"

# NAME WORK TURNS OPTIONS WHAT (WORK: see hot_paths.c; `whole`: all of a program)
PATHS_ALL=(
	"exact pair 200 cpu=off malloc+free, exact, the same stack of 20 frames"
	"exact-paths pair-paths 400 cpu=off malloc+free, exact, another stack of 20 frames each time"
	"exact-window window 400 cpu=off free of an older block, malloc; another stack each time"
	"exact-calloc calloc 200 cpu=off calloc+free, exact"
	"exact-realloc realloc 200 cpu=off malloc+realloc+free, exact"
	"sampled pair 400 cpu=off:heap=sample=524288 malloc+free, sampled"
	"sampled-paths pair-paths 400 cpu=off:heap=sample=4096 malloc+free, sampled every 4 KiB, another stack each time"
	"idle pair 200 cpu=off:heap=off malloc+free, heap=off"
	"mutex mutex 200 cpu=off mutex lock+unlock"
	"mutex-off mutex 200 cpu=off:locks=off mutex lock+unlock, locks=off"
	"thread thread 50 cpu=off pthread_create+join, the caller's part"
	"turn turn 200 cpu=off:heap=off a turn of an event loop"
	"turn-off turn 200 cpu=off:heap=off:loop=off epoll_wait, loop=off"
	"span span 400 cpu=off a span, begun and ended"
	"span-off span 400 start=paused the same, nothing recorded"
	"fork fork 20 cpu=off fork+wait, the parent's part"
	"true whole 1 - /bin/true from start to end, its first thread"
)

# steps PLACES WORK TURNS [NAME=VALUE...]: median and mean of a turn
steps() {
	local places=$1 work=$2 turns=$3
	shift 3
	if [ "$work" = whole ]; then
		timeout 300 "$WORK/count_steps" whole "$places" "$@" /bin/true
	else
		timeout 300 "$WORK/count_steps" loop "$places" "$@" "$WORK/hot_paths" "$work" "$turns"
	fi 2>>"$T/errors"
}
under() { # LIBRARY OPTIONS: the variables of a program
	echo "LD_PRELOAD=$1 VPROF_OPTIONS=out=$VPROF_FILE$([ "$2" = - ] || echo ":$2")"
}
count_row() { # NAME WORK TURNS OPTIONS WHAT...
	local name=$1 work=$2 turns=$3 options=$4 bare old new
	shift 4
	bare=$(steps - "$work" "$turns")
	# shellcheck disable=SC2046
	old=$(steps - "$work" "$turns" $(under "$OLD_LIB" "$options"))
	# shellcheck disable=SC2046
	new=$(steps - "$work" "$turns" $(under "$LIB" "$options"))
	echo "$bare,$old,$new" | awk -F, -v name="$name" -v what="$*" '
		split($1, b, " ") + split($2, o, " ") + split($3, n, " ") != 9 { print "| " name " | " what " | - | - | - | - | - |"; exit }
		{ printf "| %s | %s | %.0f | %.0f | %.0f | %+.0f | %+.1f |\n", name, what, b[1], o[1] - b[1], n[1] - b[1],
			n[1] - o[1], n[2] - o[2] }'
}
# count_where NAME WORK TURNS OPTIONS ...: instructions a turn, by function
count_where() {
	local of file offset count
	echo
	echo "| instructions a turn | function | of |"
	echo "|---|---|---|"
	# shellcheck disable=SC2046
	steps "$T/places" "$2" "$3" $(under "$LIB" "$4") >/dev/null || { say "no places of $1"; return; }
	cut -d' ' -f1 "$T/places" | sort -u | while read -r file; do
		[ -f "$file" ] || { awk -v f="$file" '$1 == f { print $3, "-", f }' "$T/places"; continue; }
		awk -v f="$file" '$1 == f { print $2 }' "$T/places" | addr2line -f -e "$file" | awk 'NR % 2' >"$T/functions"
		awk -v f="$file" '$1 == f { print $3 }' "$T/places" | paste -d' ' - "$T/functions" | sed "s,\$, ${file##*/},"
	done | awk -v turns="$3" '{ n[$2 " | " $3] += $1 } END { for (f in n) printf "| %.1f | %s |\n", n[f] / turns, f }' |
		sort -t'|' -k2,2nr | head -n 25
}
before() { # what stands before when nobody says
	if [ -n "$(git -C "$TOP" status --porcelain --untracked-files=no -- libvprof include)" ]; then
		echo HEAD
	else
		echo HEAD^
	fi
}
main() {
	local row wanted=" $* "
	OLD=${OLD:-$(before)}
	find_old "$OLD" libvprof.so || return
	export BENCH_SEED=$SEED
	echo "Instructions over bare, the median of a turn: $(git -C "$TOP" rev-parse --short "$OLD" 2>/dev/null || echo "$OLD") and this tree; seed $SEED."
	echo
	echo "| path | what | bare | old | new | new - old | the same, mean |"
	echo "|---|---|---|---|---|---|---|"
	for row in "${PATHS_ALL[@]}"; do
		[ $# = 0 ] || [[ $wanted = *" ${row%% *} "* ]] || continue
		# shellcheck disable=SC2086
		count_row $row
	done
	for row in "${PATHS_ALL[@]}"; do
		[ "${WHERE-}" = "${row%% *}" ] || continue
		# shellcheck disable=SC2086
		count_where $row
	done
}
[ -f "$LIB" ] && [ -x "$WORK/count_steps" ] || {
	say "not built; use make bench-count"
	exit 1
}
cd "$T" && main "$@"
