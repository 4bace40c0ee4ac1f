// The one piece of Node that the Dockerfile parser asks for in a worker: the UTF-8 bytes of a text.
// Import it before the parser.

(globalThis as { Buffer?: unknown }).Buffer ??= {
	from: (text: string) => new TextEncoder().encode(text),
};
