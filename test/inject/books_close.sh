#!/bin/bash
# Books close: each class of each thread is within 2 % or 2 ms of what the thread measured
# for itself, by an account of its own, in 21 programs; what nobody told is within 1 % or 1 ms.
# With perf_event_open refused, too, as nobody at perf_event_paranoid 2 and 3; perf sched is
# of the same opinion.
# alone: it holds waits to 2 ms
# long: 22 programs, three ways
. "$(dirname "$0")/../lib.sh"

COMPARE=$(dirname "$0")/books_close.py
PROGRAMS="sleeps ping_pong reads locks rwlocks pool semaphores rivals nice19 faults raw uring epolls
	polls many forked brief files sockets signals paused"
TRIES=4 # another process, or the hypervisor, takes the CPU now and then

# What a record says against what the probe printed; for `forked` the child's lines are its own.
verdict() { # DIR LAYERS PROGRAM
	local file truth=$1/out say
	for file in $(t_files "$1"); do
		if [ "$3" = forked ]; then
			truth=$1/truth
			if [ "$(t_json '[.threads[].name] | any(. == "child")' threads "$file")" = true ]; then
				grep -E '^(child|nap)' "$1/out" >"$truth"
			else
				grep -vE '^(child|nap)' "$1/out" >"$truth"
			fi
		fi
		"$REPORT" threads "$file" --format json >"$1/threads.json" 2>"$1/report.err" ||
			echo "threads failed: $(head -1 "$1/report.err")"
		say=$("$PYTHON" "$COMPARE" "$truth" "$1/threads.json" "$2") || say="comparing failed"
		echo "$say"
	done | grep -v '^$'
}

one() { # WAY LAYERS PROGRAM COMMAND...: until its books close, TRIES times
	local way=$1 layers=$2 program=$3 bad="" try stolen quiet=0
	shift 3
	t_begin "$program, $way"
	for ((try = 0; try < TRIES; try++)); do
		rm -rf "$T/run"
		mkdir -m 777 "$T/run"
		stolen=$(t_stolen)
		"$@" "$PROBE/books_close" "$program"
		if [ "$(cat "$T/run/status")" = 77 ]; then
			t_skip "no io_uring here"
			return
		fi
		bad=$(verdict "$T/run" "$layers" "$program")
		[ -z "$(t_files "$T/run")" ] && bad="no record: $(head -1 "$T/run/err")"
		[ -z "$bad" ] && break
		[ "$(t_stolen)" != "$stolen" ] || ((quiet++))
	done
	if [ -n "$bad" ] && [ $quiet = 0 ]; then
		t_skip "the hypervisor took CPU time in each of $TRIES runs: $bad"
		return
	fi
	[ -z "$bad" ] || t_bad "$bad"
	t_done
}

plain() { t_preload "$T/run" "" "$@"; }
no_perf() { t_run "$T/run" env REFUSED_PRELOAD="$LIB" "$PROBE/refused" 1 298 "$@"; }
as_nobody() {
	t_run "$T/run" setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		env LD_PRELOAD="$LIB" "$@"
}

for program in $PROGRAMS; do
	one "as root" switches "$program" plain
	one "perf refused" calls "$program" no_perf
done

# It gives up, is counted, and its books still close.
t_begin "more than 5,000 switches a second"
plain "$PROBE/books_close" often
if file=$(t_file "$T/run"); then
	"$REPORT" threads "$file" --format json >"$T/threads.json" 2>"$T/err"
	t_equal "books without records" 2 "$(jq '[.threads[] | select(.books != null)
		| select(.books.layers | index("switches") | not)] | length' "$T/threads.json")"
	t_equal "closed within 4 %" true "$(jq '[.threads[].books | select(. != null)
		| (.residual_ns | fabs) < .recorded_ns * 0.04] | all' "$T/threads.json")"
	t_equal "said" 1 "$(grep -c 'come from calls and run delay' "$T/err")"
	"$REPORT" info "$file" >"$T/info"
	grep -q '^lost.* 2 threads' "$T/info" || t_bad "info: $(grep '^lost' "$T/info")"
fi
t_done

# The control: a thread that claims to have slept for what it did not is found out.
t_begin "a wrong account does not close"
rm -rf "$T/run"
mkdir "$T/run"
plain "$PROBE/books_close" sleeps
file=$(t_file "$T/run") && "$REPORT" threads "$file" --format json >"$T/threads.json"
awk '{ $5 -= 50000000; $6 += 50000000; print }' "$T/run/out" >"$T/wrong"
"$PYTHON" "$COMPARE" "$T/wrong" "$T/threads.json" switches | grep -q 'paced .* planted' ||
	t_bad "nobody noticed"
jq '.threads |= map(if .books then .books.residual_ns = 90000000 else . end)' "$T/threads.json" \
	>"$T/open.json"
"$PYTHON" "$COMPARE" "$T/run/out" "$T/open.json" switches | grep -q 'rest 90' ||
	t_bad "a rest of 90 ms passed"
t_done

# The kernel's own opinion: what each thread waited, with the delay of its wake-ups.
# sched_says: "THEIRS OURS", nanoseconds off the CPU; nothing where perf sched does not work
sched_says() {
	local file theirs
	rm -rf "$T/run"
	mkdir "$T/run"
	(cd "$T/run" && exec env LD_PRELOAD="$LIB" perf sched record -q -o sched.data -- \
		"$PROBE/books_close" locks >out 2>err)
	file=$(find "$T/run" -name 'books_close.*.vprof')
	perf sched timehist -i "$T/run/sched.data" --pid "$(basename "$file" .vprof | tr -dc '[:digit:]')" \
		2>/dev/null >"$T/hist"
	grep -q books_close "$T/hist" && [ -f "$file" ] || return
	# perf may lose events, and says nothing of it: 40 pauses there are.
	[ "$(grep -c ' holder\[' "$T/hist")" -ge 40 ] || return
	"$REPORT" threads "$file" --format json 2>/dev/null >"$T/threads.json"
	# ... holder[12/11]  wait sch-delay run, in ms
	# A thread's last time on a CPU, from which it does not come back, has no line in some versions,
	# and with it goes the short pause before: 20 of each kind there are.
	theirs=$(awk '$3 ~ /^holder/ { sum += $4 + $5 } $3 ~ /^holder/ && $4 > 1 && $4 < 10 { short += $4 + $5; n++ }
		END { printf "%.0f", (sum + (n == 19 ? short / n : 0)) * 1e6 }' "$T/hist")
	echo "$theirs $(jq '[.threads[] | select(.name == "holder").books | .paced_ns + .lock_ns + .blocked_ns
		+ .idle_ns + .preempted_ns + .unhooked_ns] | add' "$T/threads.json")"
}
t_begin "perf sched agrees"
if t_need perf; then
	quiet=0
	for ((try = 0; try < TRIES; try++)); do # perf loses events of its own
		stolen=$(t_stolen)
		read -r theirs ours <<<"$(sched_says)"
		[ -n "${theirs:-}" ] || continue
		allowed=$((theirs / 100 > 2000000 ? theirs / 100 : 2000000))
		[ $((theirs - ours)) -gt $((-allowed)) ] && [ $((theirs - ours)) -lt $allowed ] && break
		[ "$(t_stolen)" != "$stolen" ] || ((quiet++))
	done
	if [ -z "${theirs:-}" ]; then
		t_skip "perf sched does not work here, or lost events"
	elif [ $try = $TRIES ] && [ $quiet = 0 ]; then
		t_skip "the hypervisor took CPU time in each of $TRIES runs: $theirs, $ours ns"
	else
		t_near "off the CPU, ns" "$theirs" "$ours" "$allowed"
		t_done
	fi
fi

t_begin "as nobody"
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
if [ "$(id -u)" = 0 ] && chmod a+x "$T" && echo 2 2>/dev/null >/proc/sys/kernel/perf_event_paranoid; then
	t_ok
	trap 'echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid; t_cleanup' EXIT
	for program in sleeps locks raw epolls; do
		one "as nobody, paranoid 2" switches "$program" as_nobody
	done
	echo 3 >/proc/sys/kernel/perf_event_paranoid
	rm -rf "$T/run"
	mkdir -m 777 "$T/run"
	as_nobody "$PROBE/books_close" sleeps
	layers=calls # a kernel that knows no 3 takes it for a 2
	"$REPORT" info "$(t_files "$T/run" | head -1)" | grep -q '^engine *perf' && layers=switches
	for program in sleeps locks epolls; do
		one "as nobody, paranoid 3" $layers "$program" as_nobody
	done
	echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid
else
	t_skip "not root, or perf_event_paranoid cannot be set"
fi
t_end
