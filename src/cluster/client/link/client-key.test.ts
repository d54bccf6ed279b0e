import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../../base/ids.ts";
import { ownCertificate } from "../../../base/tls/own-certificate.ts";
import { OWN_NAME } from "../../../base/tls/trust.ts";
import { openClientKey } from "./client-key.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-key-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { signal } = new AbortController();

/** A server that gives a key, or refuses. */
function serverThat(answer: () => Response) {
  const asked: { proof: string; client_id: string }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      asked.push((await request.json()) as (typeof asked)[number]);
      return answer();
    },
  });
  return { asked, url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

test("a machine proves itself alike at each address of a server, and otherwise to one with another certificate", async () => {
  const server = serverThat(() => Response.json({ key: "k".repeat(32) }, { status: 201 }));
  const clientId = newId();
  const open = async (at: string, ca?: string) => {
    const remote = { serverUrl: at, token: "join", ...(ca === undefined ? {} : { tls: { ca } }) };
    const key = await openClientKey({ remote, folder: join(folder), clientId, name: "nas" });
    await key.ensure(signal);
    return key.token;
  };
  expect(await open(server.url)).toBe("k".repeat(32));
  await open(server.url.replace("127.0.0.1", "localhost"));
  const path = join(folder, "machine-secret");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const [first, second] = server.asked.map(({ proof }) => proof);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(second).toBe(first ?? "");
  expect(first).not.toBe(await readFile(path, "utf8"));
  await rm(join(folder, "keys.json"));
  await open(server.url, "another certificate");
  expect(server.asked.at(-1)?.proof).not.toBe(first ?? "");
  await server.stop();
});

test("a server that knows another machine under this id says so to the user", async () => {
  const error = { code: "E_IDENTITY_IN_USE", message: "client x has a key", hint: "join with an admin's token" };
  const server = serverThat(() => Response.json({ error }, { status: 409 }));
  const remote = { serverUrl: server.url, token: "join" };
  const key = await openClientKey({ remote, folder: join(folder, ""), clientId: newId(), name: "nas" });
  await expect(key.ensure(signal)).rejects.toMatchObject(error);
  await server.stop();
});

test("a key goes with a pinned certificate to another address, and to no other certificate", async () => {
  const server = serverThat(() => Response.json({ key: "k".repeat(32) }, { status: 201 }));
  const place = join(folder, "moved");
  const [mine, other] = await Promise.all(
    ["a", "b"].map(async (name) => (await ownCertificate(join(place, name))).cert),
  );
  const open = (serverUrl: string, token: string, ca = "") => {
    const tls = { ca, serverName: OWN_NAME };
    return openClientKey({ remote: { serverUrl, token, tls }, folder: place, clientId: newId(), name: "nas" });
  };
  await (await open(server.url, "join", mine)).ensure(signal);
  await server.stop();
  const elsewhere = "https://192.0.2.1:5001";
  expect((await open(elsewhere, "", mine)).token).toBe("k".repeat(32));
  expect((await open(elsewhere, "", other)).token).toBe("");
});
