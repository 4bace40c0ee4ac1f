// Copying on any page: a page served over plain http has no clipboard API.

export async function copyText(text: string): Promise<boolean> {
	if (navigator.clipboard) {
		try {
			await navigator.clipboard.writeText(text);
			return true;
		} catch {
			// Not permitted: the old way may still be.
		}
	}
	const focused = document.activeElement;
	const area = document.createElement('textarea');
	area.value = text;
	area.setAttribute('aria-hidden', 'true');
	area.style.cssText = 'position:fixed;top:0;left:0;opacity:0';
	// A dialog keeps the focus to itself.
	(focused?.closest('dialog, [role="dialog"]') ?? document.body).append(area);
	area.select();
	// Deprecated, and the only way where the API is missing.
	const copied = document.execCommand('copy');
	area.remove();
	if (focused instanceof HTMLElement) focused.focus();
	return copied;
}
