#!/bin/bash
# Who ended a wait for a condition, a semaphore, a barrier, a thread: the thread and the call
# site, as often and as long as the program itself saw it; who cannot be known is not guessed.
# alone: waits are compared with the program's own clock, within 2 %
. "$(dirname "$0")/../lib.sh"

run() { # MODE
	t_record "" "$PROBE/wakers" "$1" || return
	"$REPORT" locks "$file" --format json >"$T/locks.json" 2>"$T/err" || t_bad "locks: $(head -1 "$T/err")"
}
agrees() {
	local line
	while read -r line; do
		t_bad "$line"
	done < <(python3 "$TOP/test/wakers_oracle.py" "$T/run/out" "$T/locks.json" 2>&1)
}
wakers() { # KIND FILTER
	jq -r ".locks[] | select(.kind == \"$1\" and .name != \"after\") | $2" "$T/locks.json"
}
shows() { # WORDS
	"$REPORT" locks "$file" 2>/dev/null | tr -s ' \n' ' ' | grep -qE -- "$1" || t_bad "the table does not say: $1"
}

t_begin "a condition signalled by two threads"
run cond
agrees
shows "[0-9]* times by feed \([0-9]*\), its signal in push_feed .*; went on [0-9.]* us later"
t_done
t_begin "C11: signals and broadcasts"
run c11
agrees
t_equal "both are told" "broadcast signal" "$(wakers cond '.wakers | sort_by(.how) | map(.how) | join(" ")')"
t_done
t_begin "a semaphore"
run sem
agrees
shows "[0-9]* times by feed \([0-9]*\), its post in post"
t_equal "it is in waits, once" true "$(t_json '[.sites[] | select(.kind | startswith("sem_"))] |
	(map(.calls) | add) == 60' waits "$file" --idle)"
shows_waits=$("$REPORT" waits "$file" --idle 2>/dev/null | tr -s ' \n' ' ')
grep -q 'woken [0-9]* times by feed ([0-9]*), its post in post' <<<"$shows_waits" || t_bad "waits does not say by whom"
t_done
t_begin "threads that each live for one job are one waker"
run jobs
agrees
t_equal "one row" "job null true" "$(wakers sem '.wakers | map(select(.how == "post")) |
	if length == 1 then .[0] | "\(.name) \(.tid) \(.threads > 30 and .times == .threads)" else length end')"
shows "by [0-9]+ threads called job, their post in post_once"
t_done
t_begin "the last at a barrier"
run barrier
agrees
t_equal "180 waits, none of the last" 180 "$(wakers barrier .waits)"
t_done
t_begin "the end of a thread"
run join
agrees
shows "1 time by the end of slow"
t_done

t_begin "a herd"
run herd
t_equal "60 jobs" "jobs 60" "$(cat "$T/run/out")"
t_equal "said" 1 "$(wakers cond .herd)"
shows "broadcasts woke [34]\.[0-9] threads each, [67][0-9]% waited again at once: a herd"
t_done
t_begin "broadcasts with work for all are none"
run each
t_equal "said" 0 "$(wakers cond .herd)"
t_done

t_begin "another process is not seen"
rm -rf "$T/run"
t_preload "$T/run" "" "$PROBE/wakers" foreign
for one in "$T"/run/*.vprof; do
	"$REPORT" locks "$one" --format json >"$T/locks.json" 2>/dev/null
	[ "$(jq '.locks | length' "$T/locks.json")" = 0 ] && continue
	file=$one
	t_equal "10 waits" "not seen 10 null" "$(wakers sem '.wakers[] | "\(.how) \(.times) \(.name)"')"
	shows "not seen by whom"
done
t_done
t_begin "one of two that both may have done it"
run several
agrees_not=$(wakers sem '[.wakers[] | select(.how == "post") | .name] - ["left", "right"] | length')
t_equal "nobody else" 0 "$agrees_not"
t_equal "all are told" true "$(wakers sem '.waits > 30 and .waits == (.wakers | map(.times) | add)')"
t_done
t_begin "a time that is over is nobody's doing"
run timeout
t_equal "no wakers" "10 null" "$(wakers cond '"\(.timeouts) \(.wakers)"')"
t_done

# The negative control: an oracle that is told of another thread, or function, does not agree.
t_begin "a wrong log is seen"
run sem
for wrong in s/feed/main/ 's/ post / push /' 's/ post [0-9]*/ post 7/'; do
	sed "$wrong" "$T/run/out" >"$T/wrong"
	[ -n "$(python3 "$TOP/test/wakers_oracle.py" "$T/wrong" "$T/locks.json")" ] || t_bad "it agrees with $wrong"
done
t_done

t_end
