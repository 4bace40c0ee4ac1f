// For tests: ways to the engine as a remote one has them, on this machine: TCP, TLS that asks for the
// client's certificate, and ssh, each with keys made for the occasion. They end at a given socket.

import { spawn } from 'node:child_process';
import { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
// What @peculiar/x509 builds on expects it to be there.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import ssh2 from 'ssh2';

/** `await using` it. */
export interface Way extends AsyncDisposable {
	/** Docker's variables, with which an engine is reached by it. */
	variables: Record<string, string>;
	/** Breaks every connection there is; new ones stand again. */
	cut(): void;
}

/** Joins what comes in with the engine, each half's end for itself, as Docker's streams need it. */
class Joints {
	#open = new Set<Duplex>();

	join(near: Duplex, socket: string): void {
		const far = connect({ path: socket, allowHalfOpen: true });
		for (const end of [near, far]) {
			this.hold(end);
			end.on('error', () => {}).on('close', () => (near.destroy(), far.destroy()));
		}
		near.pipe(far).pipe(near);
	}

	hold(end: Duplex): void {
		this.#open.add(end);
		end.on('close', () => this.#open.delete(end));
	}

	cut = (): void => {
		for (const end of this.#open) end.destroy();
	};
}

async function listening(server: NetServer): Promise<number> {
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return (server.address() as AddressInfo).port;
}

const way = (variables: Record<string, string>, server: NetServer, joints: Joints): Way => ({
	variables,
	cut: joints.cut,
	async [Symbol.asyncDispose]() {
		const closed = new Promise((resolve) => server.close(resolve));
		joints.cut();
		await closed;
	},
});

export async function overTcp(socket: string): Promise<Way> {
	const joints = new Joints();
	const server = createServer({ allowHalfOpen: true }, (near) => joints.join(near, socket));
	const port = await listening(server);
	return way({ DOCKER_HOST: `tcp://127.0.0.1:${port}` }, server, joints);
}

export async function overTls(socket: string, directory: string): Promise<Way> {
	const authority = await certify('CN=authority');
	const [server, client] = [
		await certify('CN=engine', authority),
		await certify('CN=runnerd', authority),
	];
	const files = { 'ca.pem': authority.cert, 'cert.pem': client.cert, 'key.pem': client.key };
	for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
	const joints = new Joints();
	const tls = createTlsServer(
		{
			...{ key: server.key, cert: server.cert, ca: authority.cert },
			...{ requestCert: true, rejectUnauthorized: true, allowHalfOpen: true },
		},
		(near) => joints.join(near, socket),
	);
	const port = await listening(tls);
	const variables = {
		DOCKER_HOST: `tcp://127.0.0.1:${port}`,
		DOCKER_TLS_VERIFY: '1',
		DOCKER_CERT_PATH: directory,
	};
	return way(variables, tls, joints);
}

type Certified = {
	key: string;
	cert: string;
	keys: CryptoKeyPair;
	certificate: x509.X509Certificate;
};

/** For this machine's own address, by itself or by an authority. */
async function certify(name: string, authority?: Certified): Promise<Certified> {
	const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
	const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
	const certificate = await x509.X509CertificateGenerator.create({
		subject: name,
		issuer: authority?.certificate.subject ?? name,
		notBefore: new Date(Date.now() - 3_600_000),
		notAfter: new Date(Date.now() + 3_600_000),
		signingAlgorithm: algorithm,
		publicKey: keys.publicKey,
		signingKey: (authority?.keys ?? keys).privateKey,
		extensions: [
			new x509.BasicConstraintsExtension(!authority, undefined, true),
			new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
		],
	});
	const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
	return { key, cert: certificate.toString('pem'), keys, certificate };
}

/**
 * The system's own ssh, with a configuration of its own, to a server that lets in one key, runs
 * commands and forwards sockets.
 */
export async function overSsh(socket: string, directory: string): Promise<Way> {
	const [host, user] = [
		ssh2.utils.generateKeyPairSync('ed25519'),
		ssh2.utils.generateKeyPairSync('ed25519'),
	];
	const known = ssh2.utils.parseKey(user.public);
	if (known instanceof Error) throw known;
	const ssh = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
		client.on('error', () => {});
		client.on('authentication', (asked) => {
			const allowed =
				asked.method === 'publickey' &&
				asked.key.data.equals(known.getPublicSSH()) &&
				// Without a signature it only asks whether the key would do.
				(!asked.signature || known.verify(asked.blob!, asked.signature, asked.hashAlgo) === true);
			if (allowed) asked.accept();
			else asked.reject(['publickey']);
		});
		client.on('session', (accept) => {
			accept().on('exec', (begin, _refuse, { command }) => run(command, begin()));
		});
		client.on('openssh.streamlocal', (accept, refuse, { socketPath }) => {
			if (socketPath === socket) joints.join(accept(), socket);
			else refuse();
		});
	});
	const joints = new Joints();
	const server = createServer((near) => {
		joints.hold(near);
		ssh.injectSocket(near);
	});
	const port = await listening(server);
	const PATH = await sshProgram(directory, user.private, `[127.0.0.1]:${port} ${host.public}`);
	return way({ DOCKER_HOST: `ssh://uma@127.0.0.1:${port}${socket}`, PATH }, server, joints);
}

function run(command: string, stream: ssh2.ServerChannel): void {
	const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] });
	child.stdin.on('error', () => {});
	stream.on('close', () => child.kill()).on('error', () => {});
	stream.pipe(child.stdin);
	child.stdout.pipe(stream, { end: false });
	child.once('close', (code) => {
		stream.exit(code ?? 1);
		stream.end();
	});
}

/** A PATH on which `ssh` is this machine's own, knowing these keys alone. */
async function sshProgram(directory: string, identity: string, known: string): Promise<string> {
	const [bin, file] = [join(directory, 'bin'), (name: string) => join(directory, name)];
	await mkdir(bin);
	await writeFile(file('identity'), identity, { mode: 0o600 });
	await writeFile(file('known_hosts'), `${known}\n`);
	const settings = {
		IdentityFile: file('identity'),
		IdentitiesOnly: 'yes',
		UserKnownHostsFile: file('known_hosts'),
		StrictHostKeyChecking: 'yes',
	};
	const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
	await writeFile(file('ssh_config'), lines.join(''));
	const { PATH = '' } = process.env;
	const program = `#!/bin/sh\nPATH='${PATH}' exec ssh -F '${file('ssh_config')}' "$@"\n`;
	await writeFile(join(bin, 'ssh'), program, { mode: 0o755 });
	return `${bin}:${PATH}`;
}
