// Stands before every script of the tests (harness/node.py puts it there): what the test hands in, and how the script answers.

const input = JSON.parse(process.argv[2] ?? 'null');

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
 * Makes the calls of `input.calls` on a client, one after the other, and tells what each came to. A call is
 * `{method: "zones.dnsRecords.list", args: [...], all: false}`; `all` pages through to the end.
 */
async function converse(client) {
  const answers = [];
  for (const { method, args, all } of input.calls) {
    const steps = method.split('.');
    const last = steps.pop();
    const owner = steps.reduce((value, step) => value[step], client);
    // A function of its own, so that what a client throws at once is an answer, too.
    const call = async () => (all ? collect(owner[last](...args)) : owner[last](...args));
    answers.push(await settle(call()));
  }
  tell(answers);
}
