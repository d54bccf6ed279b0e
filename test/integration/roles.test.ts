// Every route × every role, and no token, an expired one, a revoked one, on one server: expectations come from the table
// that is the router's guard, and from a second opinion on what each role is for.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ACCESS, isForAnyone, type RouteKey, rolesOf } from "../../src/api/access.ts";
import { type ApiServer, ROUTES, serveApi } from "../../src/api/serve-api.ts";
import { newId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import { ROLES, type Role } from "../../src/cluster/protocol/roles.ts";
import { MemoryCoordinator } from "../support/memory-coordinator.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;
const tokenOf: Record<string, string> = {};

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
  const make = (name: string, role: Role, expiresInSeconds: number | null = null) =>
    coordinator.tokens.create({ name, role, expiresInSeconds }).token;
  for (const role of ROLES) {
    tokenOf[role] = make(`a-${role}`, role);
    tokenOf[`expired ${role}`] = make(`old-${role}`, role, -1);
    tokenOf[`revoked ${role}`] = make(`gone-${role}`, role);
    coordinator.tokens.revoke(`gone-${role}`);
  }
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

const KEYS = Object.keys(ACCESS) as RouteKey[];

async function call(key: RouteKey, token: string | undefined): Promise<{ status: number; code: string | null }> {
  const [method = "", path = ""] = key.split(" ");
  const response = await fetch(server.url + path.replace(/:\w+/g, "none"), {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(method === "POST" || method === "PATCH" ? { body: "{}" } : {}),
  });
  await response.body?.cancel();
  return { status: response.status, code: response.headers.get("x-ffcluster-error") };
}

test("the table and the routes are the same set", () => {
  expect(ROUTES.map(({ key }) => key).sort()).toEqual([...KEYS].sort());
});

describe.each(KEYS)("%s", (key) => {
  test.each([...ROLES])("%s", async (role) => {
    const { status, code } = await call(key, tokenOf[role]);
    if (rolesOf(key).includes(role)) {
      // What it asks for does not exist, or its body is wrong: but nothing keeps the caller out.
      expect(status).not.toBe(401);
      expect(code).not.toBe("E_FORBIDDEN");
      expect(status).toBeLessThan(500);
    } else expect({ status, code: code ?? "E_FORBIDDEN" }).toEqual({ status: 403, code: "E_FORBIDDEN" });
  });

  test("without a token, with a wrong, an expired and a revoked one", async () => {
    const expected = isForAnyone(key) ? 200 : 401;
    expect((await call(key, undefined)).status).toBe(expected);
    for (const role of ROLES) {
      for (const state of ["expired", "revoked"]) {
        expect((await call(key, tokenOf[`${state} ${role}`])).status).toBe(expected);
      }
    }
  });
});

test("what each role is for, said once more by hand", () => {
  const reach = (role: Role) => KEYS.filter((key) => rolesOf(key).includes(role));
  expect(reach("admin")).toEqual(KEYS);
  expect(reach("enrol")).toEqual([
    "GET /healthz",
    "GET /api/v1/openapi.json",
    "GET /api/v1/docs",
    "GET /api/v1/hello",
    "POST /api/v1/enrol",
  ]);
  // It changes nothing but its own session.
  const isRead = (key: string) => key.startsWith("GET ") || key === "POST /ws/command" || key.endsWith("/session");
  expect(reach("read").every(isRead)).toBe(true);
  expect(reach("read")).not.toContain("GET /api/v1/jobs/:id/output");
  expect(
    reach("client").filter((key) => !/hello|healthz|openapi|docs|blocks|side-files|enrol|link|attempts/.test(key)),
  ).toEqual([]);
  expect(reach("submit").filter((key) => /clients|tokens|link|v1.attempts|blocks|side-files|enrol/.test(key))).toEqual(
    [],
  );
});

function ask(token: string | undefined, path: string, body?: object): Promise<Response> {
  return fetch(server.url + path, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
}

describe("submit", () => {
  const other = () => coordinator.tokens.create({ name: newId(), role: "submit", expiresInSeconds: null }).token;

  test("sees its own jobs and sources alone; admin and read see all", async () => {
    const theirs = other();
    const opened = await ask(tokenOf.submit, "/api/v1/sources/on-server", { path: "a.mp4" });
    const { source_id } = (await opened.json()) as { source_id: string };
    expect((await ask(theirs, "/api/v1/jobs", { source_id })).status).toBe(404);
    const made = await ask(tokenOf.submit, "/api/v1/jobs", { source_id });
    expect(made.status).toBe(201);
    const job = (await made.json()) as { job_id: string; owner: string };
    expect(job.owner).toBe("a-submit");
    for (const path of ["", "/detail", "/events", "/proof", "/output", "/watch"]) {
      const response = await ask(theirs, `/api/v1/jobs/${job.job_id}${path}`);
      expect([path, response.status]).toEqual([path, 404]);
    }
    for (const path of ["cancel", "retry"]) {
      expect((await ask(theirs, `/api/v1/jobs/${job.job_id}/${path}`, {})).status).toBe(404);
    }
    for (const command of [{ GetJobStatus: job }, { CancelJob: job }].map((each) => idOf(each))) {
      expect((await ask(theirs, "/ws/command", command)).status).toBe(404);
    }
    expect(await (await ask(theirs, "/api/v1/jobs")).json()).toEqual([]);
    expect(await (await ask(theirs, "/ws/command", { ListJobs: null })).json()).toEqual({ JobsList: [] });
    for (const token of [tokenOf.submit, tokenOf.read, tokenOf.admin]) {
      expect((await ask(token, `/api/v1/jobs/${job.job_id.slice(0, 8)}`)).status).toBe(200);
      expect(await (await ask(token, "/api/v1/jobs")).json()).toHaveLength(1);
    }
    expect((await ask(tokenOf.read, "/ws/command", { CancelJob: { job_id: job.job_id } })).status).toBe(403);
    expect((await ask(tokenOf.submit, "/ws/command", { ListClients: null })).status).toBe(403);
  });

  test("asks and writes its own uploads alone", async () => {
    const begun = await ask(tokenOf.submit, "/api/v1/sources", { name: "a.mp4", bytes: 9 });
    const { source_id } = (await begun.json()) as { source_id: string };
    const head = (token: string | undefined) =>
      fetch(`${server.url}/api/v1/sources/${source_id}`, {
        method: "HEAD",
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await head(other())).status).toBe(404);
    expect((await head(tokenOf.submit)).status).toBe(204);
  });
});

function idOf(command: Record<string, { readonly job_id: string }>): object {
  return Object.fromEntries(Object.entries(command).map(([name, { job_id }]) => [name, { job_id }]));
}

test("who watches a job sees nothing more of it once the token is revoked", async () => {
  const { token, name } = coordinator.tokens.create({ name: "watcher", role: "read", expiresInSeconds: null });
  const job = coordinator.addJob();
  const watching = await ask(token, `/api/v1/jobs/${job.job_id}/watch`);
  const text = watching.text();
  coordinator.tokens.revoke(name);
  coordinator.update(job.job_id, { file_name: "what came later" });
  expect(await text).not.toContain("what came later");
});

describe("client", () => {
  const enrolled = async (clientId: string) => {
    const response = await ask(tokenOf.enrol, "/api/v1/enrol", { client_id: clientId, name: "nas" });
    return ((await response.json()) as { key: string }).key;
  };

  test("reads a source and its burn-in files under a lease of its own alone", async () => {
    const [mine, theirs] = [newId(), newId()];
    const [key, otherKey] = [await enrolled(mine), await enrolled(theirs)];
    const content = new Uint8Array([1, 2, 3, 4]);
    coordinator.sources.set("film", { source_id: "film", name: "film", bytes: 4, content });
    const read = async (token: string) => (await ask(token, "/api/v1/sources/film/blocks/0")).status;
    expect(await read(key)).toBe(409);
    coordinator.leases.add(`${mine} film`);
    expect(await read(key)).toBe(200);
    expect(await read(otherKey)).toBe(409);
    expect((await ask(otherKey, "/api/v1/jobs/a-job/side-files/0")).status).toBe(409);
    coordinator.leases.add(`${theirs} a-job`);
    expect((await ask(otherKey, "/api/v1/jobs/a-job/side-files/0")).status).toBe(404);
  });

  test("reports results as itself alone", async () => {
    const [mine, theirs] = [newId(), newId()];
    const key = await enrolled(mine);
    const state = (clientId: string) =>
      fetch(`${server.url}/api/v1/attempts/an-attempt/result`, {
        method: "HEAD",
        headers: { authorization: `Bearer ${key}`, "x-ffcluster-report": JSON.stringify(reportOf(clientId)) },
      });
    expect((await state(mine)).status).toBe(204);
    expect((await state(theirs)).status).toBe(403);
  });

  test("whoever knows its id gets no key of it; its own machine, and an admin, do", async () => {
    const [id, proof] = [newId(), "a".repeat(64)];
    const enrol = (who: string | undefined, facts: object) =>
      ask(who, "/api/v1/enrol", { client_id: id, name: "nas", ...facts });
    expect((await enrol(tokenOf.enrol, { proof })).status).toBe(201);
    const refused = await enrol(tokenOf.enrol, { proof: "b".repeat(64) });
    expect([refused.status, refused.headers.get("x-ffcluster-error")]).toEqual([409, "E_IDENTITY_IN_USE"]);
    expect(await refused.text()).toContain("has a key that this machine does not hold");
    expect((await enrol(tokenOf.enrol, {})).status).toBe(409);
    // A token for any one client is none for this one.
    const { token } = coordinator.tokens.create({ name: newId(), role: "client", expiresInSeconds: null });
    expect((await enrol(token, {})).status).toBe(409);
    const bind = coordinator.tokens.standingOf(token);
    if (bind.kind !== "known") throw new Error("the token is good");
    expect(coordinator.tokens.bind(bind.principal.tokenId, id)).toBe(false);
    expect(coordinator.tokens.bind(bind.principal.tokenId, newId())).toBe(true);
    // Under another address, or after its keys were lost.
    expect((await enrol(tokenOf.enrol, { proof })).status).toBe(201);
    expect((await enrol(tokenOf.admin, {})).status).toBe(201);
  });

  test("is enrolled under a name of its own; a revoked one only by an admin", async () => {
    const id = newId();
    const key = await enrolled(id);
    const token = coordinator.tokens.list().findLast(({ client_id }) => client_id === id);
    expect(token).toMatchObject({ role: "client", state: "live" });
    expect(token?.name).toMatch(/^nas(-\d+)?$/);
    expect(JSON.stringify(coordinator.tokens.list())).not.toContain(key);
    coordinator.tokens.revoke(token?.name ?? "");
    expect((await ask(key, "/api/v1/hello")).status).toBe(401);
    const again = (who: string | undefined) => ask(who, "/api/v1/enrol", { client_id: id, name: "nas" });
    expect((await again(tokenOf.enrol)).status).toBe(403);
    expect((await again(tokenOf.admin)).status).toBe(201);
  });
});

function reportOf(clientId: string): object {
  const facts = { frames: 1, seconds: 1, encoder: "libx264", ffmpegVersion: "5.1", decodeErrors: [] };
  const seams = { seamStart: null, seamAfterEnd: null };
  return { clientId, secret: "0".repeat(64), sha256: "0".repeat(64), bytes: 1, ...facts, ...seams };
}
