// Lists in pages, keys that make a job once, and failures as problems.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import { silentLog } from "../base/log.ts";
import type { JobView } from "../cluster/server/views.ts";
import { ApiClient } from "./client.ts";
import { type ApiServer, serveApi } from "./serve-api.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;
let ann = "";

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
  ann = coordinator.createToken({ name: "ann", role: "submit", expiresInSeconds: null }).token;
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});
beforeEach(() => {
  coordinator.jobs.clear();
  coordinator.clients.clear();
});

function ask(path: string, init: RequestInit & { readonly token?: string } = {}): Promise<Response> {
  const { token = coordinator.token, headers, ...rest } = init;
  const type: Record<string, string> = typeof rest.body === "string" ? { "content-type": "application/json" } : {};
  return fetch(server.url + path, { ...rest, headers: { ...type, ...headers, authorization: `Bearer ${token}` } });
}

/** The ids of each page, by following `Link`. */
async function pages(path: string, token?: string): Promise<string[][]> {
  const found: string[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const response: Response = await ask(next, token === undefined ? {} : { token });
    expect(response.status).toBe(200);
    const items = (await response.json()) as Record<
      "delivery_id" | "job_id" | "client_id" | "name",
      string | undefined
    >[];
    found.push(items.map((item) => item.delivery_id ?? item.job_id ?? item.client_id ?? item.name ?? ""));
    next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return found;
}

const codeOf = async (response: Response) =>
  [response.status, ((await response.json()) as { error: { code: string } }).error.code] as const;

describe("pages", () => {
  const at = (minute: number) => `2026-11-22T10:0${minute}:00.000Z`;
  const add = (job_id: string, minute: number, more: Partial<JobView> = {}) =>
    coordinator.addJob({ job_id, created_at: at(minute), ...more });

  beforeEach(() => {
    add("b", 1);
    add("a", 1, { status: "Completed" });
    add("c", 0, { owner: "ann" });
    add("d", 2, { status: "Failed" });
  });

  test("jobs by creation, then id; the newest first when asked; without a limit all", async () => {
    expect(await pages("/api/v1/jobs")).toEqual([["c", "a", "b", "d"]]);
    expect(await pages("/api/v1/jobs?limit=3")).toEqual([["c", "a", "b"], ["d"]]);
    expect(await pages("/api/v1/jobs?limit=2&order=desc")).toEqual([
      ["d", "b"],
      ["a", "c"],
    ]);
  });

  test("jobs that come and go between two pages move no other", async () => {
    const first = await ask("/api/v1/jobs?limit=2");
    const [, next = ""] = /<([^>]+)>/.exec(first.headers.get("link") ?? "") ?? [];
    coordinator.jobs.delete("a");
    add("e", 0);
    expect(await pages(next)).toEqual([["b", "d"]]);
  });

  test("jobs by status, owner and time, together with pages", async () => {
    expect(await pages("/api/v1/jobs?status=failed,Completed&limit=1")).toEqual([["a"], ["d"]]);
    expect(await pages("/api/v1/jobs?owner=ann")).toEqual([["c"]]);
    expect(await pages(`/api/v1/jobs?since=${at(1)}`)).toEqual([["a", "b", "d"]]);
    expect(await pages("/api/v1/jobs?since=2026-11-22T12:02:00%2B02:00")).toEqual([["d"]]);
  });

  test("a submitter's pages have its own jobs alone, whatever it asks for", async () => {
    const standing = coordinator.standingOf(ann);
    if (standing.kind !== "known") throw new Error("ann has a token");
    for (const job of ["b", "d"]) coordinator.owners.set(job, standing.principal.tokenId);
    expect(await pages("/api/v1/jobs?limit=1", ann)).toEqual([["b"], ["d"]]);
    expect(await pages("/api/v1/jobs?owner=admin&status=completed", ann)).toEqual([[]]);
    expect((await ask("/api/v1/clients?limit=1", { token: ann })).status).toBe(403);
  });

  test("clients by name, then id, and by status", async () => {
    coordinator.addClient({ client_id: "2", name: "b" });
    coordinator.addClient({ client_id: "1", name: "b", status: "Disconnected" });
    coordinator.addClient({ client_id: "3", name: "a" });
    expect(await pages("/api/v1/clients?limit=2")).toEqual([["3", "1"], ["2"]]);
    expect(await pages("/api/v1/clients?status=idle,processing")).toEqual([["3", "2"]]);
  });

  test.each([
    "jobs?limit=0",
    "jobs?limit=1001",
    "jobs?limit=x",
    "jobs?cursor=!",
    "jobs?cursor=",
    "jobs?order=up",
    "jobs?since=yesterday",
    "jobs?status=Queued,asleep",
    "clients?status=asleep",
  ])("%s is malformed", async (path) => {
    expect(await codeOf(await ask(`/api/v1/${path}`))).toEqual([400, "E_MALFORMED"]);
  });

  test("commands read every page", async () => {
    for (let count = 0; count < 2001; count += 1) coordinator.addJob();
    const address = { isTls: false, host: "127.0.0.1", port: server.port };
    const client = new ApiClient({ server: address, token: coordinator.token });
    const jobs = await client.listJobs(null);
    expect(new Set(jobs.map(({ job_id }) => job_id)).size).toBe(2005);
    expect(await client.listJobs("Failed")).toHaveLength(1);
  });
});

describe("Idempotency-Key", () => {
  const source = async (token?: string) => {
    const body = JSON.stringify({ path: "a.mp4" });
    const response = await ask("/api/v1/sources/on-server", { method: "POST", body, ...(token && { token }) });
    return ((await response.json()) as { source_id: string }).source_id;
  };
  const create = (key: string, body: object, token?: string) =>
    ask("/api/v1/jobs", {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "idempotency-key": key },
      ...(token && { token }),
    });

  test("asked again gives the same job; other words for the same request too", async () => {
    const source_id = await source();
    const first = await create("k1", { source_id, name: "film" });
    const again = await create("k1", { name: "film", source_id, verify: null });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect([first, again].map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, "true"]);
    expect(again.headers.get("location")).toBe(first.headers.get("location") ?? "");
    expect(await again.json()).toEqual(await first.json());
    expect(coordinator.jobs.size).toBe(1);
  });

  test("with another request it is 422; of another token it is another key; a malformed one is 400", async () => {
    const body = { source_id: await source() };
    expect((await create("k2", body)).status).toBe(201);
    expect(await codeOf(await create("k2", { ...body, name: "other" }))).toEqual([422, "E_IDEMPOTENCY_KEY"]);
    expect((await create("k2", { source_id: await source(ann) }, ann)).status).toBe(201);
    expect(await codeOf(await create("two words", body))).toEqual([400, "E_MALFORMED"]);
    expect(coordinator.jobs.size).toBe(2);
  });
});

describe("problems (RFC 9457)", () => {
  test("a failure is a problem with our error object inside", async () => {
    const response = await ask("/api/v1/jobs/none");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const error = { code: "E_UNKNOWN_ID", message: "no job with id or name none", hint: expect.any(String) };
    expect(await response.json()).toEqual({
      type: "/api/v1/docs#E_UNKNOWN_ID",
      title: "unknown id",
      status: 404,
      detail: "no job with id or name none",
      error,
    });
  });

  test.each([
    ["application/json", "application/json"],
    ["application/json, text/plain, */*", "application/json"],
    ["application/problem+json, application/json", "application/problem+json"],
    ["*/*", "application/problem+json"],
  ])("Accept: %s gets %s", async (accept, type) => {
    expect((await ask("/api/v1/jobs/none", { headers: { accept } })).headers.get("content-type")).toBe(type);
    expect((await fetch(`${server.url}/api/v1/jobs`, { headers: { accept } })).headers.get("content-type")).toBe(type);
  });
});

describe("moves", () => {
  const move = (id: string, body: unknown, token?: string) =>
    ask(`/api/v1/jobs/${id}/move`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
      ...(token === undefined ? {} : { token }),
    });

  beforeEach(() => {
    coordinator.moves.length = 0;
    for (const id of ["aa11", "bb22"]) coordinator.addJob({ job_id: id });
    coordinator.addJob({ job_id: "cc33", owner: "ann" });
  });

  test("to a place, before another job by a prefix of its id, to a priority", async () => {
    expect((await move("aa", { to: "last" })).status).toBe(200);
    expect(await (await move("aa", { before: "bb", priority: 70 })).json()).toMatchObject({ priority: 70 });
    expect(coordinator.moves).toEqual([
      { id: "aa11", to: "last" },
      { id: "aa11", before: "bb22", priority: 70 },
    ]);
  });

  test("nothing asked, two places at once, another job that is unknown or another's", async () => {
    expect(await codeOf(await move("aa", {}))).toEqual([400, "E_MALFORMED"]);
    expect(await codeOf(await move("aa", { to: "first", before: "bb" }))).toEqual([400, "E_MALFORMED"]);
    expect(await codeOf(await move("aa", { before: "dd" }))).toEqual([404, "E_UNKNOWN_ID"]);
    expect(await codeOf(await move("cc", { before: "aa" }, ann))).toEqual([404, "E_UNKNOWN_ID"]);
    expect(coordinator.moves).toEqual([]);
  });
});

describe("more lists in pages", () => {
  /** What `of` picks from each item, by following `Link`. */
  async function allPages<T>(path: string, of: (item: T) => unknown): Promise<unknown[][]> {
    const found: unknown[][] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const response: Response = await ask(next);
      expect(response.status).toBe(200);
      found.push(((await response.json()) as T[]).map(of));
      next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
    }
    return found;
  }

  test("tokens by state and role, in the order in which they were made", async () => {
    for (const name of ["t1", "t2", "t3"]) coordinator.createToken({ name, role: "read", expiresInSeconds: null });
    coordinator.revokeToken("t2");
    const nameOf = ({ name }: { name: string }) => name;
    expect(await allPages("/api/v1/tokens?role=read&limit=2", nameOf)).toEqual([["t1", "t2"], ["t3"]]);
    expect(await allPages("/api/v1/tokens?role=read&state=Live&order=desc", nameOf)).toEqual([["t3", "t1"]]);
    expect((await allPages("/api/v1/tokens?limit=1", nameOf)).flat()).toEqual(["admin", "ann", "t1", "t2", "t3"]);
    expect(await codeOf(await ask("/api/v1/tokens?state=asleep"))).toEqual([400, "E_MALFORMED"]);
  });

  test("events, attempts, and jobs by a part of their name", async () => {
    const { job_id } = coordinator.addJob({ file_name: "Holiday 1.MP4" });
    coordinator.addJob({ file_name: "other.mp4", output_name: "holiday-2.mkv" });
    const seqOf = ({ seq }: { seq: number }) => seq;
    expect(await allPages(`/api/v1/jobs/${job_id}/events?limit=1`, seqOf)).toEqual([[1], [2]]);
    expect(await allPages(`/api/v1/jobs/${job_id}/events?after=1&limit=1`, seqOf)).toEqual([[2]]);
    const about = { segment_index: 0, client_id: "c", outcome: null, reason: null, started_at: "", ended_at: null };
    for (const at of [1, 2, 3]) coordinator.attempts.push({ attempt_id: `${job_id}-${at}`, ...about });
    const path = `/api/v1/jobs/${job_id}/attempts?limit=2&order=desc`;
    const idOf = ({ attempt_id }: { attempt_id: string }) => attempt_id.slice(-1);
    expect(await allPages(path, idOf)).toEqual([["3", "2"], ["1"]]);
    expect((await pages("/api/v1/jobs?name=HOLIDAY&limit=1")).length).toBe(2);
    expect(await pages("/api/v1/jobs?name=holiday+1")).toEqual([[job_id]]);
    expect(await pages("/api/v1/jobs?name=nothing")).toEqual([[]]);
  });

  test("the audit log: the newest first by pages, in order within each", async () => {
    coordinator.audited.length = 0;
    for (const name of ["x1", "x2", "x3", "x4", "x5"]) {
      const body = JSON.stringify({ name, role: "read" });
      expect((await ask("/api/v1/tokens", { method: "POST", body })).status).toBe(201);
    }
    const objectOf = ({ object }: { object: string }) => object;
    expect(await allPages("/api/v1/audit?limit=2", objectOf)).toEqual([["x4", "x5"], ["x2", "x3"], ["x1"]]);
    for (const query of ["cursor=!", "cursor=eA", "limit=0"]) {
      expect(await codeOf(await ask(`/api/v1/audit?${query}`))).toEqual([400, "E_MALFORMED"]);
    }
  });
});

test("a token that is asked for with a key is made once, and shown again to who has the same token", async () => {
  const create = (key: string, body: object, token?: string) =>
    ask("/api/v1/tokens", {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "idempotency-key": key },
      ...(token && { token }),
    });
  const other = coordinator.createToken({ name: "boss", role: "admin", expiresInSeconds: null }).token;
  const first = await create("t", { name: "keyed", role: "read" });
  const again = await create("t", { role: "read", name: "keyed", expires_in_seconds: null });
  expect([first.status, again.status, again.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
  const made = (await first.json()) as { token: string };
  expect(await again.json()).toEqual(made);
  expect(coordinator.standingOf(made.token)).toMatchObject({ kind: "known", principal: { name: "keyed" } });
  expect(await codeOf(await create("t", { name: "keyed", role: "admin" }))).toEqual([422, "E_IDEMPOTENCY_KEY"]);
  expect(await codeOf(await create("t", { name: "keyed", role: "read" }, other))).toEqual([409, "E_WRONG_STATE"]);
  await coordinator.rotateToken("keyed");
  expect(await codeOf(await create("t", { name: "keyed", role: "read" }))).toEqual([409, "E_WRONG_STATE"]);
  expect((await create("u", { name: "keyed 2", role: "read" })).status).toBe(400);
});

test("a body that is said to be no JSON is 415; without a type it is read; a failed token says how to show one", async () => {
  const post = (type: string | null) =>
    ask("/api/v1/tokens", {
      method: "POST",
      body: new Blob(["{}"]),
      headers: type === null ? {} : { "content-type": type },
    });
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/json"]) {
    expect(await codeOf(await post(type))).toEqual([415, "E_MEDIA_TYPE"]);
  }
  for (const type of [null, "application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]) {
    expect(await codeOf(await post(type))).toEqual([400, "E_MALFORMED"]);
  }
  const stranger = await fetch(`${server.url}/api/v1/jobs`);
  expect([stranger.status, stranger.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
});

test("webhooks in the order in which they were made, and deliveries from the newest back", async () => {
  for (const name of ["one", "two", "three"])
    await ask("/api/v1/webhooks", {
      method: "POST",
      body: JSON.stringify({ name, url: `http://127.0.0.1:1/${name}` }),
    });
  expect(await pages("/api/v1/webhooks?limit=2")).toEqual([["one", "two"], ["three"]]);
  expect(await pages("/api/v1/webhooks?order=desc&limit=2")).toEqual([["three", "two"], ["one"]]);
  const sent: string[] = [];
  for (let time = 0; time < 3; time++) {
    const answer = await ask("/api/v1/webhooks/one/test", { method: "POST", body: "{}" });
    sent.push(((await answer.json()) as { delivery_id: string }).delivery_id);
  }
  expect(await pages("/api/v1/webhooks/one/deliveries?limit=2")).toEqual([sent.slice(1), sent.slice(0, 1)]);
  expect((await ask("/api/v1/webhooks/one/deliveries?cursor=x")).status).toBe(400);
});
