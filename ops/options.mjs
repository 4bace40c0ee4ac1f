// What can be typed behind `npm start --`: plain JavaScript, since it is read before anything is installed.
// @ts-check

import { parseArgs } from 'node:util';

const OPTIONS = /** @type {const} */ ({
	lan: { type: 'boolean', default: false },
	host: { type: 'string', multiple: true },
	port: { type: 'string' },
	tls: { type: 'boolean', default: false },
	'tls-cert': { type: 'string' },
	'tls-key': { type: 'string' },
	dev: { type: 'boolean', default: false },
	help: { type: 'boolean', short: 'h', default: false },
});

export const HELP = `npm start                    for this computer alone, at http://localhost:7400
npm start -- --lan           for every device on your network

  --lan                      let other devices in; prints the address, a short link and a QR code
  --host NAME-OR-ADDRESS     what others type, instead of the address that is found; may be repeated
  --port NUMBER              of the pages, 7400 unless set; four more follow it; with --lan
                             the last, of previews, is open as well
  --tls                      with --lan: encrypted, with a certificate of our own making
  --tls-cert FILE --tls-key FILE
                             with --lan: encrypted, with your certificate and its key (PEM)
  --help                     this

Data lies in .containrlab/, or where CONTAINRLAB_DATA says.`;

/**
 * What was asked for, or the words that say why it can't be had.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function readOptions(args, env = {}) {
	const swallowed = ['lan', 'tls'].find((name) => env[`npm_config_${name}`] === 'true');
	if (swallowed && !args.includes(`--${swallowed}`)) {
		return { refusal: `npm kept --${swallowed} for itself. Type: npm start -- --${swallowed}` };
	}
	try {
		const { values } = parseArgs({ args, options: OPTIONS });
		const refusal = contradiction(values);
		return refusal === undefined ? { values } : { refusal };
	} catch (error) {
		const [what] = /** @type {Error} */ (error).message.split(/\. |\.$/);
		return { refusal: `${what}.\n\n${HELP}` };
	}
}

/** @typedef {Extract<ReturnType<typeof readOptions>, { values: unknown }>['values']} Options */

/** @param {ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']} values */
function contradiction(values) {
	const { 'tls-cert': certificate, 'tls-key': key } = values;
	if ((certificate === undefined) !== (key === undefined)) {
		return 'A certificate and its key come together: --tls-cert FILE --tls-key FILE';
	}
	const forOthers = values.host ? '--host' : certificate ? '--tls-cert' : values.tls && '--tls';
	if (forOthers && !values.lan) {
		return `${forOthers} is about other devices. Let them in with --lan: npm start -- --lan ${forOthers} …`;
	}
	if (values.port !== undefined && !isPort(values.port)) {
		return `--port ${values.port} is no port: give a number from 1 to 65533, or 0 for a free one.`;
	}
	return values.host?.map(wrongHost).find((words) => words !== undefined);
}

/** @param {string} text */
const isPort = (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_533;

/** @param {string} host */
function wrongHost(host) {
	// What a browser would make of it must be what was typed: no scheme, no port, no path.
	const bare = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
	const url = URL.canParse(`http://${bare}`) ? new URL(`http://${bare}`) : undefined;
	if (url && url.host === bare.toLowerCase() && url.host === url.hostname) return undefined;
	return `--host ${host} is neither a name nor an address: give it alone, like 192.168.1.5 or class.local.`;
}
