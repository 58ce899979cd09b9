import { Vercel } from '@vercel/sdk';

await converse(new Vercel({ serverURL: input.endpoint, bearerToken: input.token, retryConfig: { strategy: 'none' } }));
