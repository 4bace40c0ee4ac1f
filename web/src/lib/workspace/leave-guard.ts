// Going to another page of ours waits until what was typed is saved, and asks when it can't be.

import { beforeNavigate, goto } from '$app/navigation';
import type { WorkspaceDocument } from './document.svelte.ts';

/** A busy server stores within that; a lost connection won't come back in it. */
const SAVE_MS = 3_000;
const LEAVE = 'Your last changes aren’t saved yet, and are lost if you leave this page. Leave it?';

/** Call while a component is made. A page that is unloaded asks by itself. */
export function guardLeaving(document: WorkspaceDocument): void {
	let leaving = false;
	beforeNavigate((navigation) => {
		if (leaving || navigation.willUnload || !navigation.to || !document.unsaved) return;
		navigation.cancel();
		void leave(navigation.to.url);
	});

	async function leave(to: URL): Promise<void> {
		const saved = await document.whenSaved(AbortSignal.timeout(SAVE_MS)).then(
			() => true,
			() => false,
		);
		leaving = saved || confirm(LEAVE);
		if (leaving) await goto(to);
	}
}
