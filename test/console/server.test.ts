import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ConsoleServer, isLoopback } from "../../src/console/server.ts";

const folder = await mkdtemp(join(tmpdir(), "sluice-console-"));
const pages = join(folder, "pages");
await mkdir(join(pages, "assets"), { recursive: true });
await writeFile(join(pages, "index.html"), "<!doctype html><title>page</title>");
await writeFile(join(pages, "assets", "app.js"), "export {};");
await writeFile(join(folder, "secret.txt"), "secret");
await mkdir(join(folder, "pages-next-door"));
await writeFile(join(folder, "pages-next-door", "secret.txt"), "secret");

let ticks = 0;
let tickText = "";
const server = await ConsoleServer.start({
  host: "127.0.0.1",
  port: 0,
  pages,
  snapshot: () => ({ everything: true }),
  tick: () => ({ number: ++ticks, text: tickText }),
  queries: async () => [{ name: "q", lastProgress: null }],
  tickMs: 10,
});
const port = Number(new URL(server.url).port);

after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** As written: the path is not tidied up on the way, as `fetch` would. */
function ask(path: string, options: { method?: string; host?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host: options.host ?? `127.0.0.1:${port}` };
    const sent = request({ host: "127.0.0.1", port, path, method: options.method ?? "GET", headers }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on("error", reject).end();
  });
}

/** The first events of the stream, as `[name, data]`. */
async function events(count: number): Promise<[string, unknown][]> {
  const abort = new AbortController();
  const response = await fetch(`${server.url}/api/events`, { signal: abort.signal });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const found: [string, unknown][] = [];
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (name !== undefined) found.push([name, JSON.parse(data)]);
    }
    if (found.length >= count) break;
  }
  abort.abort();
  return found;
}

test("the page and its parts are served with a policy that forbids anything from elsewhere or inline", async () => {
  const page = await ask("/");
  assert.equal(page.status, 200);
  assert.match(page.body, /<title>page/);
  assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
  assert.equal(page.headers["cache-control"], "no-cache");
  const policy = String(page.headers["content-security-policy"]);
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe|data:|\*/);
  assert.equal(page.headers["x-content-type-options"], "nosniff");
  const script = await ask("/assets/app.js");
  assert.equal(script.headers["content-type"], "text/javascript; charset=utf-8");
  assert.match(String(script.headers["cache-control"]), /immutable/);
});

test("a name that is not of the loopback interface is refused, whatever it resolves to", async () => {
  for (const host of ["evil.example", "evil.example:4040", "127.0.0.1.evil.example", "localhost.evil.example"]) {
    for (const path of ["/", "/api/events", "/api/queries", "/api/snapshot"]) {
      assert.equal((await ask(path, { host })).status, 403, `${host} ${path}`);
    }
  }
  for (const host of [`localhost:${port}`, "127.0.0.1", `127.9.9.9:${port}`, `[::1]:${port}`, "LOCALHOST"]) {
    assert.equal((await ask("/", { host })).status, 200, host);
  }
  assert.equal(isLoopback(undefined), false);
  assert.equal(isLoopback(""), false);
});

test("only GET and HEAD are answered", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    const answer = await ask("/api/queries", { method });
    assert.deepEqual([answer.status, answer.headers.allow], [405, "GET, HEAD"], method);
  }
  for (const path of ["/", "/api/events", "/api/queries"]) {
    const answer = await ask(path, { method: "HEAD" });
    assert.deepEqual([answer.status, answer.body], [200, ""], path);
  }
});

test("no path leads out of the folder of pages", async () => {
  const paths = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/..%2fpages-next-door%2fsecret.txt",
    "/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/..%5csecret.txt",
    "/index.html%00.js",
    "/assets",
    "/assets/",
    "//secret.txt",
    "http://127.0.0.1/secret.txt",
  ];
  for (const path of paths) {
    const answer = await ask(path);
    assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.status}`);
    assert.doesNotMatch(answer.body, /secret$/, path);
  }
  assert.equal((await ask("/%E0%A4%A")).status, 400);
});

test("queries and a snapshot are JSON; an unknown part of the API is not found", async () => {
  assert.deepEqual(JSON.parse((await ask("/api/queries")).body), [{ name: "q", lastProgress: null }]);
  assert.deepEqual(JSON.parse((await ask("/api/snapshot")).body), { everything: true });
  const unknown = await ask("/api/nothing");
  assert.equal(unknown.status, 404);
  assert.match(unknown.body, /\/api\/nothing/);
});

test("the stream begins with a snapshot and goes on with ticks in order", async () => {
  const [first, ...rest] = await events(4);
  assert.deepEqual(first, ["snapshot", { everything: true }]);
  const numbers = rest.map(([name, data]) => {
    assert.equal(name, "tick");
    return (data as { number: number }).number;
  });
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => numbers[0] + i),
  );
});

test("a reader that takes nothing is disconnected, and others go on", async () => {
  const slow = connect(port, "127.0.0.1");
  slow.on("error", () => undefined);
  slow.pause();
  slow.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const abort = new AbortController();
  const response = await fetch(`${server.url}/api/events`, { signal: abort.signal });
  const quick = response.body!.getReader();
  tickText = "x".repeat(128 << 10);
  try {
    let both = false;
    while (!both || server.listeners > 1) {
      assert.equal((await quick.read()).done, false);
      both ||= server.listeners === 2;
    }
    assert.equal((await quick.read()).done, false);
  } finally {
    tickText = "";
    abort.abort();
    slow.destroy();
  }
});

test("there is a limit to the pages that listen at once", async () => {
  const abort = new AbortController();
  const open = () => fetch(`${server.url}/api/events`, { signal: abort.signal });
  const first = await Promise.all(Array.from({ length: 64 }, open));
  assert.ok(first.every((r) => r.status === 200));
  assert.equal((await open()).status, 503);
  abort.abort();
});

test("a page that is not built is said to be so", async () => {
  const empty = await ConsoleServer.start({
    host: "127.0.0.1",
    port: 0,
    pages: join(folder, "nowhere"),
    snapshot: () => ({}),
    tick: () => ({}),
    queries: async () => [],
  });
  const answer = await fetch(empty.url);
  assert.equal(answer.status, 404);
  assert.match(await answer.text(), /npm start/);
  await empty.close();
});

test("closing ends the streams", async () => {
  const own = await ConsoleServer.start({
    host: "127.0.0.1",
    port: 0,
    pages,
    snapshot: () => ({}),
    tick: () => ({}),
    queries: async () => [],
  });
  const response = await fetch(`${own.url}/api/events`);
  const reader = response.body!.getReader();
  await reader.read();
  await own.close();
  await assert.doesNotReject(async () => {
    while (!(await reader.read().catch(() => ({ done: true }))).done);
  });
});
