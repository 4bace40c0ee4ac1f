"""An upstream for tests: a program behind one port that counts what it is asked for, and behaves as badly
as it is told."""

import collections
import http.server
import json
import threading
import time

WHOLE = b'x' * 300_000
asked = collections.Counter()
mood = {'now': 'good'}


class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        if self.path.startswith('/mood/'):
            mood['now'] = self.path.removeprefix('/mood/')
            return self.answer(b'')
        if self.path == '/asked':
            return self.answer(json.dumps(asked).encode())
        asked[self.path] += 1
        # So that everyone else asks meanwhile.
        time.sleep(0.3)
        if mood['now'] == 'broken':
            return self.answer(b'no', 500)
        if mood['now'] == 'silent':
            return time.sleep(60)
        if mood['now'] == 'cut':
            self.answer(WHOLE[:1000], length=len(WHOLE))
            self.close_connection = True
            return None
        if self.path == '/npm/thing':
            versions = {'1.0.0': {'dist': {'tarball': 'http://127.0.0.1:8000/npm/thing/-/thing-1.0.0.tgz'}}}
            return self.answer(json.dumps({'versions': versions}).encode())
        return self.answer(WHOLE)

    def answer(self, body, status=200, length=None):
        self.send_response(status)
        self.send_header('Content-Length', str(length or len(body)))
        if self.path.endswith('/brief'):
            self.send_header('Cache-Control', 'max-age=1')
        # What would make the mirror serve a file of its own, or somebody's session.
        self.send_header('X-Accel-Redirect', '/health')
        self.send_header('Set-Cookie', 'who=me')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 8000), Upstream)
threading.Thread(target=server.serve_forever).start()
print('ready', flush=True)
