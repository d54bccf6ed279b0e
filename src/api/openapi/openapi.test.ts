// The description is valid, is served, and is what the server does: watch-answers.ts holds each answer of the other tests of
// the API against it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { MemoryCoordinator } from "../../../test/support/memory-coordinator.ts";
import { answered, requireDescribed } from "../../../test/support/watch-answers.ts";
import { ERROR_CATALOGUE } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { type ApiServer, serveApi } from "../serve-api.ts";
import { describeApi, ROUTE_KEYS, templateOf } from "./describe-api.ts";

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

const ask = (path: string) => fetch(server.url + path, { headers: { authorization: `Bearer ${coordinator.token}` } });

test("the description is valid OpenAPI 3.1, and a broken reference in it would be found", async () => {
  const document = JSON.parse(JSON.stringify(describeApi())) as Record<string, unknown>;
  expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
  const broken = JSON.stringify(document).replaceAll('#/components/schemas/Job"', '#/components/schemas/Nothing"');
  const validator = new Validator();
  await validator.validate(JSON.parse(broken));
  expect(() => validator.resolveRefs()).toThrow("Nothing");
});

test("it has every route, by a name of its own, with what its path holds", () => {
  const { paths = {} } = describeApi();
  const ids = new Set<string>();
  for (const key of ROUTE_KEYS) {
    const [method = "", path = ""] = key.split(" ");
    const operation = paths[templateOf(path)]?.[method.toLowerCase() as "get"];
    const names = operation?.parameters?.flatMap((given) => ("in" in given && given.in === "path" ? [given.name] : []));
    expect(names ?? []).toEqual([...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name));
    ids.add(operation?.operationId ?? "");
  }
  expect(ids.size).toBe(ROUTE_KEYS.length);
  expect(ids).toContain("getJobsIdProof");
});

test("anybody may read it; fields that a later version adds break no caller", async () => {
  const response = await fetch(`${server.url}/api/v1/openapi.json`);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  const document = (await response.json()) as ReturnType<typeof describeApi>;
  expect(document).toEqual(JSON.parse(JSON.stringify(describeApi())));
  expect(document.components?.schemas?.Job).not.toHaveProperty("additionalProperties");
  expect(document.components?.schemas?.NewJob).toHaveProperty("additionalProperties", false);
});

test("the page shows every call and error, runs nothing, and asks no other origin", async () => {
  const response = await fetch(`${server.url}/api/v1/docs`);
  const html = await response.text();
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const policy = response.headers.get("content-security-policy") ?? "";
  const [, style = ""] = /<style>([^<]*)<\/style>/.exec(html) ?? [];
  const digest = new Bun.CryptoHasher("sha256").update(style).digest("base64");
  expect(policy).toBe(
    `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox`,
  );
  expect(html).not.toMatch(/<script|<img|<link|\bon\w+=|\bsrc=|href="(?!#|\/api\/)/);
  for (const key of ROUTE_KEYS) {
    const [method = "", path = ""] = key.split(" ");
    expect(html).toContain(`<b>${method}</b> <code>${templateOf(path)}</code>`);
  }
  for (const code of Object.keys(ERROR_CATALOGUE)) expect(html).toContain(`id="${code}"`);
  for (const [, name = ""] of html.matchAll(/href="#(\w+)"/g)) expect(html).toContain(`id="${name}"`);
});

test("an answer that is not as described is noticed", async () => {
  expect((await ask("/api/v1/jobs")).status).toBe(200);
  requireDescribed();
  expect(answered.get("GET /api/v1/jobs 200")).toBeGreaterThan(0);
  coordinator.addJob({ progress: "half" as unknown as number, extra: 1 } as object);
  await ask("/api/v1/jobs");
  expect(requireDescribed).toThrow(
    /GET \/api\/v1\/jobs 200: .*additional properties, data\/0\/progress must be number/,
  );
  coordinator.jobs.clear();
});
