// The pages around a workspace: signing in, joining, the class, the attempts.

import type { Page } from 'playwright-core';

export interface Account {
	name: string;
	email: string;
	password: string;
}

export async function signIn(page: Page, origin: string, account: Account): Promise<void> {
	await page.goto(`${origin}/signin`);
	await page.getByLabel('E-mail').fill(account.email);
	await page.getByLabel('Password').fill(account.password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.waitForURL('**/classes');
}

/** Follows the join link and gives a name. */
export async function joinClass(
	page: Page,
	origin: string,
	code: string,
	name: string,
): Promise<void> {
	await page.goto(`${origin}/join/${code}`);
	await page.getByLabel('Your name').fill(name);
	await page.getByRole('button', { name: 'Join', exact: true }).click();
	// Their return code, to be written down.
	await page.waitForURL('**/account/code?**');
	await page.getByRole('button', { name: 'Continue' }).click();
	await page.waitForURL('**/classes/*');
}

export async function openClass(page: Page, origin: string, name: string): Promise<void> {
	await page.goto(`${origin}/classes`);
	await page.getByRole('link', { name }).click();
	await page.waitForURL('**/classes/*');
}

/** On a class's settings, beyond what the page offers, too. */
export async function endIdleAfter(page: Page, classUrl: string, minutes: string): Promise<void> {
	await page.goto(`${classUrl}/settings/class`);
	const choice = page.getByLabel('End an idle sandbox after');
	await choice.evaluate((select: HTMLSelectElement, value) => {
		select.add(new Option(value, value));
	}, minutes);
	await choice.selectOption(minutes);
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByText('Saved.').waitFor();
}

/** From a class's page into one's own workspace. */
export async function openLab(page: Page, title: string): Promise<void> {
	await page
		.getByRole('listitem')
		.filter({ hasText: title })
		.getByRole('link', { name: /Start|Continue|Try it/ })
		.click();
	await page.waitForURL('**/w/*');
}

/** As staff, from the class's page into a student's workspace. */
export async function openWorkspaceOf(
	page: Page,
	origin: string,
	className: string,
	student: string,
): Promise<void> {
	await openClass(page, origin, className);
	await page.getByRole('row').filter({ hasText: student }).getByRole('link').first().click();
	await page.waitForURL('**/w/*');
}

export async function openAttempts(page: Page, origin: string, className: string): Promise<void> {
	await openClass(page, origin, className);
	await page.getByRole('link', { name: 'Attempts' }).click();
	await page.waitForURL('**/attempts');
}
