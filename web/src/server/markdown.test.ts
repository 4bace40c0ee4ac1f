import { expect, it } from 'vitest';
import { renderMarkdown } from './markdown.ts';

it.each([
	'<script>alert(1)</script>',
	'<img src=x onerror=alert(1)>',
	'[x](javascript:alert(1))',
	'[x](data:text/html,<script>alert(1)</script>)',
	'<a href="x" onclick="alert(1)">x</a>',
	'![x](http://evil.example/track.png)',
	'<svg/onload=alert(1)>',
	'<style>*{display:none}</style>',
])('makes nothing that acts of %s', (text) => {
	const html = renderMarkdown(text);
	expect(html).not.toMatch(/<(script|img|svg|style|iframe)/i);
	expect(html).not.toMatch(/<[^>]+\son\w+=/i);
	expect(html).not.toMatch(/href="(javascript|data):/i);
});

it('keeps what a lab is written in', () => {
	const html = renderMarkdown('# T\n\n```dockerfile\nFROM x\n```\n\n[d](https://docs.docker.com)');
	expect(html).toContain('<h1 id="part-t">T</h1>');
	expect(html).toContain('class="language-dockerfile"');
	expect(html).toContain('rel="noopener noreferrer"');
});
