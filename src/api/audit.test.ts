// What of the requests is in the audit log: who, from where, what, about what, and how it ended; and no secret.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import { sha256Of } from "../base/digest.ts";
import { silentLog } from "../base/log.ts";
import type { AuditEntryView } from "../cluster/server/views.ts";
import { AuditLimiter } from "./audit.ts";
import { type ApiServer, serveApi } from "./serve-api.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
});
beforeEach(async () => {
  await server?.stop();
  coordinator.audited.length = 0;
  coordinator.jobs.clear();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

function ask(
  method: string,
  path: string,
  init: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
) {
  const authorization = `Bearer ${init.token ?? "test-token"}`;
  const body =
    init.body === undefined ? {} : { body: typeof init.body === "string" ? init.body : JSON.stringify(init.body) };
  return fetch(server.url + path, { method, headers: { authorization, ...init.headers }, ...body });
}

const short = ({ action, token, role, object, result }: AuditEntryView) => [action, token, role, object, result];

test("who did what to what, from where, and how it ended", async () => {
  const { job_id: id } = coordinator.addJob();
  const { client_id: client } = coordinator.addClient();
  expect((await ask("POST", `/api/v1/jobs/${id.slice(0, 8)}/cancel`)).status).toBe(200);
  await ask("POST", `/api/v1/clients/${client}/drain`);
  await ask("POST", "/api/v1/jobs/none/cancel");
  const source = await ask("POST", "/api/v1/sources/on-server", { body: { path: "a.mp4" } });
  const { source_id } = (await source.json()) as { source_id: string };
  const job = (await (await ask("POST", "/api/v1/jobs", { body: { source_id } })).json()) as { job_id: string };
  expect(coordinator.audited.map(short)).toEqual([
    ["job-cancel", "admin", "admin", id, "ok"],
    ["client-drain", "admin", "admin", client, "ok"],
    ["job-cancel", "admin", "admin", "none", "E_UNKNOWN_ID"],
    ["source-open", "admin", "admin", "a.mp4", "ok"],
    ["job-create", "admin", "admin", job.job_id, "ok"],
  ]);
  const [first] = coordinator.audited;
  expect(first).toMatchObject({ address: "127.0.0.1", token_id: "admin", client_id: null, times: 1 });
  expect(Date.parse(first?.at ?? "")).toBeGreaterThan(Date.now() - 60_000);
});

test("commands by what they do", async () => {
  const { job_id } = coordinator.addJob();
  const { client_id } = coordinator.addClient();
  for (const body of [
    { ListJobs: null },
    { CancelJob: { job_id } },
    { DisconnectClient: { client_id } },
    { ProcessLocalFile: { file_path: "/etc/passwd" } },
  ])
    await ask("POST", "/ws/command", { body });
  expect(coordinator.audited.map(short)).toEqual([
    ["job-cancel", "admin", "admin", job_id, "ok"],
    ["client-disconnect", "admin", "admin", client_id, "ok"],
    ["job-create", "admin", "admin", "/etc/passwd", "E_OUTSIDE_MEDIA_ROOT"],
  ]);
});

test("an upload once, however many its pieces; a download once", async () => {
  const begun = await ask("POST", "/api/v1/sources", { body: { name: "a.mp4", bytes: 2 } });
  const { source_id } = (await begun.json()) as { source_id: string };
  for (const [offset, byte] of [..."ab"].entries()) {
    const last: Record<string, string> =
      offset === 1 ? { "upload-complete": "?1", "x-ffcluster-sha256": sha256Of("ab") } : {};
    const headers = { "upload-offset": String(offset), "x-ffcluster-block-sha256": sha256Of(byte), ...last };
    expect((await ask("PATCH", `/api/v1/sources/${source_id}`, { body: byte, headers })).status).toBe(200);
  }
  const { job_id } = coordinator.addJob();
  await coordinator.complete(job_id, new TextEncoder().encode("0123456789"));
  for (const range of ["bytes=0-", "bytes=5-"])
    await ask("GET", `/api/v1/jobs/${job_id}/output`, { headers: { range } });
  expect(coordinator.audited.map(short)).toEqual([
    ["source-upload-begin", "admin", "admin", source_id, "ok"],
    ["source-upload", "admin", "admin", source_id, "ok"],
    ["output-download", "admin", "admin", job_id, "ok"],
  ]);
});

test("what only reads is not in it; who is refused is, and often refused is one entry", async () => {
  await ask("GET", "/api/v1/jobs");
  await ask("POST", "/api/v1/requests/check", { body: "{" });
  for (let count = 0; count < 3; count += 1) await ask("GET", "/api/v1/jobs", { token: "guess-me-if-you-can" });
  const { token } = coordinator.createToken({ name: "eyes", role: "read", expiresInSeconds: null });
  await ask("POST", "/api/v1/clients/none/drain", { token });
  await ask("POST", "/api/v1/jobs", { headers: { origin: "http://evil.example" } });
  expect(coordinator.audited.map(short)).toEqual([
    ["request", null, null, "GET /api/v1/jobs", "E_TOKEN"],
    ["client-drain", "eyes", "read", "none", "E_FORBIDDEN"],
    ["request", null, null, "POST /api/v1/jobs", "E_FORBIDDEN"],
  ]);
});

test("tokens by their names, never themselves", async () => {
  const made = await ask("POST", "/api/v1/tokens", { body: { name: "nas", role: "client", expires_in_seconds: null } });
  const { token } = (await made.json()) as { token: string };
  await ask("POST", "/api/v1/tokens/nas/rotate");
  await ask("POST", "/api/v1/tokens/nas/revoke");
  await ask("POST", "/api/v1/jobs/x/cancel", { token });
  expect(coordinator.audited.map(short)).toEqual([
    ["token-create", "admin", "admin", "nas", "ok"],
    ["token-rotate", "admin", "admin", "nas", "ok"],
    ["token-revoke", "admin", "admin", "nas", "ok"],
    ["request", null, null, "POST /api/v1/jobs/x/cancel", "E_TOKEN"],
  ]);
  expect(JSON.stringify(coordinator.audited)).not.toMatch(new RegExp(`${token}|test-token`));
});

test("an admin reads it, and nobody else", async () => {
  await ask("POST", "/api/v1/jobs/none/cancel");
  const entries = (await (await ask("GET", "/api/v1/audit?limit=1")).json()) as AuditEntryView[];
  expect(entries.map(short)).toEqual([["job-cancel", "admin", "admin", "none", "E_UNKNOWN_ID"]]);
  expect((await ask("GET", "/api/v1/audit?limit=0")).status).toBe(400);
  const { token } = coordinator.createToken({ name: "watcher", role: "read", expiresInSeconds: null });
  expect((await ask("GET", "/api/v1/audit", { token })).status).toBe(403);
});

test("an address of IPv4 is written as one, also behind a socket for IPv6", async () => {
  const both = serveApi({ coordinator, host: "::", port: 0, version: "0.1.0", log: silentLog });
  try {
    const headers = { authorization: "Bearer test-token" };
    await fetch(`http://127.0.0.1:${both.port}/api/v1/jobs/none/cancel`, { method: "POST", headers });
    expect(coordinator.audited.map(({ address }) => address)).toEqual(["127.0.0.1"]);
  } finally {
    await both.stop();
  }
});

test("equal refusals are one entry a minute, which counts them; others and what succeeds are not held back", () => {
  let now = 0;
  const limiter = new AuditLimiter(() => now);
  const about = {
    at: "",
    action: "job-cancel",
    token: null,
    token_id: null,
    role: null,
    client_id: null,
    object: null,
  };
  const refused = { ...about, address: "10.0.0.5", result: "E_TOKEN", times: 1 };
  expect(limiter.pass(refused)?.times).toBe(1);
  for (let count = 0; count < 5; count += 1) expect(limiter.pass(refused)).toBeNull();
  expect(limiter.pass({ ...refused, address: "10.0.0.6" })?.times).toBe(1);
  expect(limiter.pass({ ...refused, result: "ok" })).not.toBeNull();
  expect(limiter.pass({ ...refused, result: "ok" })).not.toBeNull();
  now = 60_001;
  expect(limiter.pass(refused)?.times).toBe(6);
  for (let count = 0; count < 2000; count += 1) limiter.pass({ ...refused, address: `a${count}` });
  expect(limiter.pass(refused)?.times).toBe(1);
});
