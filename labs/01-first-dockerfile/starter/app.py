"""Pinboard: a tiny web app that needs nothing but Python's standard library."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pages.home import render

PORT = 8080
LOGO = Path(__file__).parent / "static" / "logo.png"


class Pinboard(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.answer(200, "text/html; charset=utf-8", render().encode())
        elif self.path == "/health":
            body = json.dumps({"status": "ok"}).encode()
            self.answer(200, "application/json", body)
        elif self.path == "/static/logo.png":
            self.answer(200, "image/png", LOGO.read_bytes())
        else:
            self.answer(404, "text/plain; charset=utf-8", b"There is nothing here.\n")

    def answer(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    # 0.0.0.0 means: listen on every address the container has.
    server = ThreadingHTTPServer(("0.0.0.0", PORT), Pinboard)
    print(f"Pinboard is listening on port {PORT}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
