// Tables as CSV that spreadsheets open as they are: text stays text, whatever it begins with.

/** A cell that begins like this is a formula to a spreadsheet, also behind blanks. */
const FORMULA = /^[\s\0]*[=+\-@＝＋－＠]/;
const BOM = '\ufeff';

function cell(text: string): string {
	const plain = FORMULA.test(text) || /^[\t\r\n]/.test(text) ? `'${text}` : text;
	return `"${plain.replaceAll('\0', '').replaceAll('"', '""')}"`;
}

/** RFC 4180, with the mark by which spreadsheets know UTF-8. */
export function csv(rows: readonly (readonly string[])[]): string {
	return BOM + rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
