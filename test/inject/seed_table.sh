#!/bin/bash
# Every row of the README's table "From the Python toolkit", typed as it stands
# there: for the bundled programs, and with a redis-server as a stranger's
# COMMAND. Only the time a run takes is shortened.
# long: the whole table twice
. "$(dirname "$0")/../lib.sh"

export PATH=$B:$PATH
SECONDS_A_RUN=0.5

# rows: "left cell<TAB>command" for each command in a right cell
rows() {
	awk '/^## /{on = 0} /^## From the Python toolkit/{on = 1}
	on && /^\| / && !/^\| the toolkit/ {
		n = split($0, cell, / \| /)
		if (n != 2) { print "a row with " n " cells\t" $0; next }
		left = substr(cell[1], 3); right = cell[2]
		sub(/ *\|$/, "", right)
		parts = split(right, part, "`")
		for (i = 2; i <= parts; i += 2)
			if (part[i] ~ /^(vprof-|python3 )/) print left "\t" part[i]
	}' "$TOP/README.md"
}
# What is read by label afterwards runs for four seconds: in half of one not
# every indicator meets a sample.
shorter() { # COMMAND
	case $1 in
	"vprof-run --component monitor --symbol BTC/USDT") echo "$1 --duration 4" ;;
	vprof-run*--duration*) sed -E "s/--duration [0-9.]+/--duration $SECONDS_A_RUN/" <<<"$1" ;;
	vprof-run*) sed "s/^vprof-run/& --duration $SECONDS_A_RUN/" <<<"$1" ;;
	*) echo "$1" ;;
	esac
}
newest_results() {
	# shellcheck disable=SC2012
	ls -td profile_results_* | head -n 1
}
expected_records() { # COMMAND
	local programs=2 symbols=1
	case $1 in
	*--component\ all*) ;;
	*--component* | *" -- "*) programs=1 ;;
	esac
	case $1 in
	*--symbols\ *) symbols=$(sed -E 's/.*--symbols (([^- ][^ ]* ?)+).*/\1/' <<<"$1" | wc -w) ;;
	esac
	echo $((programs * symbols))
}
check_run() { # COMMAND
	local dir record
	dir=$(newest_results)
	[ -s "$dir/profiling_summary.md" ] || t_bad "no summary"
	t_equal records "$(expected_records "$1")" "$(find "$dir" -name '*.vprof' | wc -l)"
	for record in "$dir"/*.vprof; do
		[[ $1 == *--skip-cpu* ]] && t_equal "CPU sampling" off \
			"$(t_json .sampling.engine info "$record")"
		[[ $1 == *--skip-memory* ]] && t_equal heap off \
			"$(t_json .sampling.heap_mode info "$record")"
		[[ $1 == *--skip-* ]] && continue
		[ -s "${record%.vprof}.prof" ] || t_bad "no .prof beside $record"
		[ -s "${record%.vprof}.folded" ] || t_bad "no .folded beside $record"
	done
	return 0
}
check_answer() { # COMMAND
	case $1 in
	vprof-run*) check_run "$1" ;;
	*--sort\ calls*) grep -qx ' *Ordered by: calls' answer || t_bad "another order" ;;
	*pstats.Stats*) grep -q 'Ordered by: cumulative time' answer || t_bad "pstats cannot read it" ;;
	*"flat --sort"*)
		grep -q "Ordered by: $(sed -E 's/.*--sort ([a-z]+).*/\1/' <<<"$1")" answer ||
			t_bad "another order" ;;
	*--strip-dirs*) grep -qE '[0-9] +[^ ]*/[^ ]*:[0-9]+\(' answer && t_bad "it has directories" ;;
	*memory.csv*)
		head -n 1 memory.csv | grep -q '^timestamp,rss,vms,shared,data,uss,pss,' || t_bad "no CSV"
		;;
	*--png*) file=$(sed -E 's/.*--png ([^ ]+).*/\1/' <<<"$1")
		t_equal "the picture" "PNG" "$(head -c 4 "$file" | tail -c 3)" ;;
	*"-o "*) [ -s "$(sed -E 's/.*-o ([^ ]+).*/\1/' <<<"$1")" ] || t_bad "nothing written" ;;
	*--label*) grep -qE "^ +- +[0-9.]+" answer || t_bad "no function under this label" ;;
	*labels) [ "$PWD" = "$T/redis" ] || grep -q "^indicator=technical" answer || t_bad "no indicator" ;;
	*) [ -s answer ] || t_bad "it prints nothing" ;;
	esac
}
typed() { # COMMAND
	eval "$1" >answer 2>complaint </dev/null ||
		t_bad "status $?: $(tail -n 2 complaint answer | tr '\n' ' ' | head -c 300)"
	[ -n "$t_bad" ] || check_answer "$1"
}

t_begin "the table has every script and option of the toolkit"
rows >"$T/rows"
while read -r -d, wanted; do
	cut -f1 "$T/rows" | grep -qF -- "$wanted" || t_bad "no row for $wanted"
done <<<"run_profiling.py,--symbols,--duration,--skip-cpu,--skip-memory,--skip-leak-test,\
profile_app.py --main,--module,--analyze,profile_market_monitor.py --symbol,per indicator,\
profile_memory.py --component monitor,--component all,--leak-test,CUMULATIVE,TIME,CALLS,\
strip_dirs,pstats.Stats,snakeviz,gprof2dot,CSV,PNG,steady increase,spikes,high baseline,"
t_done

mkdir "$T/bundled" "$T/redis"
cd "$T/bundled" || exit 1
while IFS=$'\t' read -r left command; do
	t_begin "$left: $command"
	typed "$(shorter "$command")"
	t_done
done <"$T/rows"

# A stranger's program, with something to do while it is profiled.
cd "$T/redis" || exit 1
t_begin "redis-server"
if ! t_need redis-server redis-benchmark; then
	t_end
fi
t_ok
(while :; do redis-benchmark -s "$T/redis.sock" -n 5000 -q -t set,get,lpush; sleep 0.05; done) \
	>/dev/null 2>&1 &
t_pids=$!
server="redis-server --port 0 --unixsocket $T/redis.sock --dir $T/redis --save '' --syslog-ident '{symbol}'"
declare -A done_already
while IFS=$'\t' read -r left command; do
	command=$(shorter "$command")
	case $command in
	*--label*) continue ;; # redis-server sets no labels
	vprof-run*--symbol*)
		command="$(sed -E 's/--component [a-z]+ ?//' <<<"$command") -- $server" ;;
	vprof-run*)
		command="$(sed -E 's/--component [a-z]+ ?//' <<<"$command") -- ${server% --syslog*}" ;;
	esac
	[ -z "${done_already[$command]-}" ] || continue
	done_already[$command]=1
	t_begin "redis-server: $left: ${command%% -- *}"
	typed "$command"
	t_done
done <"$T/rows"

t_end
