// Answers that carry a file's own bytes: saved, never opened as a page of ours.

/** `Content-Disposition` for a name that anyone may have chosen. */
function attachmentName(name: string): string {
	const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
	const exact = encodeURIComponent(name.toWellFormed()).replace(
		/['()*]/g,
		(mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
	);
	return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}

// Were a browser to open it in spite of everything, nothing in it could run or reach out.
const LOCKED = "default-src 'none'; sandbox; frame-ancestors 'none'";

export function attachment(
	name: string,
	body: Uint8Array | ReadableStream<Uint8Array>,
	type = 'application/octet-stream',
): Response {
	return new Response(body as BodyInit, {
		headers: {
			'content-type': type,
			'content-disposition': attachmentName(name),
			'content-security-policy': LOCKED,
			...(body instanceof Uint8Array && { 'content-length': String(body.length) }),
		},
	});
}

/** For `<img>`: `type` is what the bytes were found to be. */
export function picture(type: string, bytes: Uint8Array): Response {
	return new Response(bytes as Uint8Array<ArrayBuffer>, {
		headers: {
			'content-type': type,
			'content-disposition': 'inline',
			'content-security-policy': LOCKED,
			'content-length': String(bytes.length),
		},
	});
}
