"""Endpoints that misbehave, each in one way."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Faulty:
    """A loopback HTTP server that answers everything with the same status, type and body; `requests` counts."""

    def __init__(self, status, kind, body, headers=()):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                outer.requests += 1
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        self.requests = 0
        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                # A client that goes away in the middle of an answer is what these tests make it do.
                if not isinstance(sys.exc_info()[1], (ConnectionResetError, BrokenPipeError)):
                    super().handle_error(request, client_address)

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def aws_error(code, message, status=400):
    """An endpoint that refuses everything as AWS does, in the JSON protocols' and the XML protocol's words at once."""
    body = f'{{"__type":"{code}","message":"{message}"}}'.encode()
    return Faulty(status, "application/x-amz-json-1.1", body, [("x-amzn-errortype", code), ("x-amzn-query-error", f"{code};Sender")])


class Silent:
    """An endpoint that takes connections and never answers."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
