// The bodies of forms, as browsers don't send them: refused in one place, before any page reads them.

import { error } from '@sveltejs/kit';

/**
 * From now on `request.formData()` answers 400 to a body that is no form. What else may go wrong
 * with it, such as a body that is too large, keeps its own answer.
 */
export function refuseMisshapenForms(request: Request): void {
	const read = request.formData.bind(request);
	request.formData = async () => {
		try {
			return await read();
		} catch (cause) {
			if (!(cause instanceof TypeError)) throw cause;
			error(400, 'This form arrived damaged.', { advice: 'Go back and send it once more.' });
		}
	};
}
