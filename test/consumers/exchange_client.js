// bybit-api, as its users connect it, against the exchange: prints what did not come as it should.
// Usage: exchange_client.js NODE_MODULES PORT SECONDS
const { WebsocketClient } = require(process.argv[2] + '/bybit-api');
const url = `ws://127.0.0.1:${process.argv[3]}/v5/public/linear`;
const silent = () => {};
const client = new WebsocketClient({ market: 'v5', wsUrl: url },
	{ trace: silent, info: silent, error: (...words) => console.log('error', ...words) });
const topics = ['orderbook.50.BTCUSDT', 'publicTrade.BTCUSDT', 'tickers.BTCUSDT', 'kline.1.BTCUSDT'];
const wanted = ['answer', 'orderbook.50.BTCUSDT snapshot', 'orderbook.50.BTCUSDT delta', 'publicTrade.BTCUSDT snapshot',
	'tickers.BTCUSDT snapshot', 'tickers.BTCUSDT delta', 'kline.1.BTCUSDT snapshot'];
const seen = new Set();
function end() {
	for (const name of wanted)
		if (!seen.has(name))
			console.log(`no ${name};`);
	process.exit(0);
}
function note(name) {
	seen.add(name);
	if (wanted.every((one) => seen.has(one)))
		end();
}
client.on('response', (response) => response.success && response.op === 'subscribe' && note('answer'));
client.on('update', (message) => note(`${message.topic} ${message.type}`));
client.on('exception', (error) => console.log('exception', error));
client.subscribeV5(topics, 'linear');
setTimeout(end, 1000 * process.argv[4]);
