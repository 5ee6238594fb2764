#!/bin/bash
# A thread that waited, one that was runnable and did not run, and one that spins are three
# things, in numbers and in words; each thread's start function is known.
# alone: a thread that spins must have a CPU
. "$(dirname "$0")/../lib.sh"
file= # of the last t_record

# of NAME FIELD: of the threads of that name
of() {
	t_json "[.threads[] | select(.name == \"$1\") | .$2] | unique | map(tostring) | join(\",\")" \
		threads "$file"
}
run() { # OPTIONS ARGS...
	t_record "$1" "$PROBE/thread_times" "${@:2}"
}

# The clocks around a line of the probe see a little more or less than the thread's life.
runq() { # NAME OPTIONS
	local delay wall got
	t_begin "$1"
	if run "$2" runq 400; then
		delay=$(jq .run_delay_ns "$T/run/out")
		wall=$(jq .wall_ns "$T/run/out")
		got=$(of thread_times run_delay_ns)
		# what its life is longer than what the probe's clocks saw it may have been waiting, too
		t_near "run delay, ms" "$((delay / 1000000))" "$((got / 1000000))" \
			"$((($(of thread_times wall_ns) - wall) / 1000000 + 20))"
		# three of four parts; whoever else is here takes some of the rest
		[ $((delay * 100 / wall)) -ge 55 ] || t_bad "the rivals did not take the CPU"
		t_equal mostly runnable "$(of thread_times mostly)"
		"$REPORT" summary "$file" >"$T/summary" 2>&1
		grep -q 'thread_times was runnable and did not run for' "$T/summary" ||
			t_bad "no such hint: $(grep -A9 'look at first' "$T/summary" | tr '\n' ' ')"
		grep -q 'waited most of the time' "$T/summary" && t_bad "said to have waited"
		grep -q '([0-9]*% runnable)' "$T/summary" || t_bad "not in the line of threads"
	fi
	t_done
}
runq "runnable, and did not run" follow_fork=off
runq "the same, timer engine" engine=timer:follow_fork=off
runq "the same without CPU samples" cpu=off:heap=off:follow_fork=off

# ran NAME WORD: what is said of it if it had a CPU most of its life, as it wanted
ran() {
	local share
	share=$(($(of "$1" cpu_ns) * 100 / $(of "$1" wall_ns)))
	if [ "$share" -ge 90 ]; then
		t_equal "$1" "$2" "$(of "$1" mostly)"
	elif [ "$share" -ge 55 ]; then
		t_equal "$1, kept from running a little" busy "$(of "$1" mostly)"
	elif [ "$share" -le 45 ]; then
		t_equal "$1, kept from running" runnable "$(of "$1" mostly)"
	fi
}
kinds() { # NAME OPTIONS SPINS
	local line name start voluntary involuntary mostly got
	t_begin "$1"
	run "$2" kinds || { t_done; return; }
	while read -r line; do
		read -r name start voluntary involuntary < <(jq -r \
			'"\(.name) \(.start) \(.voluntary) \(.involuntary)"' <<<"$line")
		t_equal "start of $name" "$start" "$(of "$name" start_function)"
		case $name in
		short_*) continue ;; # there are several of each
		esac
		# its end costs it a lock or two
		got=$(of "$name" switches.voluntary)
		t_near "voluntary switches of $name" "$voluntary" "$got" $((voluntary / 50 + 3))
		got=$(of "$name" switches.involuntary)
		t_near "involuntary switches of $name" "$involuntary" "$got" $((involuntary / 50 + 3))
		t_near "CPU time of $name, ms" "$(jq '.cpu_ns / 1000000 | floor' <<<"$line")" \
			"$(($(of "$name" cpu_ns) / 1000000))" 3
		t_near "life of $name, ms" "$(jq '.wall_ns / 1000000 | floor' <<<"$line")" \
			"$(($(of "$name" wall_ns) / 1000000))" 5
	done <"$T/run/out"
	t_equal "start of main" main "$(of thread_times start_function)"
	t_equal sleeper waited "$(of sleeper mostly)"
	t_equal main waited "$(of thread_times mostly)"
	ran worker busy
	ran spinner "$3"
	ran pauser "$3"
	# what is left when the thread ends after the last reading: a tick at most
	[ "$(of sleeper unsplit_ns)" -le 150000000 ] || t_bad "sleeper: $(of sleeper unsplit_ns) ns not split"
	t_equal "nothing of a thread that never waited is open" 0 "$(of short_worker unsplit_ns)"
	t_equal "short threads" "5 5" "$(t_json '[.threads[] | select(.name | startswith("short_")) | .name]
		| group_by(.) | map(length) | join(" ")' threads "$file")"
	# 3 ms of sleep each, which ended before anybody looked
	t_equal "short sleepers that slept" 5 "$(t_json '[.threads[] | select(.name == "short_sleeper")
		| select(.unsplit_ns + .waited_ns > 2500000 and .switches.voluntary >= 1)] | length' threads "$file")"
	t_done
}
kinds "waits, spins, computes" "" spins
kinds "the same, timer engine" engine=timer spins
kinds "without samples nothing is said to spin" cpu=off busy

# A thread that spins must get a CPU to be seen to.
t_begin "the spinner's evidence"
if t_is_root && command -v chrt >/dev/null; then
	rm -rf "$T/run"
	t_run "$T/run" chrt -r 10 env "LD_PRELOAD=$LIB" "$PROBE/thread_times" kinds
	file=$(t_file "$T/run")
else
	run "" kinds
fi
if [ "$(of spinner mostly) $(of pauser mostly)" = "spins spins" ]; then
t_equal caller ask_the_clock "$(of spinner spins.caller)"
t_equal "what it asks" pause "$(of pauser spins.asks)"
t_equal "where" pause_a_while "$(of pauser spins.caller)"
"$REPORT" threads "$file" >"$T/threads" 2>&1
grep -q '[0-9] spinner spins: .* of samples ask clock_gettime, in ask_the_clock' "$T/threads" ||
	t_bad "not said: $(head -20 "$T/threads" | tr '\n' ' ')"
"$REPORT" summary "$file" 2>&1 | grep -qE '(spinner|pauser).* spins: of .* on a CPU it asks ' || t_bad "no hint"
t_done
else
	t_skip "the machine has no CPU for them: $(of spinner mostly), $(of pauser mostly)"
fi

t_begin "the tables fit 80 columns"
COLUMNS=80 "$REPORT" threads "$file" 2>/dev/null | awk 'length > 80' >"$T/wide"
[ ! -s "$T/wide" ] || t_bad "wider: $(head -1 "$T/wide")"
t_done

t_begin "a child forked by a thread began where that did"
rm -rf "$T/run"
t_preload "$T/run" "" "$PROBE/thread_times" fork
file=$T/run/thread_times.$(jq .child "$T/run/out").vprof
t_equal start run_forker "$(of thread_times start_function)"
t_done

# The text of a /proc that numbers threads otherwise is not taken for theirs.
if t_is_root && t_need unshare; then
	t_begin "another namespace of processes: the main thread's run delay is known"
	rm -rf "$T/run"
	mkdir -p "$T/run"
	t_run "$T/run" unshare --pid --fork env VPROF_OPTIONS=follow_fork=off "LD_PRELOAD=$LIB" \
		"$PROBE/thread_times" kinds
	t_equal status 0 "$(cat "$T/run/status")"
	file=$(t_file "$T/run")
	t_equal main waited "$(t_json '.threads[] | select(.start_function == "main") | .mostly' threads "$file")"
	# Of the others only what they told themselves: a sleeper's time off the CPU is open.
	t_near "open of the sleeper, ms" "$(($(of sleeper wall_ns) / 1000000))" \
		"$(($(of sleeper unsplit_ns) / 1000000))" 20
	t_equal "not waited, as nobody knows" null "$(of sleeper mostly)"
	ran worker busy
	t_done
fi
if t_is_root && t_need unshare mount; then
	t_begin "no /proc: not known, and said"
	rm -rf "$T/run"
	mkdir -p "$T/run"
	t_run "$T/run" unshare -m sh -c "mount -t tmpfs none /proc &&
		exec env VPROF_OPTIONS=follow_fork=off LD_PRELOAD='$LIB' '$PROBE/thread_times' kinds"
	t_equal status 0 "$(cat "$T/run/status")"
	file=$(t_file "$T/run")
	t_equal main null "$(of thread_times run_delay_ns)"
	"$REPORT" threads "$file" 2>&1 | grep -q 'run delay of threads is not known' || t_bad "not said"
	t_done
fi
t_end
