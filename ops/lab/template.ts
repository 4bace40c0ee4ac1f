// A lab to begin with: small, complete, and right by the author's test.

/** By path in the lab's folder. */
export function template(title: string): Record<string, string> {
	return {
		'lab.md': lab(title),
		'starter/app.py': APP,
		'starter/Dockerfile': '# Write your Dockerfile here, one instruction per line.\n',
		'solution/Dockerfile': dockerfile('CMD ["python", "app.py"]'),
		'wrong/no-command/Dockerfile': dockerfile(),
		'wrong/shell-form/Dockerfile': dockerfile('CMD python app.py'),
	};
}

const dockerfile = (...command: string[]): string =>
	[
		...['FROM python:3.13-slim', 'WORKDIR /app', 'COPY app.py .', 'EXPOSE 8080', ...command],
		'',
	].join('\n');

const APP = `"""Answers on port 8080 with what its files say."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\\n")


ThreadingHTTPServer(("0.0.0.0", 8080), Hello).serve_forever()
`;

const lab = (title: string): string => `---
# yaml-language-server: $schema=../lab.schema.json
title: ${JSON.stringify(title)}
summary: One sentence that says what one does in this lab.
minutes: 30
goals:
  - Say here what one can do afterwards
images:
  - python:3.13-slim
open: Dockerfile
hints:
  - The first hint is gentle; it asks a question.
  - The second names the instruction.
  - The third almost gives it away.
checks:
  # Phase by phase: read, build, run, inspect; within one in this order.
  - check: file-present
    path: Dockerfile
    teaches: write-it
  - check: dockerfile-exec-form
    teaches: write-it
  - check: image-builds
    teaches: build-and-run
  - check: container-runs
    port: 8080
    teaches: build-and-run
  - check: http
    port: 8080
    contains: hello
    points: 2
    teaches: build-and-run
# Each folder in wrong/, and the failure that it must produce first.
wrong:
  no-command: container-exited
  shell-form: dockerfile-shell-form
---

Say in two sentences what one is given, and what one will have made in the end.

## 1. Write it

Explain one thing, let it be tried, and say what one should see.

## 2. Build and run

\`\`\`sh
docker build -t hello .
docker run --rm -p 8080:8080 hello
\`\`\`

## 3. Submit

Press **Submit** when it works. Say what will be looked at.
`;
