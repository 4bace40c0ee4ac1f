// An app that lives below a path: the addresses in its pages that begin with / are given that path.
// Only for previews without an origin of their own; scripts that make addresses are helped by a shim.

import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import type { Exchange } from './headers.ts';

/** Pages are small; what is larger passes as it is. */
const PAGE_BYTES = 4 * 1024 * 1024;

const ATTRIBUTES = /(\s(?:src|href|action|formaction|poster|data)\s*=\s*)(["']?)\/(?![/~])/gi;
const IN_STYLES = /(url\(\s*["']?|@import\s+["'])\/(?![/~])/gi;

/** Undefined for what passes as it is. */
export function addressesBelow(
	headers: IncomingHttpHeaders,
	{ prefix }: Exchange,
): Transform | undefined {
	const type = headers['content-type'] ?? '';
	if (headers['content-encoding'] !== undefined) return undefined;
	if (/^text\/css\b/i.test(type)) return rewritten((css) => inStyles(css, prefix));
	if (!/^text\/html\b/i.test(type)) return undefined;
	return rewritten((html) => inPage(html, prefix));
}

export function inPage(html: string, prefix: string): string {
	const below = inStyles(html.replaceAll(ATTRIBUTES, `$1$2${prefix}/`), prefix);
	const start = /<head(?:\s[^>]*)?>|<html(?:\s[^>]*)?>|<!doctype[^>]*>/i;
	const places = [/<head(?:\s[^>]*)?>/i, /<html(?:\s[^>]*)?>/i, start];
	const found = places.map((place) => place.exec(below)).find((match) => match !== null);
	const at = found ? found.index + found[0].length : 0;
	return below.slice(0, at) + shim(prefix) + below.slice(at);
}

const inStyles = (css: string, prefix: string): string => css.replaceAll(IN_STYLES, `$1${prefix}/`);

/** latin1 keeps every byte as it is, whatever the page's encoding; what is looked for is ASCII. */
function rewritten(rewrite: (page: string) => string): Transform {
	const chunks: Buffer[] = [];
	let size = 0;
	let large = false;
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			if (large) return done(null, chunk);
			chunks.push(chunk);
			size += chunk.length;
			large = size > PAGE_BYTES;
			done(null, large ? Buffer.concat(chunks.splice(0)) : undefined);
		},
		flush(done) {
			if (large) return done();
			done(null, Buffer.from(rewrite(Buffer.concat(chunks).toString('latin1')), 'latin1'));
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
