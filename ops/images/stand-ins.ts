// The images that we make ourselves where Docker Hub can't be reached: their recipes, beside this file,
// and what these take from the npm registry.

import type { NpmPackage } from './npm-package.ts';

export interface StandIn {
	/** `<recipe>.Dockerfile`. */
	recipe: string;
	args?: Record<string, string>;
	/** By the name of the file that the recipe finds under `packages/`. */
	packages?: Record<string, NpmPackage>;
}

/** What the official images have of this major version. */
const npm10: NpmPackage = {
	name: 'npm',
	version: '10.9.9',
	integrity:
		'sha512-1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg==',
};

/** `x64`, `arm64`: what the registry says of Node's program for each. */
const node = (tag: string, version: string, integrity: Record<string, string>): StandIn => ({
	recipe: 'node-slim',
	args: { NODE_TAG: tag, NODE_VERSION: version },
	packages: {
		'node.tgz': {
			name: `node-linux-${process.arch}`,
			version,
			integrity: integrity[process.arch] ?? '',
		},
		'npm.tgz': npm10,
	},
});

export const STAND_INS: Readonly<Record<string, StandIn>> = {
	'busybox:latest': { recipe: 'busybox' },
	'debian:trixie-slim': { recipe: 'debian-trixie-slim' },
	'golang:1.24': { recipe: 'golang' },
	'hello-world:latest': { recipe: 'hello-world' },
	'nginx:latest': { recipe: 'nginx' },
	'node:20-slim': node('20-slim', '20.20.2', {
		x64: 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
		arm64:
			'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
	}),
	'node:22-slim': node('22-slim', '22.23.3', {
		x64: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
		arm64:
			'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
	}),
	'postgres:17': { recipe: 'postgres' },
	'python:3.13-slim': { recipe: 'python-3.13-slim' },
	'redis:latest': { recipe: 'redis' },
};
