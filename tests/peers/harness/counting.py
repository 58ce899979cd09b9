"""A loopback proxy that counts requests: how many calls a minute really leave the program."""

import asyncio
import threading


#: How the names of reading operations begin.
QUESTIONS = ("describe", "list", "get", "filter", "lookup", "batchget", "starttail", "startlivetail", "startquery")


class Counting:
    """Forwards to a port and counts the requests that pass, by operation."""

    def __init__(self, port):
        self.calls, self._to = {}, port
        ready = threading.Event()

        def serve():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
            server = self._loop.run_until_complete(asyncio.start_server(self._client, "127.0.0.1", 0))
            self.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ready.set()
            self._loop.run_forever()

        threading.Thread(target=serve, daemon=True).start()
        ready.wait()

    async def _client(self, reader, writer):
        try:
            peer_reader, peer_writer = await asyncio.open_connection("127.0.0.1", self._to)
            back = asyncio.ensure_future(self._pipe(peer_reader, writer))
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self._count(lines[0], headers, body)
                peer_writer.write(head + body)
                await peer_writer.drain()
            await back
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _pipe(self, reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()

    def _count(self, line, headers, body):
        path = line.split(" ")[1]
        if "x-amz-target" in headers:
            name = headers["x-amz-target"].rsplit(".", 1)[1]
        elif "/operation/" in path:
            name = path.rsplit("/", 1)[1].lower()
        else:
            name = body.decode("latin-1").partition("Action=")[2].partition("&")[0].lower() or path
        self.calls[name] = self.calls.get(name, 0) + 1

    def changing(self):
        """Operations that passed and are not plainly questions: by name, what does not begin as a question does."""
        return sorted(name for name in self.calls if not name.startswith(QUESTIONS))

    def total(self):
        """Requests so far."""
        return sum(self.calls.values())

    def close(self):
        """Stops forwarding."""
        self._loop.call_soon_threadsafe(self._loop.stop)
