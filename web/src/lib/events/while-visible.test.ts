import { expect, it } from 'vitest';
import { whileVisible } from './while-visible.ts';

class Page extends EventTarget {
	hidden = false;
	show(shown: boolean): void {
		this.hidden = !shown;
		this.dispatchEvent(new Event('visibilitychange'));
	}
}

it('holds a stream while the tab is looked at, and one alone', () => {
	const page = new Page();
	const said: string[] = [];
	const open = () => {
		said.push('open');
		return () => void said.push('close');
	};
	const leave = whileVisible(open, page as unknown as Document);
	page.show(true);
	expect(said).toEqual(['open']);
	page.show(false);
	page.show(false);
	page.show(true);
	expect(said).toEqual(['open', 'close', 'open']);
	leave();
	page.show(false);
	page.show(true);
	expect(said).toEqual(['open', 'close', 'open', 'close']);
});

it('waits in a tab that was opened behind another', () => {
	const page = new Page();
	page.hidden = true;
	let opened = 0;
	const leave = whileVisible(
		() => {
			opened += 1;
			return () => {};
		},
		page as unknown as Document,
	);
	expect(opened).toBe(0);
	page.show(true);
	expect(opened).toBe(1);
	leave();
});
