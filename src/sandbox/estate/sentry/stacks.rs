//! Stacks of the errors, outermost call first, as the API gives them.

/// A frame of a stack: file, function, line, the line's text, whether it is the application's own.
pub type Frame = (&'static str, &'static str, u32, &'static str, bool);

/// The other side hung up.
pub const SOCKET: &[Frame] = &[
    (
        "node:internal/process/task_queues",
        "process.processTicksAndRejections",
        95,
        "",
        false,
    ),
    (
        "src/quotes/routes.ts",
        "postQuote",
        61,
        "const price = await prices.of(drawing, material);",
        true,
    ),
    (
        "src/prices/client.ts",
        "PriceClient.of",
        34,
        "return this.http.post('/calc/run', body);",
        true,
    ),
    ("node:_http_client", "Socket.socketOnEnd", 525, "", false),
];
/// The database did not answer.
pub const DATABASE: &[Frame] = &[
    (
        "node_modules/express/lib/router/layer.js",
        "Layer.handle",
        95,
        "fn(req, res, next);",
        false,
    ),
    (
        "src/quotes/routes.ts",
        "getQuote",
        28,
        "const quote = await quotes.find(req.params.id);",
        true,
    ),
    (
        "src/quotes/store.ts",
        "QuoteStore.find",
        17,
        "const { rows } = await this.pool.query(BY_ID, [id]);",
        true,
    ),
    (
        "node_modules/pg-pool/index.js",
        "Timeout._onTimeout",
        45,
        "cb(new Error('timeout exceeded when trying to connect'))",
        false,
    ),
];
/// A sheet that is not known.
pub const THICKNESS: &[Frame] = &[
    (
        "node_modules/express/lib/router/layer.js",
        "Layer.handle",
        95,
        "fn(req, res, next);",
        false,
    ),
    (
        "src/quotes/routes.ts",
        "postQuote",
        58,
        "const sheet = sheets.for(drawing.material);",
        true,
    ),
    (
        "src/quotes/price.ts",
        "price",
        23,
        "return area * rates[sheet.thickness];",
        true,
    ),
];
/// A kerf that cannot be.
pub const KERF: &[Frame] = &[
    (
        "src/server.ts",
        "run",
        40,
        "const path = offset(drawing, kerf);",
        true,
    ),
    (
        "src/geometry/offset.ts",
        "offset",
        112,
        "throw new RangeError('Invalid kerf width');",
        true,
    ),
];
/// The bank did not answer.
pub const BANK: &[Frame] = &[
    ("src/queue.ts", "Worker.next", 51, "await job.run();", true),
    (
        "src/invoice.ts",
        "Invoice.send",
        88,
        "throw new BankError('the bank did not answer');",
        true,
    ),
];
/// A part of the front end did not come.
pub const CHUNK: &[Frame] = &[
    (
        "assets/index-7f3a.js",
        "__webpack_require__.f.j",
        1,
        "",
        false,
    ),
    (
        "src/App.tsx",
        "lazy",
        14,
        "const Preview = lazy(() => import('./preview/Preview'));",
        true,
    ),
];
/// A key is missing.
pub const CONFIGURATION: &[Frame] = &[
    (
        "src/server.ts",
        "handle",
        71,
        "const table = config.require('PRICING_TABLE');",
        true,
    ),
    (
        "src/config.ts",
        "Config.require",
        19,
        "throw new ConfigError(`configuration key ${key} is missing`);",
        true,
    ),
];
/// A file is missing.
pub const MODULE: &[Frame] = &[
    (
        "node:internal/modules/cjs/loader",
        "Module._load",
        985,
        "",
        false,
    ),
    (
        "src/server.ts",
        "<anonymous>",
        12,
        "import { pricing } from './pricing';",
        true,
    ),
];
