// A person without a browser: a cookie, and requests as a page sends them.

import type { Account } from '../e2e/classroom.ts';

export class Visitor {
	readonly #origin: string;
	#cookies = new Map<string, string>();

	constructor(origin: string) {
		this.#origin = origin;
	}

	get headers(): Record<string, string> {
		const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
		return { accept: 'text/html', origin: this.#origin, ...(cookie !== '' && { cookie }) };
	}

	async signIn({ email, password }: Account): Promise<this> {
		return this.#enter('/signin', { email, password });
	}

	async join(code: string, name: string): Promise<this> {
		return this.#enter(`/join/${code}?/guest`, { name });
	}

	/** Where a page leads on to. */
	async follow(path: string): Promise<string> {
		const response = await this.send(path);
		const to = response.headers.get('location');
		if (to === null) throw new Error(`${path} led nowhere: ${response.status}`);
		return to;
	}

	async send(path: string, init: RequestInit = {}): Promise<Response> {
		const response = await fetch(this.#origin + path, {
			...init,
			headers: { ...this.headers, ...(init.headers as Record<string, string>) },
			redirect: 'manual',
		});
		for (const set of response.headers.getSetCookie()) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
			if (name !== undefined) this.#cookies.set(name, value ?? '');
		}
		return response;
	}

	async #enter(path: string, form: Record<string, string>): Promise<this> {
		const response = await this.send(path, { method: 'POST', body: new URLSearchParams(form) });
		await response.text();
		if (response.status !== 303) throw new Error(`${path} answered ${response.status}`);
		return this;
	}
}
