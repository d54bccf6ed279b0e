// A browser's session, end to end over HTTP: what the cookie is, what it may do, and when it ends.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { MemoryCoordinator } from "../../../test/support/memory-coordinator.ts";
import { silentLog } from "../../base/log.ts";
import { type ApiServer, serveApi } from "../serve-api.ts";
import { BrowserSessions } from "./browser-sessions.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;
let origin: string;

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
  origin = `http://127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

type Headers = Record<string, string>;

const ask = (method: string, path: string, headers: Headers) => fetch(server.url + path, { method, headers });
const statusOf = async (method: string, path: string, headers: Headers) => (await ask(method, path, headers)).status;

/** The `Set-Cookie` of a new session, and its `name=value`. */
async function openSession(token: string): Promise<{ readonly set: string; readonly cookie: string }> {
  const response = await ask("POST", "/api/v1/session", { authorization: `Bearer ${token}`, origin });
  expect(response.status).toBe(201);
  const set = response.headers.get("set-cookie") ?? "";
  return { set, cookie: set.split(";")[0] ?? "" };
}

const drain = "/api/v1/clients/none/drain";

test("no script can read the cookie, no other site sends it, and its name has the port", async () => {
  const { set, cookie } = await openSession("test-token");
  expect(cookie).toMatch(new RegExp(`^ffcluster-${server.port}=[\\w-]{43}$`));
  for (const word of ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"]) expect(set).toContain(word);
  expect(set).not.toContain("test-token");
});

test("it stands for its token; what changes something must come from this server's own page", async () => {
  const { cookie } = await openSession("test-token");
  expect(await statusOf("GET", "/api/v1/jobs", { cookie })).toBe(200);
  // 404: past the door.
  expect(await statusOf("POST", drain, { cookie, origin })).toBe(404);
  expect(await statusOf("POST", drain, { cookie })).toBe(403);
  expect(await statusOf("POST", drain, { cookie, "sec-fetch-site": "same-origin" })).toBe(403);
  const otherPort = "http://127.0.0.1:9";
  expect(await statusOf("POST", drain, { cookie, origin: otherPort, "sec-fetch-site": "same-site" })).toBe(403);
  expect(await statusOf("GET", "/api/v1/link", { cookie, upgrade: "websocket", connection: "upgrade" })).toBe(403);
  expect(await statusOf("GET", "/api/v1/jobs", { cookie: cookie.replace(`-${server.port}=`, "-9=") })).toBe(401);
  expect(await statusOf("GET", "/api/v1/jobs", { cookie: `${cookie.slice(0, -1)}_` })).toBe(401);
  // A header goes before it, and is not mended by it.
  expect(await statusOf("GET", "/api/v1/jobs", { cookie, authorization: "Bearer wrong-token-0123456789" })).toBe(401);
});

test("it ends when the page says so, and with its token", async () => {
  const first = await openSession("test-token");
  const ended = await ask("DELETE", "/api/v1/session", { cookie: first.cookie, origin });
  expect(ended.headers.get("set-cookie")).toContain("Max-Age=0");
  expect(await statusOf("GET", "/api/v1/jobs", { cookie: first.cookie })).toBe(401);

  const { token } = coordinator.createToken({ name: "dashboard", role: "read", expiresInSeconds: null });
  const second = await openSession(token);
  expect(await statusOf("GET", "/api/v1/jobs", { cookie: second.cookie })).toBe(200);
  expect(await statusOf("POST", drain, { cookie: second.cookie, origin })).toBe(403);
  coordinator.revokeToken("dashboard");
  expect(await statusOf("GET", "/api/v1/jobs", { cookie: second.cookie })).toBe(401);
});

test("it lasts twelve hours, and the oldest of a thousand makes room", () => {
  let now = 0;
  const sessions = new BrowserSessions(() => now);
  const request = (cookie = "") => new Request("https://nas.example/api/v1/jobs", { headers: { cookie } });
  const open = (token: string) => sessions.open(request(), token).split(";")[0] ?? "";
  const oldest = open("one");
  expect(sessions.open(request(), "one")).toContain("Secure");
  const cookie = open("two");
  expect(cookie).toStartWith("ffcluster-443=");
  now = 12 * 3_600_000 - 1;
  expect(sessions.tokenOf(request(cookie), false)).toBe("two");
  now += 1;
  expect(sessions.tokenOf(request(cookie), false)).toBeNull();
  now = 0;
  for (let number = 0; number < 998; number += 1) open("more");
  expect([sessions.tokenOf(request(oldest), false), sessions.tokenOf(request(cookie), false)]).toEqual([null, "two"]);
});
