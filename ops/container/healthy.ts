// A container's health check: whether the service in it answers well on the address given.

const [, , url = ''] = process.argv;
const healthy = await fetch(url, { signal: AbortSignal.timeout(4_000) }).then(
	(response) => response.ok,
	() => false,
);
process.exit(healthy ? 0 : 1);
