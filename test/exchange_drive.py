"""exchange_drive.py CASE PORT [WORD...]: a client of the exchange; prints what is not as it
should be, and nothing when all is well."""
import hashlib
import json
import socket
import sys
import time

import ws

BOOK = "orderbook.50.BTCUSDT"


def bad(*words):
    print(*words, end="; ")


def expect(what, wanted, got):
    if wanted != got:
        bad("%s: wanted %r, got %r" % (what, wanted, got))


def streams(port):
    """Every kind of stream: what comes, in what order, with which members."""
    client = ws.Client(port)
    topics = ["orderbook.%d.BTCUSDT" % depth for depth in (1, 50, 200, 1000)]
    topics += ["publicTrade.BTCUSDT", "tickers.BTCUSDT", "allLiquidation.BTCUSDT",
               "kline.1.BTCUSDT", "kline.D.BTCUSDT"]
    client.ask(req_id="r1", op="subscribe", args=topics)
    answer = client.message()
    expect("answer", ("subscribe", True, "r1"), (answer["op"], answer["success"], answer["req_id"]))
    last = {}
    for _ in range(60000):
        message = client.message()
        topic, kind, data = message["topic"], message["type"], message["data"]
        if topic.startswith("orderbook"):
            depth = int(topic.split(".")[1])
            first = topic not in last
            expect(topic + " type", "snapshot" if first or depth == 1 else "delta", kind)
            if first and [len(data["b"]), len(data["a"])] != [depth, depth]:
                bad(topic, "does not begin with", depth, "levels")
            prices = [float(p) for p, _ in data["b"]]
            if kind == "snapshot" and prices != sorted(prices, reverse=True):
                bad(topic, "bids are not sorted")
            if not first and data["u"] not in (last[topic] + 1, last[topic] if depth == 1 else None):
                bad(topic, "goes from", last[topic], "to", data["u"])
            last[topic] = data["u"]
        else:
            last[topic] = last.get(topic, 0) + 1
        if len(last) == len(topics) and last[BOOK] > 2000 and any(
                topic.startswith("kline.1.") and row["confirm"] for row in data if isinstance(row, dict)):
            break
    for topic in topics:
        if topic not in last:
            bad("nothing of", topic)


def books_agree(port):
    """Deltas make of the first snapshot what a snapshot of the same number says."""
    client, books, number = ws.Client(port), {}, {}
    client.ask(op="subscribe", args=[BOOK, "orderbook.200.BTCUSDT"])
    for i in range(4000):
        message = client.message()
        if "topic" not in message:
            continue
        topic, data = message["topic"], message["data"]
        if message["type"] == "snapshot":
            books[topic] = {"b": {}, "a": {}}
        for side in "ba":
            for price, size in data[side]:
                if float(size):
                    books[topic][side][price] = size
                else:
                    books[topic][side].pop(price, None) or bad("deletes a level that is not there")
        number[topic] = data["u"]
        if len(books) == 2:
            for side, better in (("b", max), ("a", min)):
                levels = {t: len(books[t][side]) for t in books}
                if levels != {BOOK: 50, "orderbook.200.BTCUSDT": 200}:
                    bad("levels", levels)
                    return
        if max(map(float, books[topic]["b"])) >= min(map(float, books[topic]["a"])):
            bad("crossed after", i)
            return
    # A second listener gets what the first was told.
    other = ws.Client(port)
    other.ask(op="subscribe", args=[BOOK])
    snapshot = other.until(lambda m: m.get("type") == "snapshot")
    while number[BOOK] < snapshot["data"]["u"]:
        message = client.until(lambda m: m.get("topic") == BOOK)
        number[BOOK] = message["data"]["u"]
        for side in "ba":
            for price, size in message["data"][side]:
                books[BOOK][side][price] = size
                if not float(size):
                    del books[BOOK][side][price]
    expect("number", snapshot["data"]["u"], number[BOOK])
    for side in "ba":
        expect("side " + side, dict(snapshot["data"][side]), books[BOOK][side])


def answers(port):
    client = ws.Client(port)
    pong = client.answer(op="ping", req_id="p")
    expect("pong", ("pong", True, "p"), (pong["ret_msg"], pong["success"], pong["req_id"]))
    for request, words in (({"op": "subscribe", "args": ["orderbook.50.NOSUCH"]}, "orderbook.50.NOSUCH"),
                           ({"op": "subscribe", "args": [5]}, "handler not found"),
                           ({"op": "subscribe", "args": []}, "args is empty"),
                           ({"op": "subscribe"}, "args is empty"),
                           ({"op": "dance"}, "op not found"),
                           ({"op": "order.create"}, "op not found"),
                           ({"op": "inject", "args": ["earthquake"]}, "no such fault"),
                           ({"op": "inject", "args": ["gap:0"]}, "no such fault")):
        answer = client.answer(**request)
        if answer["success"] or words not in answer["ret_msg"]:
            bad("to", request, "it says", answer)
    for text in (b"", b"{", b"[]", b"\xff", b"[" * 60000):
        client.send(text)
        answer = client.until(lambda m: "topic" not in m)
        expect("answer to " + str(text[:9]), False, answer["success"])
    client.answer(op="subscribe", args=["tickers.BTCUSDT"])
    if "already subscribed" not in client.answer(op="subscribe", args=["tickers.BTCUSDT"])["ret_msg"]:
        bad("subscribed twice")
    expect("unsubscribe", True, client.answer(op="unsubscribe", args=["tickers.BTCUSDT"])["success"])
    client.send(b'{"op":"pi', 1, False)
    client.send(b'ng","req_id":"parts"}', 0, True)
    expect("in parts", "parts", client.until(lambda m: "topic" not in m)["req_id"])
    client.send(b" " * 70000)
    try:
        client.until(lambda m: False)
    except ws.Closed as closed:
        expect("of a long request", 1009, closed.code)
    for path in ("/", "/v5/publi", "/v5/private/x"):
        try:
            ws.Client(port, path)
            bad(path, "is there")
        except ws.Closed:
            pass


def numbers_of(client, nr):
    """(type, u) of so many messages of the book."""
    got = []
    while len(got) < nr:
        message = client.until(lambda m: m.get("topic") == BOOK)
        got.append((message["type"], message["data"]["u"]))
    return got


def fault(port, name):
    client = ws.Client(port)
    client.answer(op="subscribe", args=[BOOK])
    got = numbers_of(client, 10)
    # The fault may come before the answer, and the answer never.
    client.ask(op="inject", args=[name + ":20" if name in ("malformed", "hostile") else name])
    if name in ("gap", "duplicate", "reorder", "crossed", "restart"):
        got += numbers_of(client, 4000)
        odd = [b[1] - a[1] for a, b in zip(got, got[1:]) if b[1] - a[1] != 1]
        wanted = {"gap": [2], "duplicate": [0], "reorder": [2, -1, 2], "crossed": [0]}
        if name == "restart":
            if ("snapshot", 1) not in got:
                bad("no snapshot that counts from 1")
            expect("odd steps", 1, len(odd))
        else:
            expect("steps", wanted[name], odd)
    elif name in ("malformed", "hostile"):
        strange = 0
        for _ in range(8000):
            try:
                text = client.text()
                data = json.loads(text)
                strange += "topic" in data and (len(text) > 100000 or data["ts"] == 1 or "OTHER" in text.decode())
            except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
                strange += 1
        if strange < 30:
            bad("only", strange, "strange messages")
    elif name == "silence":
        begun, longest = time.monotonic(), 0
        while time.monotonic() - begun < 8 and longest < 1.5:
            before = time.monotonic()
            client.text()
            longest = max(longest, time.monotonic() - before)
        if longest < 1.5:
            bad("longest silence %.2f s" % longest)
        numbers_of(client, 10)
    elif name == "frame":
        kinds = [client.frame()[0] for _ in range(4000)]
        expect("reserved frames", 1, kinds.count(3))
    else:
        try:
            client.until(lambda m: False)
        except ws.Closed as closed:
            expect("end", {"close": 1001, "reset": "reset"}[name], closed.code)
        # and it can come back
        client = ws.Client(port)
        client.answer(op="subscribe", args=[BOOK])
        expect("first", "snapshot", numbers_of(client, 1)[0][0])


def digest(port, messages):
    """The sum of the first messages: printed."""
    client = ws.Client(port)
    client.ask(op="subscribe", args=[BOOK, "publicTrade.BTCUSDT", "tickers.BTCUSDT"])
    total = hashlib.sha256()
    for _ in range(int(messages)):
        total.update(client.text())
    print(total.hexdigest())


def rss_kib(pid):
    with open("/proc/%s/status" % pid) as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def slow(port, pid, kind):
    """A client that does not read.  At speed 0 (kind waits) market time waits for it, else it
    is closed; neither takes memory."""
    client = ws.Client(port, receive_buffer=1 << 18)
    client.ask(op="subscribe", args=["orderbook.1000.BTCUSDT", "orderbook.200.BTCUSDT", BOOK])
    before = rss_kib(pid)
    time.sleep(2.5)
    after = rss_kib(pid)
    if after - before > 24 << 10:
        bad("it took %d KiB" % (after - before))
    if kind == "waits":
        for _ in range(500):
            client.text()
    else:
        try:
            while True:
                client.text()
        except ws.Closed:
            pass
    client.socket.close()
    other = ws.Client(port)
    other.answer(op="subscribe", args=[BOOK])
    numbers_of(other, 5)


def orders(port):
    client = ws.Client(port, ws.PRIVATE)
    order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.05"}

    def create(**members):
        return client.answer(reqId="o", op="order.create", args=[dict(order, **members)])
    expect("not authorized", 10004, create()["retCode"])
    expect("subscribe", False, client.answer(op="subscribe", args=["order"])["success"])
    expect("auth", True, client.answer(op="auth", args=["key", 1, "sign"])["success"])
    expect("subscribe", True, client.answer(op="subscribe", args=["order", "execution"])["success"])
    for members in ({"symbol": "X"}, {"side": "Up"}, {"qty": "-1"}, {"qty": "nan"}, {"qty": 5}, {"qty": "0"},
                    {"orderType": "Limit"}, {"orderType": "Limit", "price": "1e5"}, {"orderLinkId": "x" * 50},
                    {"timeInForce": "Never"}):
        expect(str(members), 10001, create(**members)["retCode"])

    # at market: an acknowledgement, then new, fills, filled
    ack = create(orderLinkId="one")
    expect("ack", (0, "o", "one"), (ack["retCode"], ack["reqId"], ack["data"]["orderLinkId"]))
    filled, states = 0.0, []
    while not states or states[-1] != "Filled":
        row = client.message()
        expect("id", ack["data"]["orderId"], row["data"][0]["orderId"])
        if row["topic"] == "execution":
            filled += float(row["data"][0]["execQty"])
            expect("maker", False, row["data"][0]["isMaker"])
        else:
            states.append(row["data"][0]["orderStatus"])
    expect("states", ["New", "Filled"], states)
    expect("filled", 0.05, round(filled, 9))

    def state(wanted="order"):
        return client.until(lambda m: m.get("topic") == wanted)["data"][0]
    # one that rests, and is cancelled; a second time there is none
    ack = create(orderType="Limit", price="1000")
    expect("rests", "New", state()["orderStatus"])
    which = [{"symbol": "BTCUSDT", "orderId": ack["data"]["orderId"]}]
    expect("cancel", 0, client.answer(op="order.cancel", args=which)["retCode"])
    expect("cancelled", "Cancelled", state()["orderStatus"])
    expect("again", 110001, client.answer(op="order.cancel", args=which)["retCode"])
    # time in force
    for time_in_force, price, size, wanted in (("IOC", "1000", "1", ["New", "Cancelled"]),
                                               ("FOK", "999999", "99999", ["New", "Cancelled"]),
                                               ("PostOnly", "999999", "1", ["New", "Cancelled"]),
                                               ("GTC", "999999", "0.001", ["New", "Filled"])):
        create(orderType="Limit", price=price, qty=size, timeInForce=time_in_force)
        got = [state()["orderStatus"]]
        while got[-1] == "New":
            got.append(state()["orderStatus"])
        expect(time_in_force, wanted, got)
    # one at the best bid rests until sellers come to it: the market walks
    public = ws.Client(port)
    public.ask(op="subscribe", args=["orderbook.1.BTCUSDT"])
    bid = public.until(lambda m: m.get("type") == "snapshot")["data"]["b"][0][0]
    ack = create(orderType="Limit", price=bid, qty="0.001", timeInForce="PostOnly")
    public.socket.close()
    while True:
        row = client.message()
        if row.get("topic") == "order" and row["data"][0]["orderStatus"] in ("Filled", "Cancelled"):
            break
        if row.get("topic") == "execution":
            expect("maker", True, row["data"][0]["isMaker"])
            expect("price", float(bid), float(row["data"][0]["execPrice"]))


def listen(port, seconds):
    """Somebody who reads all, for a time."""
    client = ws.Client(port)
    client.ask(op="subscribe", args=[BOOK, "publicTrade.BTCUSDT", "tickers.BTCUSDT", "kline.1.BTCUSDT"])
    end, nr = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        client.text()
        nr += 1
    if not nr:
        bad("nothing came")


def main():
    name, port = sys.argv[1], int(sys.argv[2])
    try:
        globals()[name](port, *sys.argv[3:])
    except (ws.Closed, socket.timeout, AssertionError, KeyError, ValueError) as error:
        bad(type(error).__name__, error)


main()
