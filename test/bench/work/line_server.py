"""An asyncio server: a line of JSON in, a line of JSON out; `stop` ends it.

line_server.py SOCKET
"""

import asyncio
import json
import sys


async def serve(path):
    stop = asyncio.Event()

    async def talk(reader, writer):
        while line := await reader.readline():
            if line == b"stop\n":
                stop.set()
                break
            asked = json.loads(line)
            levels = sorted(asked["levels"], reverse=True)
            answer = {
                "symbol": asked["symbol"],
                "best": levels[0],
                "size": sum(size for _, size in levels),
                "levels": levels,
            }
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(talk, path)
    async with server:
        await stop.wait()


asyncio.run(serve(sys.argv[1]))
