#!/bin/bash
# Growth verdicts on real runs: what grows without bound is found, what only
# looks so is not. GROWTH_SEEDS=20 for the figures of docs/decisions/growth.md,
# GROWTH_KINDS="map ring" for some, GROWTH_WANDER=200 for as many wandering heaps.
# alone: what grows is judged by the clock
. "$(dirname "$0")/../lib.sh"

SEEDS=${GROWTH_SEEDS:-2}
WANDER=${GROWTH_WANDER:-$SEEDS}
SECONDS_EACH=4
at_once=9

# run KIND SEED: one run, its ring file in $T/KIND.SEED; they mostly sleep
run() {
	t_preload "$T/$1.$2" "tick=20:size=4M:cpu=off:out=run.vprof" \
		"$PROBE/growth" "$1" $SECONDS_EACH "$2"
}
# growing FILE: sites with that verdict, and whether growth was judged at all
growing() {
	t_json '"\(.totals.growing.sites // ([.sites[] | select(.verdict == "growing")] | length)) \(.examined.growth_judged)"' \
		leaks "$1" -n 1000 | tr -d '"'
}
# run_all SEEDS KIND...: all of them, so many at once
run_all() {
	local seeds=$1 kind seed n=0
	shift
	for kind; do
		for ((seed = 1; seed <= seeds; seed++)); do
			run "$kind" "$seed" &
			[ $((++n % at_once)) != 0 ] || wait
		done
	done
	wait
}
# tally KIND SEEDS: sets $found and $of
tally() {
	local seed got
	found=0 of=0
	for ((seed = 1; seed <= $2; seed++)); do
		[ "$(cat "$T/$1.$seed/status")" = 0 ] || t_bad "seed $seed: status $(cat "$T/$1.$seed/status")"
		got=$(growing "$T/$1.$seed/run.vprof")
		[ "${got#* }" = true ] || t_bad "seed $seed: not judged: '$got'"
		case $got in [1-9]*) found=$((found + 1)) ;; esac
		[ "$seed" -gt 2 ] || one_voice "$1.$seed"
		of=$((of + 1))
		[ -n "${VPROF_KEEP-}" ] || rm -rf "${T:?}/$1.$seed"
	done
	echo "# $1: growing in $found of $of"
}

# one_voice KIND.SEED: summary and timeline say of the heap what leaks says
one_voice() {
	local file=$T/$1/run.vprof grows leaks kinds
	grows=$(growing "$file")
	"$REPORT" "$file" >"$T/$1/words" 2>&1
	leaks=$("$REPORT" leaks "$file" 2>&1 | sed -n 's/^Verdict: //p')
	# a line of summary may be wrapped
	tr -s ' \n' ' ' <"$T/$1/words" | grep -qF "Leaks $leaks" ||
		t_bad "$1: summary lacks '$leaks': $(grep ^Leaks "$T/$1/words")"
	kinds=$("$REPORT" timeline --format json "$file" 2>&1 | jq -r '[.shapes[] | select(.of != "resident") | .shape] | join(" ")')
	case $1 in words.*)
		grep -q "not decided yet" "$T/$1/words" || t_bad "$1: no word that it is too early"
		"$REPORT" leaks "$file" 2>&1 | grep -q "rises, but .*more may tell" ||
			t_bad "$1: no word of how long it takes"
		;;
	esac
	case $grows in
	0*)
		! grep -q "steady increase of \(the heap\|what is held\)\|kept growing" "$T/$1/words" ||
			t_bad "$1: summary calls it growing"
		case $kinds in *steady*) t_bad "$1: timeline calls it growing" ;; esac
		;;
	*)
		grep -q "steady increase of \(the heap\|what is held\)" "$T/$1/words" || t_bad "$1: summary has no increase"
		case $kinds in *steady*) ;; *) t_bad "$1: timeline has no increase" ;; esac
		;;
	esac
}

grow="map tooth slow backlog batches steps sessions"
bounded="capped cache warm ring lazy words table traffic stops"
kinds=${GROWTH_KINDS:-$grow $bounded}
# shellcheck disable=SC2086 # lists of words
run_all "$SEEDS" ${kinds//wander/}

for kind in ${GROWTH_KINDS:-$grow}; do
	case $kind in map | tooth | slow | backlog | batches | steps | sessions) ;; *) continue ;; esac
	t_begin "$kind grows"
	tally "$kind" "$SEEDS"
	# one miss in twenty
	[ $((of - found)) -le $((of / 20)) ] || t_bad "growing in $found of $of"
	t_done
done
for kind in ${GROWTH_KINDS:-$bounded}; do
	case $kind in capped | cache | warm | ring | lazy | words | table | traffic | stops) ;; *) continue ;; esac
	t_begin "$kind does not grow"
	tally "$kind" "$SEEDS"
	[ "$found" = 0 ] || t_bad "growing in $found of $of"
	t_done
done
case ${GROWTH_KINDS:-wander} in *wander*)
	t_begin "a wandering heap does not grow"
	run_all "$WANDER" wander
	tally wander "$WANDER"
	[ "$found" -le $((of / 100)) ] || t_bad "growing in $found of $of"
	t_done
	;;
esac

t_begin "growth by iteration"
t_preload "$T/loop" "size=4M:cpu=off:out=run.vprof" "$PROBE/growth" loop 1 1
t_equal "what grows" "growing 24 iteration 40" "$(t_json \
	'.examined.iterations as $n | .sites[] | select(.verdict == "growing") | "\(.verdict) \(.growth.slope) \(.growth.per) \($n)"' \
	leaks "$T/loop/run.vprof" | tr -d '"')"
t_preload "$T/steady" "size=4M:cpu=off:out=run.vprof" "$PROBE/growth" steady 1 1
t_equal "growing in steady iterations" "0 true" "$(growing "$T/steady/run.vprof")"
t_done

t_begin "sampled heap"
t_preload "$T/sampled" "heap=sample=128:tick=20:size=4M:cpu=off:out=run.vprof" \
	"$PROBE/growth" map $SECONDS_EACH 1
got=$(growing "$T/sampled/run.vprof")
[ "${got% *}" != 0 ] || t_bad "the map is not seen to grow"
t_preload "$T/sampled2" "heap=sample=512:tick=20:size=4M:cpu=off:out=run.vprof" \
	"$PROBE/growth" ring $SECONDS_EACH 1
t_equal "growing sites of a ring" "0 true" "$(growing "$T/sampled2/run.vprof")"
t_done

t_begin "too short a run is not judged"
t_preload "$T/short" "tick=100:size=4M:cpu=off:out=run.vprof" "$PROBE/growth" map 1 1
t_equal "growing" "0 false" "$(growing "$T/short/run.vprof")"
t_done
t_end
