// An app that lives below a path: the addresses in its pages that begin with / are given that path.
// Only for previews without an origin of their own; scripts that make addresses are helped by a shim.

import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import type { Exchange } from './headers.ts';

/** Of a page, until its head is there. */
const HEAD_MOST = 8 * 1024;

const NAMES = ['src', 'href', 'action', 'formaction', 'poster', 'data'];
const ATTRIBUTES = new RegExp(`(\\s(?:${NAMES.join('|')})\\s*=\\s*)(["']?)/(?![/~])`, 'gi');
const IN_STYLES = /(url\(\s*["']?|@import\s+["'])\/(?![/~])/gi;
/** The end of a piece that may become one of these when more of it comes. */
const BEGUN = (() => {
	const begun = NAMES.flatMap((name) => Array.from(name, (_, at) => name.slice(0, at)));
	const address = `\\s*["']?/?`;
	return new RegExp(
		`(?:\\s(?:${begun.join('|')}|(?:${NAMES.join('|')})\\s*(?:=${address})?)|` +
			`u|ur|url(?:\\(${address})?|@\\w*${address}|)$`,
		'i',
	);
})();
const BEGUN_MOST = 64;
/** No `<` within: a page full of beginnings is looked through once, not once for each. */
const TOPS = [/<head(?:\s[^<>]*)?>/i, /<html(?:\s[^<>]*)?>/i, /<!doctype[^<>]*>/i];
const CONTENT = /<head(?:\s[^<>]*)?>|<(?!(?:html|head)\b)[a-z][^<>]*>/i;

/** Undefined for what passes as it is. */
export function addressesBelow(
	headers: IncomingHttpHeaders,
	{ prefix }: Exchange,
): Transform | undefined {
	const type = headers['content-type'] ?? '';
	if (headers['content-encoding'] !== undefined || /utf-16/i.test(type)) return undefined;
	if (/^text\/css\b/i.test(type)) return rewritten((css) => inStyles(css, prefix));
	return /^text\/html\b/i.test(type) ? pageBelow(prefix) : undefined;
}

function pageBelow(prefix: string): Transform {
	let begun = false;
	const inPage = (piece: string) => {
		const below = inStyles(piece.replaceAll(ATTRIBUTES, `$1$2${prefix}/`), prefix);
		if (begun) return below;
		begun = true;
		return withShim(below, prefix);
	};
	return rewritten(inPage, (page) => begun || page.length > HEAD_MOST || CONTENT.test(page));
}

const inStyles = (css: string, prefix: string): string => css.replaceAll(IN_STYLES, `$1${prefix}/`);

/** As the first thing in the head, so that it runs before the app's own. */
function withShim(page: string, prefix: string): string {
	const top = TOPS.map((each) => each.exec(page)).find((match) => match !== null);
	const at = top ? top.index + top[0].length : 0;
	return page.slice(0, at) + shim(prefix) + page.slice(at);
}

/**
 * Piece by piece, so that what streams goes on streaming and little is kept. latin1 keeps every byte as
 * it is, whatever the page's encoding; what is looked for is ASCII.
 */
function rewritten(rewrite: (piece: string) => string, ready = (_: string) => true): Transform {
	let held = '';
	const done = (piece: string) =>
		piece === '' ? undefined : Buffer.from(rewrite(piece), 'latin1');
	return new Transform({
		transform(chunk: Buffer, _encoding, next) {
			const text = held + chunk.toString('latin1');
			const end = text.slice(-BEGUN_MOST);
			const at = ready(text) ? text.length - end.length + end.search(BEGUN) : 0;
			held = text.slice(at);
			next(null, done(text.slice(0, at)));
		},
		flush(next) {
			next(null, done(held));
		},
	});
}

/**
 * Runs in the app's page, before its own scripts: fetch, XMLHttpRequest, WebSocket and EventSource,
 * imports, and addresses that scripts set. What throws without an origin is there, and forgets.
 */
function shim(prefix: string): string {
	const map = JSON.stringify({ imports: { [`${prefix}/`]: `${prefix}/`, '/': `${prefix}/` } });
	return `<script type="importmap">${map}</script><script>(${inTheApp})(${JSON.stringify(prefix)})</script>`;
}

// As text: it is sent, never run here.
const inTheApp = `function(prefix){
const below=(given)=>{try{const url=new URL(given,document.baseURI);
if(url.host!==location.host||url.pathname.startsWith(prefix+"/"))return given;
url.pathname=prefix+url.pathname;return url.href}catch{return given}};
const first=(name,make)=>{const old=window[name];if(old)window[name]=new Proxy(old,make)};
first("WebSocket",{construct:(of,[url,...rest])=>Reflect.construct(of,[below(String(url).replace(/^ws/,"http")).replace(/^http/,"ws"),...rest])});
first("EventSource",{construct:(of,[url,...rest])=>Reflect.construct(of,[below(url),...rest])});
first("fetch",{apply:(of,self,[what,...rest])=>Reflect.apply(of,self,[what instanceof Request?new Request(below(what.url),what):below(what),...rest])});
const open=XMLHttpRequest.prototype.open;
XMLHttpRequest.prototype.open=function(method,url,...rest){return open.call(this,method,below(url),...rest)};
const set=Element.prototype.setAttribute;
Element.prototype.setAttribute=function(name,value){return set.call(this,name,/^(src|href|action)$/i.test(name)?below(value):value)};
for(const [of,name] of [["HTMLImageElement","src"],["HTMLScriptElement","src"],["HTMLLinkElement","href"],["HTMLAnchorElement","href"],["HTMLFormElement","action"],["HTMLIFrameElement","src"]]){
const own=Object.getOwnPropertyDescriptor(window[of].prototype,name);
Object.defineProperty(window[of].prototype,name,{...own,set(value){own.set.call(this,below(value))}})}
for(const name of ["pushState","replaceState"]){const old=history[name];
history[name]=function(state,title,url){try{old.call(this,state,title,url&&below(url))}catch{old.call(this,state,title)}}}
for(const name of ["localStorage","sessionStorage"]){const kept=new Map();
Object.defineProperty(window,name,{value:{getItem:(key)=>kept.get(String(key))??null,setItem:(key,value)=>void kept.set(String(key),String(value)),removeItem:(key)=>void kept.delete(String(key)),clear:()=>kept.clear(),key:(at)=>[...kept.keys()][at]??null,get length(){return kept.size}}})}
Object.defineProperty(document,"cookie",{get:()=>"",set:()=>{}});
}`.replaceAll('\n', '');
