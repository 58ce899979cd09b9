import { Octokit } from '@octokit/rest';

await converse(new Octokit({ baseUrl: input.endpoint, auth: input.token, log: { debug() {}, info() {}, warn() {}, error() {} } }));
