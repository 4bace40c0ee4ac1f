// Where a preview is: on an origin of its own where there are names for it, else below a path of a
// second listener, whose pages have no origin at all. Pure.

import { Id } from '@containrlab/protocol/id.ts';
import { Port } from '@containrlab/protocol/preview.ts';
import { isLoopback, type Site } from '../origin.ts';

export interface PreviewPlace {
	workspace: string;
	port: number;
}

/** What this web server has been given for previews. */
export interface PreviewSite {
	/** `https://preview.example`: every name below it is ours. */
	base: string | undefined;
	/** The second listener's port, once it listens. */
	port: number | undefined;
	/** How browsers reach the second listener, where that isn't our own host. */
	origin: string | undefined;
}

export type PreviewWay =
	/** Cookies and storage of its own. */
	| { kind: 'own'; origin: string }
	/** A sandboxed page without cookies and storage, below the path of a pass. */
	| { kind: 'shared'; origin: string }
	/** Nobody said how. */
	| { kind: 'off' };

const labelOf = ({ workspace, port }: PreviewPlace): string => `${workspace}-${port}`;

export function placeOfLabel(label: string): PreviewPlace | undefined {
	const [, workspace, digits] = /^([a-z0-9]+)-([1-9]\d{0,4})$/.exec(label) ?? [];
	const port = Port.safeParse(Number(digits));
	if (!Id.safeParse(workspace).success || !port.success) return undefined;
	return { workspace: workspace!, port: port.data };
}

/** For someone whose address bar shows `ours`. */
export function wayTo(
	place: PreviewPlace,
	ours: string,
	site: Site,
	previews: PreviewSite,
): PreviewWay {
	const url = new URL(ours);
	if (previews.base !== undefined) {
		const base = new URL(previews.base);
		return { kind: 'own', origin: `${base.protocol}//${labelOf(place)}.${base.host}` };
	}
	if (ours !== site.origin) {
		// A certificate for localhost covers no name below it.
		if (!site.secure && isLoopback(url.hostname)) {
			const port = url.port === '' ? '' : `:${url.port}`;
			return { kind: 'own', origin: `http://${labelOf(place)}.localhost${port}` };
		}
		if (previews.port !== undefined) {
			return { kind: 'shared', origin: `${url.protocol}//${url.hostname}:${previews.port}` };
		}
	}
	return previews.origin === undefined
		? { kind: 'off' }
		: { kind: 'shared', origin: previews.origin };
}

export type Host =
	/** The preview's own. */
	{ kind: 'own'; place: PreviewPlace; origin: string } | { kind: 'other' };

/** Whose name a request's Host is; what looks like a preview's and is none, is nobody's page. */
export function hostOf(host: string | undefined, site: Site, previews: PreviewSite): Host {
	const url = host === undefined ? null : URL.parse(`http://${host}`);
	if (!url || url.username !== '') return { kind: 'other' };
	const [, label = '', rest = ''] = /^([^.]+)\.(.+)$/.exec(url.host) ?? [];
	const place = placeOfLabel(label);
	if (!place) return { kind: 'other' };
	if (previews.base !== undefined && rest === new URL(previews.base).host) {
		return { kind: 'own', place, origin: `${new URL(previews.base).protocol}//${url.host}` };
	}
	if (previews.base === undefined && !site.secure && /^localhost(:\d+)?$/.test(rest)) {
		return { kind: 'own', place, origin: `http://${url.host}` };
	}
	return { kind: 'other' };
}

/** What our pages may frame, as sources of a Content-Security-Policy. */
export function frameSources(ours: string, site: Site, previews: PreviewSite): string {
	const way = wayTo({ workspace: 'anyanyany', port: 1 }, ours, site, previews);
	if (way.kind === 'off') return "'none'";
	return way.kind === 'own' ? way.origin.replace('anyanyany-1', '*') : way.origin;
}
