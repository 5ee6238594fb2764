#!/bin/bash
# The two bundled programs, bare: they need no profiler, do what their help says, and
# say in one line what they cannot do.
. "$(dirname "$0")/../lib.sh"

program_of() {
	echo "$B/$1"
}
# has FILE PATTERN: a line of the output matches
has() {
	grep -Eq -- "$2" "$T/run/$1" ||
		t_bad "no /$2/ in $1: '$(tail -n 4 "$T/run/$1" | tr '\n' ' ' | head -c 400)'"
}
run() { # PROGRAM ARGS...
	local program
	program=$(program_of "$1")
	shift
	rm -rf "$T/run"
	t_run "$T/run" "$program" "$@"
}
status_is() {
	t_equal status "$1" "$(cat "$T/run/status")"
}

t_begin "monitor runs for its duration"
run monitor --duration 2 --report-every 0.7
status_is 0
has out '^\| BTC/USDT +[0-9.]+ +t=[0-9.]+ s'
for face in confluence orderflow orderbook technical price_structure volume sentiment; do
	has out "^\\| $face +[0-9]+\\.[0-9] +\\[#*\\.*\\] +[0-9]+%"
done
has out '^feed: [1-9][0-9]* rows, 0 bad, '
has out '^book: [1-9][0-9]* updates, 0 crossed, 0 gaps, 0 stale$'
has out '^monitor: 1 symbols, [1-9][0-9]* messages, [1-9][0-9]* cycles, [1-9][0-9]* analyses, '
has out '^time: ([2-9]|[1-9][0-9])\.[0-9]+ s, '
t_equal boxes 3 "$(grep -c '^| BTC/USDT ' "$T/run/out")"
t_done

t_begin "virtuoso runs for its duration"
run virtuoso --symbol SOL/USDT --duration 2
status_is 0
has out '^SOL/USDT +[0-9.]+ +position [-+][0-9.]+ +fills [1-9]'
has out '^reports: [1-9][0-9]* new, [1-9][0-9]* filled, [1-9][0-9]* cancelled, '
has out '^virtuoso: 1 symbols, [1-9][0-9]* events, 0 bad, [1-9][0-9]* books, '
has out '^strategy: [1-9][0-9]* decisions, [0-9]+ late, [1-9][0-9]* requests, '
has out '^pnl: [-+][0-9]+\.[0-9]{2} USDT$'
t_equal stderr "" "$(cat "$T/run/err")"
t_done

for program in monitor virtuoso; do
	# What takes time is left out; all else must be the same twice.
	t_begin "$program repeats itself at speed 0"
	for again in first second; do
		run $program --speed 0 --duration 2 --symbol SOL/USDT --symbol ETH/USDT
		status_is 0
		grep -v '^time: ' "$T/run/out" >"$T/$again"
	done
	cmp -s "$T/first" "$T/second" || t_bad "the runs differ"
	[ -s "$T/first" ] || t_bad "no output"
	t_done

	t_begin "$program starts the feed over"
	run $program --speed 300 --duration 1 --quiet
	status_is 0
	has out '(, [1-9][0-9]* passes, | books, )(1[2-9][0-9]|[2-9][0-9]{2}|[0-9]{4,})\.[0-9] s replayed'
	t_done

	for signal in INT TERM; do
		t_begin "$program ends cleanly on SIG$signal"
		rm -rf "$T/run"
		mkdir "$T/run"
		# env gives back the default that a background job of a script loses
		env --default-signal=INT "$(program_of $program)" --duration 60 --quiet \
			>"$T/run/out" 2>"$T/run/err" </dev/null &
		pid=$!
		t_pids=$pid
		sleep 0.5
		kill -$signal $pid
		wait $pid
		echo $? >"$T/run/status"
		t_pids=
		status_is 0
		has out "^$program: 1 symbols, [1-9]"
		t_done
	done

	t_begin "$program --help and --version"
	run $program --help
	status_is 0
	has out '^ +-s, --symbol=NAME '
	run $program --version
	status_is 0
	has out "^$program [0-9]+\\.[0-9]+"
	t_done

	while IFS='|' read -r pattern arguments; do
		t_begin "$program $arguments"
		# shellcheck disable=SC2086
		run $program $arguments
		status_is 1
		t_equal "lines on stderr" 1 "$(wc -l <"$T/run/err")"
		t_equal stdout "" "$(cat "$T/run/out")"
		has err "^$program: .*$pattern"
		t_done
	done <<-'END'
		unknown symbol 'FOO/BAR'|--symbol FOO/BAR
		missing\.csv: No such file|--feed missing.csv
		'--nonsense'|--nonsense
		'--speed'|--speed
		not 'fast'|--speed fast
		not '0'|--duration 0
		unexpected argument 'BTC'|BTC
		not 'bug'|--plant bug
	END
done

# What a planted bug did is printed by the program itself.
while read -r program bug place verb; do
	t_begin "$program --plant $bug"
	run $program --speed 0 --duration 2
	grep -v '^time: ' "$T/run/out" >"$T/first"
	rm -rf "$T/run"
	t_preload "$T/run" "" "$(program_of $program)" --speed 0 --duration 2 --plant "$bug"
	status_is 0
	grep -v '^time: \|^planted: ' "$T/run/out" | cmp -s - "$T/first" ||
		t_bad "it says something else about the markets"
	file=$(t_file "$T/run")
	if [ "$bug" = hotloop ]; then
		t_equal "first row of flat" "$place plant.c" \
			"$(t_json '.functions[0] | .function + " " + (.file | sub(".*/"; ""))' flat "$file")"
	else
		# the last one forgotten is not counted by the program
		t_equal "blocks at plant.c" "$(sed -n 's/^planted: \([0-9]*\) blocks, .*/\1/p' "$T/run/out")" \
			"$(t_json '[.sites[] | select(.frames[0].file // "" | endswith("/plant.c"))
				| select(.frames[0].function == "'"$place"'") | .live_blocks] | add' \
				heap "$file" | awk -v less="$verb" '{ print $1 - less }')"
	fi
	t_done
done <<'END'
monitor leak forget_message 1
monitor cache remember_message 0
monitor hotloop compare_prices
virtuoso leak forget_request 1
virtuoso cache remember_request 0
virtuoso hotloop add_up_prefixes
END

t_begin "the feed is what its generator writes"
if t_need cc; then
	cc -O2 -o "$T/mkfeed" "$TOP/examples/feed/mkfeed.c" -lm && "$T/mkfeed" >"$T/market.csv"
	cmp -s "$T/market.csv" "$TOP/examples/feed/market.csv" || t_bad "the files differ"
	t_done
fi

t_end
