import { afterAll, beforeAll, expect, test } from "bun:test";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import type { AppError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { ApiClient } from "./client.ts";
import { OpenStreams, RateLimits } from "./rate-limits.ts";
import { type ApiServer, serveApi } from "./serve-api.ts";
import { parseServerAddress } from "./server-address.ts";

test("a minute's worth at once, then at an even rate; each token and each kind by itself", () => {
  let now = 0;
  const limits = new RateLimits(60, () => now);
  const refused = (token: string, what: "jobs" | "sources"): AppError | null => {
    try {
      limits.spend(token, what);
      return null;
    } catch (thrown) {
      return thrown as AppError;
    }
  };
  for (let count = 0; count < 60; count += 1) expect(refused("a", "jobs")).toBeNull();
  expect(refused("a", "jobs")).toMatchObject({ code: "E_RATE_LIMIT", retryAfterSeconds: 1 });
  expect([refused("b", "jobs"), refused("a", "sources")]).toEqual([null, null]);
  now = 1000;
  expect(refused("a", "jobs")).toBeNull();
  expect(refused("a", "jobs")).not.toBeNull();
  now = 10 * 60_000;
  for (let count = 0; count < 60; count += 1) expect(refused("a", "jobs")).toBeNull();
  expect(refused("a", "jobs")).not.toBeNull();
});

let coordinator: MemoryCoordinator;
let server: ApiServer;
beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  const where = { coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog };
  server = serveApi({ ...where, jobsPerMinute: 1, streamsPerToken: 3 });
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

function send(path: string, body: object, token = coordinator.token): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

test("who asks too often gets 429 with Retry-After; what is malformed costs nothing", async () => {
  const other = coordinator.tokens.create({ name: "other", role: "submit", expiresInSeconds: null }).token;
  const job = { source_id: "none" };
  for (let count = 0; count < 3; count += 1) expect((await send("/api/v1/jobs", {})).status).toBe(400);
  expect((await send("/api/v1/jobs", job)).status).toBe(404);
  for (const [path, body] of [
    ["/api/v1/jobs", job],
    [`/api/v1/jobs/${coordinator.addJob().job_id}/retry`, {}],
    ["/ws/command", { ProcessLocalFile: { file_path: "a.mp4" } }],
  ] as const) {
    const refused = await send(path, body);
    expect([path, refused.status]).toEqual([path, 429]);
    expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 61);
    expect(await refused.text()).toContain("more than 1 jobs are made a minute");
  }
  expect((await send("/api/v1/jobs", job, other)).status).toBe(404);
  const offered = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(() => send("/api/v1/sources", { name: "a.mp4", bytes: 9 }, other)),
  );
  expect(offered.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 201, 429]);
});

test("a command waits as long as it is told, and asks again", async () => {
  const asked: number[] = [];
  const busy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch() {
      asked.push(performance.now());
      const error = { code: "E_RATE_LIMIT", message: "too often", hint: "wait" };
      if (asked.length === 1) return Response.json({ error }, { status: 429, headers: { "retry-after": "1" } });
      return Response.json({ source_id: "s", offset: 0 }, { status: 201 });
    },
  });
  const api = new ApiClient({ server: parseServerAddress(`http://127.0.0.1:${busy.port}`), token: "t" });
  expect((await api.beginUpload({ name: "a.mp4", bytes: 9 })).source_id).toBe("s");
  expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(990);
  await busy.stop(true);
});

test("streams of one token are counted while they are open", () => {
  const streams = new OpenStreams(2);
  const [first, second] = [streams.hold("a"), streams.hold("a")];
  expect(() => streams.hold("a")).toThrow("2 streams open");
  streams.hold("b")();
  first();
  first();
  const third = streams.hold("a");
  expect(() => streams.hold("a")).toThrow("2 streams open");
  second();
  third();
  expect([streams.hold("a"), streams.hold("a")]).toHaveLength(2);
});

test("a stream too many is told to wait, and one that its reader leaves makes room", async () => {
  const streams: AbortController[] = [];
  const held: Response[] = []; // one that nobody holds is ended
  const open = async () => {
    const stream = new AbortController();
    streams.push(stream);
    const headers = { authorization: `Bearer ${coordinator.token}` };
    const response = await fetch(`${server.url}/api/v1/jobs/watch`, { headers, signal: stream.signal });
    held.push(response);
    return [response.status, response.headers.get("retry-after")];
  };
  for (let count = 0; count < 3; count += 1) expect(await open()).toEqual([200, null]);
  expect(await open()).toEqual([429, "5"]);
  streams[1]?.abort();
  const end = performance.now() + 10_000;
  while (coordinator.feed.readerCount === 3 && performance.now() < end) await Bun.sleep(5);
  expect(await open()).toEqual([200, null]);
  for (const stream of streams) stream.abort();
});
