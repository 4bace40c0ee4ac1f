// Identifiers: short, random, safe in URLs, container names and room names.

import { z } from 'zod';

const ALPHABET = 'abcdefghjkmnpqrstvwxyz0123456789';

/** A fresh random id of `length` characters, 5 bits each (20 → 100 bits). */
export function newId(length = 20): string {
	const bytes = crypto.getRandomValues(new Uint8Array(length));
	return Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('');
}

/** The form every id of ours has; container, volume and room names are built from it. */
export const Id = z.string().regex(/^[a-z0-9]{8,32}$/);

/** Names of rooms: one Yjs document with its awareness each. */
export const RoomName = z.string().regex(/^(workspace|board|class):[a-z0-9]{8,32}$/);

/** The room of a workspace's files. */
export const workspaceRoom = (workspaceId: string): string => `workspace:${workspaceId}`;

/** The workspace behind a room, or undefined for other rooms. */
export function workspaceOfRoom(room: string): string | undefined {
	return room.startsWith('workspace:') ? room.slice('workspace:'.length) : undefined;
}
