import { LogLevel, WebClient } from '@slack/web-api';

await converse(new WebClient(input.token, { slackApiUrl: `${input.endpoint}/api/`, logLevel: LogLevel.ERROR, retryConfig: { retries: 0 } }));
