// Requests as pages in browsers make them: of this server, of another site, of a name that was pointed here.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { MemoryCoordinator } from "../../../test/support/memory-coordinator.ts";
import { silentLog } from "../../base/log.ts";
import { type ApiServer, serveApi } from "../serve-api.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

type Headers = Record<string, string>;

async function statusOf(method: string, path: string, headers: Headers): Promise<number> {
  const all = { authorization: "Bearer test-token", ...headers };
  const response = await fetch(server.url + path, { method, headers: all });
  const { error } = (await response.json()) as { error?: { code: string } };
  if (response.status === 403) expect(error?.code).toBe("E_FORBIDDEN");
  return response.status;
}

const post = (headers: Headers) => statusOf("POST", "/api/v1/clients/none/drain", headers);
const read = (headers: Headers) => statusOf("GET", "/api/v1/jobs", headers);
/** 404 and 200: the request went past the door. */
const PASSED = 404;

describe("methods that change something", () => {
  test("a program sends no Origin and may use any name", async () => {
    expect(await post({})).toBe(PASSED);
    expect(await post({ host: "ffcluster.example" })).toBe(PASSED);
    expect(await post({ "sec-fetch-mode": "cors" })).toBe(PASSED);
  });

  test("a page of this server", async () => {
    const host = `127.0.0.1:${server.port}`;
    expect(await post({ origin: `http://${host}`, "sec-fetch-site": "same-origin" })).toBe(PASSED);
    for (const name of ["localhost", "[::1]", hostname(), `${hostname()}.local`]) {
      const own = `${name}:${server.port}`.toLowerCase();
      expect(await post({ host: own, origin: `http://${own}` })).toBe(PASSED);
    }
  });

  test("a page of another origin, however it is written", async () => {
    const own = `127.0.0.1:${server.port}`;
    const others = [
      "null",
      "",
      "http://evil.example",
      `https://${own}`,
      `http://${own}/`,
      `http://${own}.evil.example`,
      `http://127.0.0.1:${server.port + 1}`,
      "http://127.0.0.1",
      `http://user@${own}`,
      "file://",
      `http://${own}, http://evil.example`,
    ];
    for (const origin of others) expect([origin, await post({ origin })]).toEqual([origin, 403]);
  });

  test("a browser that says the page is of another site, or of another port of this host", async () => {
    for (const site of ["cross-site", "same-site", "else", ""]) {
      expect([site, await post({ "sec-fetch-site": site })]).toEqual([site, 403]);
    }
    expect(await post({ "sec-fetch-site": "none" })).toBe(PASSED);
  });

  test("a foreign page gets no further without a token either", async () => {
    const headers = { origin: "http://evil.example" };
    const response = await fetch(`${server.url}/api/v1/jobs`, { method: "POST", headers, body: "{}" });
    expect([response.status, response.headers.get("connection")]).toEqual([403, "close"]);
  });
});

describe("a name that was pointed here", () => {
  const host = "rebound.example";

  test("its page is of its own origin, and refused all the same", async () => {
    expect(await post({ host, origin: `http://${host}`, "sec-fetch-site": "same-origin" })).toBe(403);
    expect(await read({ host, "sec-fetch-site": "same-origin" })).toBe(403);
    for (const trick of [`127.0.0.1.${host}`, `${hostname()}.${host}`, "localhost.", "0x7f.1"]) {
      expect([trick, await read({ host: trick, origin: `http://${trick}` })]).toEqual([trick, 403]);
    }
  });

  test("names that the server was given are its own", async () => {
    const named = serveApi({ coordinator, host: "localhost", port: 0, version: "1", log: silentLog });
    try {
      const headers = { authorization: "Bearer test-token", host: "LOCALHOST", origin: "http://LOCALHOST" };
      expect((await fetch(`${named.url}/api/v1/jobs`, { headers })).status).toBe(200);
    } finally {
      await named.stop();
    }
  });
});

test("a WebSocket of a page is refused, that of a program is not", async () => {
  const url = `${server.url.replace("http", "ws")}/api/v1/link`;
  const opens = (headers: Headers) =>
    new Promise<boolean>((resolve) => {
      const all = { authorization: "Bearer test-token", ...headers };
      const socket = new WebSocket(url, { headers: all } as unknown as string[]);
      socket.addEventListener("open", () => {
        resolve(true);
        socket.close();
      });
      socket.addEventListener("close", () => resolve(false));
    });
  expect(await opens({})).toBe(true);
  expect(await opens({ origin: server.url })).toBe(true);
  for (const origin of ["null", "http://evil.example", `http://localhost:${server.port + 1}`]) {
    expect([origin, await opens({ origin })]).toEqual([origin, false]);
  }
  expect(await opens({ "sec-fetch-site": "same-site" })).toBe(false);
});

describe("every answer", () => {
  const answers = async () => {
    const headers = { authorization: "Bearer test-token" };
    const job = coordinator.addJob();
    await coordinator.complete(job.job_id, new TextEncoder().encode("<script>alert(1)</script>"));
    const ask = (path: string, init: RequestInit = {}) => fetch(server.url + path, { headers, ...init });
    const output = `/api/v1/jobs/${job.job_id}/output`;
    return [
      await fetch(`${server.url}/healthz`),
      await fetch(`${server.url}/<script>`),
      await fetch(`${server.url}/api/v1/jobs`, { method: "OPTIONS", headers: { origin: "http://evil.example" } }),
      await ask("/<script>"),
      await ask("/api/v1/jobs"),
      await ask("/api/v1/jobs", { method: "OPTIONS" }),
      await ask("/api/v1/jobs", { method: "POST", body: "{" }),
      await ask("/ws/command", { method: "POST", body: "{" }),
      await ask("/api/v1/link"),
      await ask(`/api/v1/jobs/${job.job_id}/watch`),
      await ask(output),
      await ask(output, { headers: { ...headers, range: "bytes=0-3" } }),
      await ask(output, { method: "HEAD" }),
    ];
  };

  test("says its type, runs nothing, is shown in no frame, and is for no page of another origin", async () => {
    for (const answer of await answers()) {
      await answer.text();
      const { headers } = answer;
      const policy = headers.get("content-security-policy") ?? "";
      expect([answer.url, headers.get("x-content-type-options")]).toEqual([answer.url, "nosniff"]);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
      expect(headers.get("content-type") ?? "").not.toContain("html");
    }
  });

  test("what a user named is handed out as a file to save, not as a page", async () => {
    const job = coordinator.addJob({ output_name: "page.html" });
    await coordinator.complete(job.job_id, new TextEncoder().encode("<html>"));
    const headers = { authorization: "Bearer test-token" };
    const answer = await fetch(`${server.url}/api/v1/jobs/${job.job_id}/output`, { headers });
    expect(answer.headers.get("content-type")).toBe("application/octet-stream");
    expect(answer.headers.get("content-disposition")).toStartWith("attachment;");
  });
});
