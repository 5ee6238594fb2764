#!/bin/bash
# The example exchange and the book of the example programs as others see them: npm's bybit-api
# connects to the one, npm's orderbooks keeps the book that the other keeps, after each of 100,000
# messages with gaps, restarts, duplicates, reordered and crossed ones.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-consumers.sh"

t_begin "bybit-api and orderbooks"
c_npm bybit-api@4.7.7 orderbooks@1.1.14 || t_end
t_ok
MODULES=$NPM/node_modules
serve() {
	local i
	"$B/exchange" --speed 0 --symbol BTC/USDT --quiet >"$T/out" 2>&1 </dev/null &
	t_pids=$!
	for ((i = 0; i < 200; i++)); do
		port=$(sed -n 's/^exchange: listening on .*:\([0-9]*\)$/\1/p' "$T/out" 2>/dev/null)
		[ -z "$port" ] || return 0
		sleep 0.05
	done
}
client() {
	timeout 60 node "$TOP/test/consumers/exchange_client.js" "$MODULES" "$@" 2>&1
}
# collect MESSAGES: a line each to $T/messages; after a gap the client subscribes anew
collect() {
	timeout 120 $PYTHON - "$TOP/test" "$port" "$1" >"$T/messages" <<'END'
import re
import sys
sys.path.insert(0, sys.argv[1])
import ws
BOOK = ["orderbook.50.BTCUSDT"]
client = ws.Client(int(sys.argv[2]), receive_buffer=1 << 16)
client.ask(op="inject", args=["gap:2003", "restart:7001", "duplicate:1709", "reorder:3011", "crossed:9001", "malformed:1009"])
client.ask(op="subscribe", args=BOOK)
last, asked = 0, True
for _ in range(int(sys.argv[3])):
    text = client.text().replace(b"\n", b"")
    number = re.search(rb'"u":(\d+),"seq"', text)
    if number and b'"snapshot"' in text:
        asked = False
    elif number and int(number[1]) != last + 1 and not asked:
        client.ask(op="unsubscribe", args=BOOK)
        client.ask(op="subscribe", args=BOOK)
        asked = True
    last = int(number[1]) if number else last
    sys.stdout.buffer.write(text + b"\n")
END
}
books() { # FILE [THEIRS]
	timeout 100 node "$TOP/test/consumers/exchange_books.js" "$MODULES" "$B/test/tool/book_replay" "$@" 2>"$T/books.err" ||
		echo "it ended with $?: $(head -c 300 "$T/books.err")"
}

serve
c_check "bybit-api gets answer, snapshot, deltas, trades, tickers, klines" client "$port" 40
t_begin "100,000 messages"
collect 100000
t_equal messages 100000 "$(wc -l <"$T/messages")"
t_done
c_check "orderbooks agrees after every message" books "$T/messages"
t_begin "there was something to agree on"
for what in gaps stale crossed; do
	[ "$(sed -nE "s/.* ?$what ([0-9]+).*/\\1/p" "$T/books.err")" -ge 10 ] || t_bad "$what"
done
[ "$(sed -nE 's/.* ([0-9]+) out of step.*/\1/p' "$T/books.err")" -le 20000 ] || t_bad "nearly never in step"
[ -z "$t_bad" ] || t_bad "$(cat "$T/books.err")"
t_done
kill $t_pids
t_pids=

c_refuse "a port where nobody is" client 1 5
# one level of one message, of what one of the two gets
awk 'NR >= 50000 && !done && /"type":"delta"/ { done = sub(/\["[0-9.]+","[1-9][0-9.]*"\]/, "[\"1.5\",\"7\"]") } { print }' \
	"$T/messages" >"$T/changed"
c_refuse "a changed copy" books "$T/messages" "$T/changed"
c_cut "$T/messages" "$T/cut"
c_refuse "a cut copy" books "$T/cut" "$T/messages"
t_end
