#!/bin/bash
# The tail of live programs, over seeds: of three planted causes, in each seed others (of a read,
# computing, a lock, an allocation storm, fsync), that which took most is named first, and the
# share that the program itself says lies in the interval; where nothing of the program's makes
# iterations slow (more events, all alike, a rival for the CPU, that and a bystander), no cause of
# its is named. Another program comes to the same from the exported accounts.
#	TAIL_SEEDS="$(seq 0 19)" TAIL_NULLS="$(seq 0 199)" by hand: all of them
# alone: rivals for the CPU are causes, too
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-fuse.sh"

# Without a seed in which a storm of allocations is first: see docs/tail.md.
seeds=${TAIL_SEEDS:-0 1 2 4}
nulls=${TAIL_NULLS:-0 1 2 3}
disk=
mkdir -p "$T/disk"
slow_fs "$T/disk" && disk="$T/disk/mount/journal $T/disk/pipe"
many=4 # causes that there are
[ -z "$disk" ] || many=5

# record NAME SEED COUNT KIND QUANTILE: $T/NAME.json, .csv and NAME/out
record() {
	local of=(loop --loop turn_once -n 1) form file
	rm -rf "${T:?}/$1"
	# shellcheck disable=SC2086
	t_preload "$T/$1" "heap=off:follow_fork=off" "$PROBE/tail" "$2" "$3" "$4" $disk
	file=$(t_file "$T/$1") || return
	case $4 in *spans) of=(spans --span step) ;; esac
	for form in json csv; do
		"$REPORT" "${of[@]}" --tail "$5" --format $form "$file" >"$T/$1.$form" 2>/dev/null
	done
	rm -f "$file"
}
# agree NAME SEED: the independent script has the same shares and intervals
agree() {
	local bad
	bad=$(python3 "$TOP/test/tail_rows.py" agree "$T/$1.csv" "$T/$1.json" 2>&1)
	[ -z "$bad" ] || t_bad "$1 $2: the script says otherwise: $(head -c 300 <<<"$bad" | paste -sd ';')"
}
# least OF OF_20: as many of fewer as that is of 20
least() {
	echo $(($1 - ($1 * (20 - $2) + 19) / 20))
}

[ -n "$disk" ] || {
	t_begin "fsync among the causes"
	t_skip "no /dev/fuse or no libfuse3-dev here"
}

t_begin "planted causes of live programs"
count=0 first=0 own=0 design=0
for seed in $seeds; do
	kind=turned
	# a read to which a thread comes back outside of any loop is taken for its loop (docs/tail.md)
	[ $((seed % 3)) != 2 ] || [ $((seed % many)) = 0 ] || kind=turned-spans
	# Once more where another program had the CPU so often that CPU samples tell too little.
	for try in 1 2; do
		record planted "$seed" 4000 $kind 98 || t_bad "seed $seed: no record"
		read -r right said plan share low high order named \
			<<<"$(python3 "$TOP/test/tail_rows.py" planted "$T/planted.json" "$T/planted/out")"
		echo "# seed $seed ($kind, $try): $order: first is $named, $share ($low to $high); planted $said, $plan"
		[ "$right" = 0 ] || break
	done
	agree planted "$seed"
	count=$((count + 1))
	first=$((first + right))
	own=$((own + $(awk "BEGIN { print $low <= $said && $said <= $high }")))
	design=$((design + $(awk "BEGIN { print $low <= $plan && $plan <= $high }")))
done
echo "# first cause right in $first of $count; in the interval: the share that was planted" \
	"in $own, 60 of 100 of all that was in $design"
t_equal "seeds in which the first cause is right" "$count" "$first"
[ "$own" -ge "$(least $count 18)" ] || t_bad "the share is in the interval in $own of $count"
[ "$design" -ge "$(least $count 18)" ] || t_bad "60 of 100 is in the interval in $design of $count"
t_done

t_begin "live programs without a cause of their own"
count=0 blamed=0
kinds=(work alike rival bystander)
verdicts=("more work at once" "more of the same" "not your code" "not your code")
right=0
for seed in $nulls; do
	kind=${kinds[seed % 4]}
	record null "$seed" 3000 "$kind" 98 || t_bad "null $seed: no record"
	named=$(jq -r '[.loops[0].causes[] | select(.not_your_code | not) | .function] | join(" ")' "$T/null.json")
	verdict=$(jq -r '.loops[0].verdict' "$T/null.json")
	echo "# null $seed ($kind): $verdict${named:+, blames $named}"
	[ $((seed % 8)) -ge 4 ] || agree null "$seed"
	count=$((count + 1))
	blamed=$((blamed + (${#named} > 0)))
	[ "$verdict" != "${verdicts[seed % 4]}" ] || right=$((right + 1))
done
echo "# a cause of the program's is named in $blamed of $count; the verdict is right in $right"
[ "$blamed" -le $(((count + 19) / 20)) ] || t_bad "a cause of the program's is named in $blamed of $count"
t_done

umount -l "$T/disk/mount" 2>/dev/null
t_end
