// Malformed messages from a seed, to every route with a body, every path with an id and both ends of a client's link. None
// ends a process, is answered with a fault of the server's own, or leaves memory behind; each is answered with an error.
// `FFCLUSTER_FUZZ_COUNT`: how many for each; `FFCLUSTER_FUZZ_SEED` plays a run again.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ERROR_CODE_HEADER } from "../../src/api/responses.ts";
import { ROUTES } from "../../src/api/serve-api.ts";
import { isErrorCode } from "../../src/base/errors.ts";
import { MAX_MESSAGE_BYTES } from "../../src/cluster/protocol/messages.ts";
import { Random } from "../sim/random.ts";
import { ServerProcess } from "../support/server-process.ts";
import { mutant, pick } from "./mutants.ts";
import { HELLO, ID, LINK_MESSAGES, PATHS, ROUTE_TARGETS, type RouteTarget } from "./targets.ts";

const COUNT = Number(process.env.FFCLUSTER_FUZZ_COUNT || 150);
/** The short run is always the same one. */
const SEED = Number(
  process.env.FFCLUSTER_FUZZ_SEED || (process.env.FFCLUSTER_FUZZ_COUNT ? Math.floor(Math.random() * 1e9) : 1),
);
const PATIENCE_MS = 1000 * 60 * 20;
/** At a time: it keeps the server busy and each failure small. */
const AT_A_TIME = 8;
/** What a server says of itself when it takes no more: the mutant was valid. */
const FULL = ["E_BUSY", "E_NO_SPACE"];

let server: ServerProcess;
/** Of admins: one of them may ask only so often for what a valid mutant asks for. */
const bearers: { readonly authorization: string }[] = [];
let used = 0;

function bearer(): { readonly authorization: string } {
  used += 1;
  return bearers[used % bearers.length] ?? server.bearer;
}

beforeAll(async () => {
  server = await ServerProcess.start();
  const wanted = (name: string) => ({
    method: "POST",
    headers: { ...server.bearer, "content-type": "application/json" },
    body: JSON.stringify({ name, role: "admin" }),
  });
  while (bearers.length < 10 + COUNT / 20) {
    const made = await fetch(`${server.url}/api/v1/tokens`, wanted(`fuzz-${bearers.length}`));
    const { token } = (await made.json()) as { token: string };
    bearers.push({ authorization: `Bearer ${token}` });
  }
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly code: string | null;
}

interface ErrorObject {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly hint?: unknown;
}

function verdictOn({ status, text, code }: Reply, isHead: boolean): Verdict {
  // Every mutant is to reach what it is meant for.
  if (status === 429) return { fault: `the token asked too often: ${text.slice(0, 300)}` };
  if (status >= 500 && !FULL.includes(code ?? "")) return { fault: `status ${status}: ${text.slice(0, 300)}` };
  if (status < 400) return "taken";
  // 431: Bun's own parser takes no more of a header, and no route has seen it.
  if (status === 431 && text === "") return "refused";
  if (isHead) return isErrorCode(code) ? "refused" : { fault: `no code of an error: ${code}` };
  const document = JSON.parse(text) as { error?: ErrorObject; Error?: ErrorObject };
  const error = document.error ?? document.Error;
  if (!isErrorCode(error?.code) || typeof error?.message !== "string" || typeof error.hint !== "string")
    return { fault: `no error object: ${text.slice(0, 300)}` };
  return error.message.length <= 2000 ? "refused" : { fault: `a message of ${error.message.length} characters` };
}

/** Between the first half of the mutants and all of them; a collection that comes late is less. */
const MOST_GROWTH_MIB = 48;
const MOST_MIB = 400;
/** A mutant may be valid by chance; most are not. */
const LEAST_REFUSED = 0.3;

/** What became of one mutant: a fault, or whether it was refused. */
type Verdict = { readonly fault: string } | "refused" | "taken";

async function runAll(name: string, one: (random: Random, number: number) => Promise<Verdict>): Promise<void> {
  const faults: string[] = [];
  let refused = 0;
  let next = 0;
  let halfwayMiB = 0;
  const worker = async () => {
    while (next < COUNT && faults.length < 5) {
      const number = next++;
      if (number === Math.floor(COUNT / 2) && process.platform === "linux") halfwayMiB = await server.memoryMiB();
      const verdict = await one(new Random(SEED + number * 7919), number);
      if (verdict === "refused") refused += 1;
      else if (verdict !== "taken") faults.push(`seed ${SEED}, ${name}, mutant ${number}: ${verdict.fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  expect(faults).toEqual([]);
  expect(refused).toBeGreaterThan(COUNT * LEAST_REFUSED);
  if (process.platform === "linux") {
    const nowMiB = await server.memoryMiB();
    expect(nowMiB - halfwayMiB).toBeLessThan(MOST_GROWTH_MIB);
    expect(nowMiB).toBeLessThan(MOST_MIB);
  }
  expect([
    server.isRunning,
    server
      .stderr()
      .split("\n")
      .filter((line) => / error: /.test(line)),
  ]).toEqual([true, []]);
}

async function ask(path: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(server.url + path, { ...init, headers: { ...bearer(), ...init.headers } });
  const code = response.headers.get(ERROR_CODE_HEADER);
  if ((response.headers.get("content-type") ?? "").startsWith("text/event-stream")) await response.body?.cancel();
  return { status: response.status, text: response.bodyUsed ? "" : await response.text(), code };
}

/** What a header can carry: others are no message of HTTP, and no program can send them. */
function asHeader(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("latin1")
    .replace(/[^\x20-\x7e\xa0-\xff]/g, "?")
    .trim();
}

function send(target: RouteTarget, bytes: Uint8Array<ArrayBuffer>): Promise<Reply> {
  const { method, path, header, headers = {} } = target;
  if (header === undefined) return ask(path, { method, body: bytes, headers });
  const own = { ...headers, [header]: asHeader(bytes) };
  return ask(path, method === "PATCH" ? { method, body: "12345", headers: own } : { method, headers: own });
}

describe(`each of ${COUNT} mutants`, () => {
  test.each(ROUTE_TARGETS.map((target) => [target.name, target] as const))(
    "%s",
    (name, target) =>
      runAll(name, async (random) => {
        const bytes = mutant(pick(random, target.bodies), random, target.mostBytes);
        return verdictOn(await send(target, bytes), target.method === "HEAD");
      }),
    PATIENCE_MS,
  );

  test(
    "pieces of an upload",
    () =>
      runAll("pieces", async (random) => {
        const odd = () => asHeader(mutant(pick(random, ["0", "?1", "0".repeat(64), 5]), random, 2000));
        const names = [
          "upload-offset",
          "upload-complete",
          "content-type",
          "x-ffcluster-block-sha256",
          "x-ffcluster-sha256",
          "range",
        ];
        const headers = Object.fromEntries(names.map((name) => [name, odd()]));
        const body = new Uint8Array(random.whole(0, 100));
        return verdictOn(await ask("/api/v1/sources/5f0c2a52", { method: "PATCH", body, headers }), false);
      }),
    PATIENCE_MS,
  );

  test(
    "paths",
    () =>
      runAll("paths", async (random) => {
        const [method, pattern] = pick(random, PATHS);
        const odd = () => {
          const text = Buffer.from(mutant(pick(random, ["5f0c2a52", "..", "0", "%2e%2e"]), random, 3000)).toString(
            "latin1",
          );
          return random.chance(0.5) ? encodeURIComponent(text) : text.replace(/[^\x21-\x7e]|[?#\\]/g, "");
        };
        const path = pattern.replaceAll(":id", odd);
        return verdictOn(await ask(path, { method }), method === "HEAD");
      }),
    PATIENCE_MS,
  );
});

/** Closed by a message that no server knows, so that each link has an end: what came before it was taken. */
const END = "{";

interface LinkEnd {
  readonly received: readonly string[];
  readonly code: number;
}

/** Sends these in a new link, and waits for its end. */
function link(messages: readonly (string | Uint8Array<ArrayBuffer>)[]): Promise<LinkEnd> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/v1/link`, {
      headers: bearer(),
    } as unknown as string[]);
    const received: string[] = [];
    socket.addEventListener("open", () => {
      for (const message of messages) socket.send(message);
    });
    socket.addEventListener("message", (event) => received.push(String(event.data)));
    socket.addEventListener("close", (event) => resolve({ received, code: event.code }));
  });
}

/** Normal, too large, refused, and "replaced by a newer link" of the same client. */
const LINK_CODES = [1000, 1003, 1006, 1008, 1009];

function linkVerdictOn({ received, code }: LinkEnd): Verdict {
  if (!LINK_CODES.includes(code)) return { fault: `closed with ${code}` };
  if (code !== 1008) return "refused";
  const last = JSON.parse(received.at(-1) ?? "null") as { type?: string; error?: ErrorObject; code?: string } | null;
  if (last?.type !== "goodbye") return { fault: `the last message was ${received.at(-1)}` };
  const isNamed = isErrorCode(last.error?.code) || isErrorCode(last.code);
  return isNamed ? "refused" : { fault: `no error: ${received.at(-1)}` };
}

describe(`each of ${COUNT} mutants on a client's link`, () => {
  test(
    "as its first message",
    () =>
      runAll("first message", async (random) => {
        const bytes = mutant(pick(random, [HELLO, HELLO, ...LINK_MESSAGES]), random, MAX_MESSAGE_BYTES);
        const message = random.chance(0.9) ? new TextDecoder().decode(bytes) : bytes;
        return linkVerdictOn(await link([message, END]));
      }),
    PATIENCE_MS,
  );

  test(
    "after its hello",
    () =>
      runAll("after hello", async (random, number) => {
        // Links of one client replace each other.
        const own = { ...HELLO, clientId: HELLO.clientId.replace(/.$/, String(number % AT_A_TIME)) };
        const bytes = mutant(pick(random, LINK_MESSAGES), random, MAX_MESSAGE_BYTES);
        return linkVerdictOn(await link([JSON.stringify(own), new TextDecoder().decode(bytes), END]));
      }),
    PATIENCE_MS,
  );
});

test("no route is left out", () => {
  const shape = (method: string, path: string) => `${method} ${path.replace(/\?.*$/, "").replaceAll(ID, ":id")}`;
  const named = [
    ...ROUTE_TARGETS.map(({ method, path }) => shape(method, path)),
    ...PATHS.map((each) => shape(...each)),
  ];
  const sent = new Set(named.map((each) => each.replace(/:\w+/g, ":x")));
  const open = [
    "GET /healthz",
    "GET /metrics",
    "GET /api/v1/hello",
    "GET /api/v1/openapi.json",
    "GET /api/v1/docs",
    "GET /api/v1/watch",
    "GET /api/v1/jobs/watch",
    "GET /api/v1/clients/watch",
    "GET /api/v1/clients",
    "GET /api/v1/invite",
    "GET /api/v1/webhooks",
    "GET /api/v1/tokens",
    "GET /api/v1/audit",
    "GET /api/v1/link",
    "GET /api/v1/presets",
  ];
  const missed = ROUTES.map(({ key }) => key).filter(
    (key) => !sent.has(key.replace(/:\w+/g, ":x")) && !open.includes(key),
  );
  expect(missed).toEqual([]);
});

describe("behind all of them", () => {
  test("the audit log has a line for each entry, and no token", async () => {
    const path = join(server.workDir, "audit.jsonl");
    const text = await readFile(path, "utf8");
    const entries = text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { action?: unknown });
    expect(entries.length).toBeGreaterThan(5);
    for (const entry of entries) expect(entry.action).toBeString();
    expect(text).not.toContain(server.token);
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("the server answers as before", async () => {
    expect((await ask("/api/v1/hello", {})).status).toBe(200);
    expect(JSON.parse((await ask("/api/v1/jobs", {})).text)).toEqual([]);
    expect((await ask("/api/v1/clients", {})).status).toBe(200);
  });
});
