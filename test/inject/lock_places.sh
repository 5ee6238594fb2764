#!/bin/bash
# Locks are called by what they lie in: a variable, an object and a place in it, the site that
# allocated their block, a thread's stack.
. "$(dirname "$0")/../lib.sh"
file= # of the last t_record

run() { # OPTIONS PROGRAM ARGS...
	t_record "$@" || return 1
	"$REPORT" locks "$file" --format json >"$T/locks.json" 2>"$T/notes"
}
locks() { # FILTER: over the mutexes somebody waited for
	jq -r "[.locks[] | select(.kind == \"mutex\") | $1] | sort | join(\" \")" "$T/locks.json"
}
# In the order of the probe's lines: place, name, function of the site, offset.
truth() {
	local line want got place name site offset
	while read -r line; do
		read -r place name site offset < <(jq -r \
			'[.place, .case, .site, .offset] | map(if . == "" then "-" else tostring end) | join(" ")' <<<"$line")
		case $place in
		static) got=$(locks "select(.name == \"$name\") | .place") want=static ;;
		block) got=$(locks "select(.place == \"block\" and (.site | map(.function) | any(startswith(\"$site\"))))
				| \"\(.offset)x\(.locks)\"")
			want=${offset}x$([ "$site" = make_book ] && echo 2 || echo 1) ;;
		stack) got=$(locks 'select(.place == "stack") | .stack_of.name') want=lock_places ;;
		*) got=$(locks 'select(.place == "unknown") | .waits') want=2 ;;
		esac
		t_equal "$place $name$site" "$want" "$got"
	done <"$T/run/out"
	t_equal "lines of the probe" 8 "$(wc -l <"$T/run/out")"
}

t_begin "each lock by its place"
run "" "$PROBE/lock_places"
truth
"$REPORT" locks "$file" >"$T/out" 2>&1
for text in 'static_lock (lock_places)' 'stack of lock_places (0x' 'make_book() (2 blocks+0x18, lock' \
	'make_account() (block+0x8, lock'; do
	grep -qF "$text" "$T/out" || t_bad "no '$text'"
done
t_equal "waits for both books" 4 "$(locks 'select(.locks == 2) | .waits')"
t_done

t_begin "perf refused: the same"
run engine=timer "$PROBE/lock_places"
truth
t_done

t_begin "without symbols: object and place in it"
cp "$PROBE/lock_places" "$T/stripped"
strip -s "$T/stripped"
run "" "$T/stripped"
t_equal names "" "$(locks 'select(.name != null) | .name')"
t_equal "static locks" 3 "$(jq '[.locks[] | select(.place == "static" and (.module | endswith("/stripped")))] | length' "$T/locks.json")"
address=$(nm "$PROBE/lock_places" | awk '$3 == "_ZL11static_lock" { print $1 }')
"$REPORT" locks "$file" 2>/dev/null | grep -q "stripped+0x$(sed 's/^0*//' <<<"$address")" || t_bad "not at its place"
t_done

for mode in off sample=1G; do
	t_begin "heap=$mode: not known which site, and said"
	run heap=$mode "$PROBE/lock_places"
	t_equal "locks in blocks" "" "$(locks 'select(.place == "block") | .place')"
	t_equal "static locks" "static static static" "$(locks 'select(.place == "static") | .place')"
	t_equal "unknown" 5 "$(locks 'select(.place == "unknown") | .place' | wc -w)"
	grep -q "have addresses only: heap=${mode%%=*}" "$T/notes" || t_bad "not said: $(cat "$T/notes")"
	t_done
done

t_begin "a forked child: blocks of the parent"
rm -rf "$T/run"
t_preload "$T/run" "" "$PROBE/lock_places" fork
t_equal "records" 2 "$(t_files "$T/run" | wc -l)"
for file in $(t_files "$T/run"); do
	"$REPORT" locks "$file" --format json >"$T/locks.json" 2>/dev/null
	[ "$(locks .waits)" = "" ] && continue
	t_equal inherited 4 "$(locks 'select(.place == "inherited") | .place' | wc -w)"
	t_equal static 3 "$(locks 'select(.place == "static") | .place' | wc -w)"
	t_equal stack 1 "$(locks 'select(.place == "stack") | .place' | wc -w)"
done
t_done
t_end
