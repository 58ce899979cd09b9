import * as api from '@sentry/api';

// The package exports functions and no client: each call is given the address and the token.
const common = { baseUrl: input.endpoint, headers: { Authorization: `Bearer ${input.token}` } };
const asked = (call) => async (options) => {
  const { data, error, response } = await call({ ...common, ...options });
  return { status: response.status, data: data ?? null, error: error ?? null, link: response.headers.get('link') };
};

await converse(Object.fromEntries(Object.entries(api).map(([name, call]) => [name, asked(call)])));
