#!/bin/bash
# A run that writes 20 times what the ring holds: the file stays at its size,
# the totals stay exact, info says how much history was overwritten.
# alone: it fills a ring at 20,000 samples a second
. "$(dirname "$0")/../lib.sh"

# Two threads at 10,000 Hz write 32 bytes a sample; the ring is the eighth part
# of a file of 1 MiB.
t_begin "totals and size"
t_preload "$T/none" size=1M:cpu=10000 "$PROBE/many_sites" 2 0
largest=0
# A machine that does much else gives less CPU time: then once more, longer.
for seconds in 12 90; do
	rm -rf "$T/run"
	mkdir "$T/run"
	(
		cd "$T/run" || exit
		timeout -k 5 120 env VPROF_OPTIONS=size=1M:cpu=10000 "LD_PRELOAD=$LIB" \
			"$PROBE/many_sites" 2 $seconds >out 2>err
		echo $? >status
	) &
	run=$!
	while kill -0 $run 2>/dev/null; do
		for file in $(t_files "$T/run"); do
			size=$(stat -c %s "$file" 2>/dev/null || echo 0)
			[ "$size" -le $largest ] || largest=$size
		done
		sleep 0.5
	done
	wait $run
	file=$(t_file "$T/run") &&
		[ "$(t_json '.history | .blocks_reserved / .blocks_capacity | floor' info "$file")" -ge 20 ] && break
done
t_equal status 0 "$(cat "$T/run/status")"
if file=$(t_file "$T/run") && none=$(t_file "$T/none"); then
	t_equal "largest file size seen" 1048576 "$largest"
	size=$(stat -c %s "$file")
	[ "$size" -le 1048576 ] || t_bad "file of $size bytes"
	for key in allocs frees; do
		t_equal $key "$(jq .$key "$T/run/out")" \
			$(($(t_heap "$file" $key) - $(t_heap "$none" $key)))
	done
	"$REPORT" info "$file" >"$T/info" 2>&1
	grep -Eiq 'overwrit|wrapped' "$T/info" ||
		t_bad "info does not speak of overwritten history"
	# events written against events the ring can hold, where info tells
	times=$(t_json '.history | .blocks_reserved / .blocks_capacity | floor' info "$file")
	[ "$times" -ge 20 ] || t_bad "the ring was written only $times times over"
	t_equal "wrapped" true "$(t_json .history.wrapped info "$file")"
	[ "$(t_json .history.blocks_overwritten info "$file")" -gt 0 ] || t_bad "no block counted as overwritten"
	for command in summary flat tree heap timeline threads; do
		"$REPORT" $command "$file" >/dev/null 2>"$T/answer.err" ||
			t_bad "$command: $(head -1 "$T/answer.err")"
	done
else
	t_bad "no ring file"
fi
t_done
t_end
