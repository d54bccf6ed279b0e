// The dashboard's files as a browser gets them.
import { afterAll, beforeAll, expect, test } from "bun:test";
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

const ask = (path: string, init: RequestInit = {}) => fetch(server.url + path, { decompress: false, ...init });
const plain = { headers: { "accept-encoding": "identity" } };

/** The paths of the script and the style that the page names. */
async function namedFiles(): Promise<readonly string[]> {
  const page = await (await ask("/", plain)).text();
  return [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
}

test("the page needs no token, and runs and reaches nothing but this server's own", async () => {
  const answer = await ask("/", plain);
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-cache"]);
  expect(answer.headers.get("content-type")).toStartWith("text/html");
  const policy = answer.headers.get("content-security-policy") ?? "";
  for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"])
    expect(policy).toContain(rule);
  expect(policy).not.toContain("unsafe");
  expect(await answer.text()).not.toMatch(/<script>|<style>| on\w+=|https?:\/\/(?!www\.w3\.org)/);
});

test("its files keep for ever, packed or not, and the whole is under 60 kB on the line", async () => {
  const files = await namedFiles();
  expect(files.map((path) => path.replace(/^.*\./, "")).sort()).toEqual(["css", "js"]);
  let total = 0;
  for (const path of ["/", ...files]) {
    const packed = await ask(path, { headers: { "accept-encoding": "gzip, br" } });
    const bytes = new Uint8Array(await packed.arrayBuffer());
    total += bytes.length;
    expect([packed.headers.get("content-encoding"), packed.headers.get("vary")]).toEqual(["gzip", "accept-encoding"]);
    const whole = await ask(path, plain);
    expect(new TextDecoder().decode(Bun.gunzipSync(bytes))).toBe(await whole.text());
    if (path !== "/") expect(whole.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  }
  expect(total).toBeLessThan(60_000);
});

test("what a browser has already is not sent again", async () => {
  const first = await ask("/", plain);
  const etag = first.headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
  const again = await ask("/", { headers: { ...plain.headers, "if-none-match": `"x", ${etag}` } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  const packed = await ask("/", { headers: { "accept-encoding": "gzip", "if-none-match": etag } });
  expect([packed.status, packed.headers.get("etag") === etag]).toEqual([200, false]);
  expect((await ask("/", { headers: { "accept-encoding": "gzip;q=0, *;q=0" } })).headers.has("content-encoding")).toBe(
    false,
  );
});

test("HEAD has no body, other methods and other paths are the API's to answer", async () => {
  const head = await ask("/", { method: "HEAD", ...plain });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  expect((await ask("/", { method: "POST" })).status).toBe(401);
  for (const path of ["/index.html", "/main.ts", "/chunk-00000000.js", "/%2e%2e/etc/passwd", "/healthz/"])
    expect([path, (await ask(path)).status]).toEqual([path, 401]);
});

test("a page that was pointed here by another name gets nothing", async () => {
  const answer = await ask("/", { headers: { host: "rebound.example", "sec-fetch-site": "none" } });
  expect(answer.status).toBe(403);
});
