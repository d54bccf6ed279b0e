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
  return fetch(server.url + path, { ...rest, headers: { ...headers, authorization: `Bearer ${token}` } });
}

/** The ids of each page, by following `Link`. */
async function pages(path: string, token?: string): Promise<string[][]> {
  const found: string[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const response: Response = await ask(next, token === undefined ? {} : { token });
    expect(response.status).toBe(200);
    const items = (await response.json()) as { job_id?: string; client_id?: string }[];
    found.push(items.map(({ job_id, client_id }) => job_id ?? client_id ?? ""));
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
    const error = { code: "E_UNKNOWN_ID", message: "no job with id none", hint: expect.any(String) };
    expect(await response.json()).toEqual({
      type: "/api/v1/docs#E_UNKNOWN_ID",
      title: "unknown id",
      status: 404,
      detail: "no job with id none",
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
