import Cloudflare from 'cloudflare';

await converse(new Cloudflare({ baseURL: input.endpoint, apiToken: input.token, maxRetries: 0 }));
