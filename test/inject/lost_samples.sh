#!/bin/bash
# Samples that nobody took are counted as lost: a helper that is kept from running makes
# a record with few of them, and the record says so.
# alone: a real-time thread takes a CPU from everybody
. "$(dirname "$0")/../lib.sh"

# account DIR: what was taken and what was lost make up what was to be expected
account() {
	local file got lost expected
	t_equal status 0 "$(cat "$1/status")"
	file=$(t_file "$1") || { t_bad "no one record"; return; }
	got=$(t_json .sampling.samples info "$file")
	lost=$(t_json .lost.samples info "$file")
	expected=$(t_json .sampling.samples_expected info "$file")
	[ $((expected)) -ge 200 ] || t_bad "only $expected samples were to be expected"
	[ $(((got + lost) * 100)) -ge $((expected * 74)) ] ||
		t_bad "$got taken and $lost lost of $expected"
	if [ "$lost" -gt 0 ]; then
		"$REPORT" info "$file" | grep -q "lost.*$lost CPU sample" || t_bad "info is silent"
		"$REPORT" summary "$file" | grep -q "$lost CPU sample" || t_bad "summary is silent"
	fi
}

for engine in perf timer; do
	t_begin "$engine: a program as any other"
	t_preload "$T/plain.$engine" engine=$engine "$PROBE/starved" 0
	account "$T/plain.$engine"
	t_done

	t_begin "$engine: real-time threads on the only CPU"
	t_run "$T/fifo.$engine" chrt -f 50 taskset -c 0 env LD_PRELOAD="$LIB" \
		VPROF_OPTIONS=engine=$engine "$PROBE/starved" 0
	if grep -q "failed to set pid" "$T/fifo.$engine/err"; then
		t_skip "no real-time priority to be had"
	else
		account "$T/fifo.$engine"
		t_done
	fi

	t_begin "$engine: it makes itself so"
	t_preload "$T/self.$engine" engine=$engine "$PROBE/starved" 1
	if [ "$(cat "$T/self.$engine/status")" = 77 ]; then
		t_skip "no real-time priority to be had"
	else
		account "$T/self.$engine"
		t_done
	fi
done
t_end
