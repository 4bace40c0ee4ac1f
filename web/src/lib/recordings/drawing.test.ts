import headless from '@xterm/headless';
import { expect, it } from 'vitest';
import type { CastEvent, Size } from './cast.ts';
import { Drawing, type CastScreen } from './drawing.ts';

class Screen implements CastScreen {
	readonly terminal = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true });
	written = 0;

	write(text: string, done?: () => void): void {
		this.written += text.length;
		this.terminal.write(text, done);
	}

	resize({ cols, rows }: Size): void {
		this.terminal.write('', () => this.terminal.resize(cols, rows));
	}

	reset(size: Size): void {
		this.terminal.write('\x1bc');
		this.resize(size);
	}

	/** Once nothing more is to be drawn. */
	async text(): Promise<string> {
		for (let before = -1; before !== this.written;) {
			before = this.written;
			await new Promise<void>((resolve) => this.terminal.write('', resolve));
		}
		const { active } = this.terminal.buffer;
		return active.getLine(active.baseY + active.cursorY)!.translateToString(true);
	}
}

const castOf = (events: CastEvent[]) => {
	const size = { cols: 80, rows: 24 };
	return { size, events, marks: [], duration: events.at(-1)!.at };
};

it('shows what was on the screen then, forward and backward', async () => {
	const screen = new Screen();
	const drawing = new Drawing(
		castOf([
			{ at: 1, kind: 'output', text: 'a' },
			{ at: 2, kind: 'size', size: { cols: 100, rows: 30 } },
			{ at: 3, kind: 'output', text: 'b' },
		]),
		screen,
	);
	for (const [time, text, cols] of [
		[0, '', 80],
		[1, 'a', 80],
		[3, 'ab', 100],
		[1.5, 'a', 80],
		[2, 'a', 100],
	] as const) {
		drawing.to(time);
		expect([await screen.text(), screen.terminal.cols]).toEqual([text, cols]);
	}
});

it('draws no more than it must while somebody drags', async () => {
	const line = 'x'.repeat(1000);
	const events = Array.from({ length: 2000 }, (_, at): CastEvent => {
		return { at, kind: 'output', text: `\r\n${line}\r\n${at}` };
	});
	const length = events.length * line.length;
	const screen = new Screen();
	const drawing = new Drawing(castOf(events), screen);
	for (let n = 0; n < 200; n += 1) drawing.to(n % 2 === 0 ? 1999 : 1000);
	drawing.to(1500);
	expect(await screen.text()).toBe('1500');
	expect(screen.written).toBeLessThan(3 * length);
});
