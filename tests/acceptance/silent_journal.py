"""A journal that takes a request and keeps its answer back: the sender cannot know whether it arrived."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


class SilentJournal:
    """``keys`` are the idempotency keys of the requests that it took, ``types`` the resource types in each of them.

    It answers when ``answers`` is set, or after ten seconds.
    """

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.types: list[list[str]] = []
        self.answers = Event()
        self.url = ""

    def take(self, body: bytes, key: str) -> bytes:
        """Take a transaction; returns what to answer when the time has come."""
        carried = json.loads(body)["entry"]
        self.keys.append(key)
        self.types.append([entry["resource"]["resourceType"] for entry in carried])
        self.answers.wait(10)
        entries = [{"response": {"status": "201 Created"}} for _ in carried]
        return json.dumps(
            {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
        ).encode()


@contextmanager
def silent_journal() -> Iterator[SilentJournal]:
    """One that listens on a loopback port of its own."""
    journal = SilentJournal()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = journal.take(body, self.headers["Idempotency-Key"])
            self.send_response(200)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Tests print nothing of their own."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A sender that was killed does not take its answer."""

    server = Server(("127.0.0.1", 0), Handler)
    journal.url = f"http://127.0.0.1:{server.server_address[1]}/fhir"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield journal
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
