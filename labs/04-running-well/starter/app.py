"""Guestbook: whoever comes by may leave a line."""

import html
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TITLE = "Guestbook"
DATA = Path("data")


def log(text):
    with open("guestbook.log", "a") as file:
        file.write(text + "\n")


def entries():
    book = DATA / "entries.txt"
    return book.read_text().splitlines() if book.exists() else []


def add(line):
    DATA.mkdir(exist_ok=True)
    with open(DATA / "entries.txt", "a") as book:
        book.write(" ".join(line.split())[:200] + "\n")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, "application/json", json.dumps({"status": "ok"}))
        elif self.path == "/entries":
            self.answer(200, "application/json", json.dumps(entries()))
        elif self.path == "/":
            items = "".join(f"<li>{html.escape(line)}</li>" for line in entries())
            page = f"<h1>{html.escape(TITLE)}</h1><ul>{items}</ul>"
            self.answer(200, "text/html; charset=utf-8", page)
        else:
            self.answer(404, "text/plain", "Nothing here.\n")

    def do_POST(self):
        length = min(int(self.headers.get("Content-Length", 0)), 1000)
        line = self.rfile.read(length).decode(errors="replace")
        try:
            add(line)
        except OSError as problem:
            log(f"can't keep an entry: {problem}")
            self.answer(500, "text/plain", "The entry could not be kept.\n")
        else:
            self.answer(201, "text/plain", "Thank you.\n")

    def answer(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        log(format % args)


def main():
    log("listening on port 8080")
    ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()


if __name__ == "__main__":
    main()
