#!/bin/bash
# The example exchange: its streams, answers, orders and faults, what it does with clients that
# do not read, what it says to bad input; and under the library: no leak, no stall of its own.
. "$(dirname "$0")/../lib.sh"

EXCHANGE=$B/exchange
# serve ARGS...: starts it; $port and $pid are its port and process
serve() {
	local i
	rm -rf "$T/run"
	mkdir "$T/run"
	(cd "$T/run" && exec "${serve_by[@]}" "$EXCHANGE" "$@" >out 2>err </dev/null) &
	pid=$!
	t_pids=$pid
	for ((i = 0; i < 200; i++)); do
		port=$(sed -n 's/^exchange: listening on 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$T/run/out" 2>/dev/null)
		[ -z "$port" ] || return 0
		sleep 0.05
	done
	t_bad "it does not listen: $(head -c 300 "$T/run/err")"
}
serve_by=(env --default-signal=INT)
# end [SIGNAL]: ends it, cleanly
end() {
	kill "-${1:-TERM}" "$pid"
	wait "$pid"
	t_equal status 0 $?
	t_pids=
	grep -q '^exchange: [0-9]* clients, ' "$T/run/out" || t_bad "no last line"
	t_equal stderr "" "$(head -c 300 "$T/run/err")"
}
drive() {
	local said
	said=$(timeout 60 $PYTHON "$TOP/test/exchange_drive.py" "$1" "$port" "${@:2}" 2>&1) ||
		said="$said (status $?)"
	[ -z "$said" ] || t_bad "$1: $(tail -c 500 <<<"$said")"
}

t_begin "streams, answers and orders"
serve --speed 0 --symbol BTC/USDT --symbol SOL/USDT
for case in streams books_agree answers orders; do drive $case; done
end
t_done

serve --speed 0
for fault in gap duplicate reorder crossed restart close reset malformed hostile silence frame; do
	t_begin "fault on request: $fault"
	drive fault $fault
	t_done
done
t_begin "it is well after all faults"
drive listen 0.5
end INT
t_done

t_begin "faults of every connection"
serve --speed 0 --inject gap:50 --inject malformed:70 --quiet
said=$($PYTHON - "$TOP/test" "$port" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import json, ws
client = ws.Client(int(sys.argv[2]))
client.ask(op="subscribe", args=["orderbook.50.BTCUSDT"])
gaps = malformed = last = 0
for _ in range(2000):
    try:
        u = json.loads(client.text()).get("data", {}).get("u", 0)
    except (ValueError, AttributeError):
        malformed += 1
        continue
    gaps += last and u > last + 1
    last = u or last
print(gaps > 30, malformed > 10)
END
)
t_equal "gaps and malformed" "True True" "$said"
kill $pid && wait $pid
t_pids=
t_done

t_begin "the same seed, the same messages"
for seed in 7 7 8; do
	serve --speed 0 --seed $seed --symbol BTC/USDT
	$PYTHON "$TOP/test/exchange_drive.py" digest "$port" 3000
	end
done >"$T/digests"
t_equal "different sums of three" 2 "$(sort -u "$T/digests" | wc -l)"
t_equal "the second" "$(sed -n 1p "$T/digests")" "$(sed -n 2p "$T/digests")"
t_done

t_begin "a client that does not read: market time waits"
serve --speed 0 --symbol BTC/USDT
drive slow "$pid" waits
end
t_done
t_begin "a client that does not read: it is closed"
serve --speed 1000 --symbol BTC/USDT
drive slow "$pid" closed
grep -q ' 0 too slow' "$T/run/out" && t_bad "nobody was too slow"
end
t_done

t_begin "a recording"
serve --speed 0 --feed "$TOP/examples/feed/market.csv"
drive listen 0.5
drive fault gap
end
t_done

t_begin "only this machine can connect"
serve
t_equal address "0100007F:$(printf %04X "$port")" \
	"$(awk -v port="$(printf %04X "$port")" '$4 == "0A" && $2 ~ ":" port "$" { print $2 }' /proc/net/tcp /proc/net/tcp6)"
end
t_done

# says PATTERN ARGS...: it says this in one line, and ends with 1
says() {
	local pattern=$1
	shift
	t_begin "exchange $*"
	rm -rf "$T/run"
	t_run "$T/run" "$EXCHANGE" "$@"
	t_equal status 1 "$(cat "$T/run/status")"
	t_equal "lines on stderr" 1 "$(wc -l <"$T/run/err")"
	t_equal stdout "" "$(cat "$T/run/out")"
	grep -Eq "^exchange: .*$pattern" "$T/run/err" || t_bad "it says '$(head -c 200 "$T/run/err")'"
	t_done
}
printf 'ts_ms,symbol,type,side,price,size,seq\nrubbish\n' >"$T/bad.csv"
: >"$T/empty.csv"
says "unknown symbol 'FOO/BAR'" --symbol FOO/BAR
says "unknown symbol 'XRP/USDT': not in " --feed "$TOP/examples/feed/market.csv" --symbol XRP/USDT
says "missing\.csv: No such file" --feed missing.csv
says "no market data in it, line 2" --feed "$T/bad.csv"
says "no market data in it" --feed "$T/empty.csv"
says "'--nonsense'" --nonsense
says "not '99999'" --port 99999
says "not 'x'" --port x
says "wants gap, .* not 'flood'" --inject flood
says "not 'gap:x'" --inject gap:x
says "not 'fast'" --speed fast
says "unexpected argument 'BTC'" BTC

t_begin "a port that is taken"
serve --port 0
taken=$port
rm -rf "$T/second"
t_run "$T/second" "$EXCHANGE" --port "$taken"
t_equal status 1 "$(cat "$T/second/status")"
t_equal stderr "exchange: cannot listen on 127.0.0.1:$taken: Address already in use" "$(cat "$T/second/err")"
t_equal stdout "" "$(cat "$T/second/out")"
end
t_done

t_begin "rows that are malformed are left out, in one line"
sed '5s/,/;/; 9s/.*/x/' "$TOP/examples/feed/market.csv" >"$T/holes.csv"
serve --feed "$T/holes.csv" --quiet
t_equal stderr "exchange: $T/holes.csv: 2 malformed rows are left out, the first is line 5" "$(cat "$T/run/err")"
kill $pid && wait $pid
t_pids=
t_done

t_begin "under the library: no leak, no stall that is its own"
serve_by=(env --default-signal=INT "LD_PRELOAD=$LIB" "VPROF_OUT=$T/exchange.vprof")
serve --speed 0 --symbol BTC/USDT
for fault in gap restart malformed hostile close reset; do drive fault $fault; done
drive orders
drive listen 2
end
t_equal leaks clean "$(t_json .verdict leaks "$T/exchange.vprof")"
t_equal loops 1 "$(t_json '.loops | length' loop "$T/exchange.vprof")"
t_equal "stalls in its code" 0 \
	"$(t_json '[.loops[].stalls[] | select(.class == "your code")] | length' loop "$T/exchange.vprof")"
t_done
t_end
