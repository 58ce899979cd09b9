// Stands before every script of the tests (harness/node.py puts it there): what the test hands in, and how the script answers.

const input = JSON.parse(process.argv.at(-1));

/** The script's answer: one JSON value on standard output. */
function tell(value) {
  process.stdout.write(JSON.stringify(value ?? null));
}

/** Awaits a promise; `{ok}` with its value, or `{failed}` with what a client's error says of itself. */
async function settle(promise) {
  try {
    return { ok: (await promise) ?? null };
  } catch (error) {
    const status = error.status ?? error.statusCode ?? error.code;
    return { failed: { name: error.constructor?.name ?? 'Error', status: status ?? null, message: String(error.message ?? error) } };
  }
}

/** Every item of a list that a client pages through by itself. */
async function collect(pages) {
  const items = [];
  for await (const item of await pages) items.push(item);
  return items;
}

/**
 * Makes calls on a client, one after the other: each line of standard input is a list of them, each line of standard output what they
 * came to. A call is `{method: "zones.dnsRecords.list", args: [...], all: false}`; `all` pages through to the end.
 */
async function converse(client) {
  const { createInterface } = await import('node:readline');
  for await (const line of createInterface({ input: process.stdin })) {
    const answers = [];
    for (const { method, args, all } of JSON.parse(line)) {
      const steps = method.split('.');
      const last = steps.pop();
      // A function of its own, so that what a client throws at once is an answer, too.
      const call = async () => {
        const owner = steps.reduce((value, step) => value[step], client);
        return all ? collect(owner[last](...args)) : owner[last](...args);
      };
      answers.push(await settle(call()));
    }
    process.stdout.write(`${JSON.stringify(answers)}\n`);
  }
}
