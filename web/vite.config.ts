// How Vite and SvelteKit build the pages; what a running server is told is in config.ts.

import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

export default defineConfig({
	plugins: [
		tailwindcss(),
		sveltekit({
			adapter: adapter({ out: 'build' }),
			csp: {
				// Nonces for rendered pages: nothing inline runs that we didn't write.
				mode: 'nonce',
				directives: {
					'default-src': ['self'],
					'script-src': ['self'],
					// Editor and terminal set styles of their elements as they go.
					'style-src': ['self', 'unsafe-inline'],
					'img-src': ['self', 'data:'],
					'font-src': ['self', 'data:'],
					'connect-src': ['self'],
					'object-src': ['none'],
					'base-uri': ['none'],
					'form-action': ['self'],
					'frame-ancestors': ['none'],
				},
			},
		}),
	],
	server: { fs: { allow: ['..'] } },
});
