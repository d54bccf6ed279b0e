// Keys, roles and revocation as people meet them: a machine joins with the join line's token, is sent away, and is let in
// again; a submitter with a token of its own sees its own jobs.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ClientView, CreatedTokenView, JobView, TokenView } from "../../src/cluster/server/views.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { giveKeptEncoders } from "../support/kept-encoders.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";

const X264 = "-c:v libx264 -preset ultrafast";

async function sourceIn(cluster: Cluster): Promise<string> {
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: 50, gop: 25 });
  return source;
}

async function secret(cluster: Cluster, name: string): Promise<string> {
  return (await Bun.file(join(cluster.workDir, name)).text()).trim();
}

function joins(cluster: Cluster, env: Record<string, string>, token: readonly string[]): Running {
  const where = ["--server", `127.0.0.1:${cluster.port}`, "--work-dir", cluster.path("nas-work")];
  const asked = ["--name", "nas", "--slots", "1", "--source-access", "gateway"];
  return cluster.start("nas", ["join", ...asked, ...where, ...token], env);
}

const connected = (cluster: Cluster) =>
  until("the client is there", 60_000, async () => (await cluster.clients()).some((c) => c.status !== "Disconnected"));

test.skipIf(process.platform === "win32")(
  "a client has a key of its own, which is revoked with its link and its leases",
  async () => {
    await using cluster = await Cluster.make();
    const source = await sourceIn(cluster);
    await cluster.serve();
    const joinToken = await secret(cluster, "join-token");
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), await findTools(process.env), "right");
    const env = { ...wrong.env };
    await giveKeptEncoders(cluster.path("nas-work"), env);
    const first = joins(cluster, env, ["--token", joinToken]);
    await connected(cluster);

    const [client] = await cluster.json<ClientView[]>(["clients", "list"]);
    expect(client).toMatchObject({ name: "nas", keys: ["nas"] });
    const folder = cluster.path("nas-work/client");
    const keys = join(folder, (await readdir(folder))[0] ?? "", "keys.json");
    expect((await stat(keys)).mode & 0o777).toBe(0o600);
    const [key] = Object.values((await Bun.file(keys).json()) as Record<string, string>);
    for (const [token, path] of [
      [key, "/api/v1/jobs"],
      [joinToken, "/api/v1/jobs"],
      [joinToken, "/api/v1/link"],
    ]) {
      const response = await fetch(`${cluster.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
      expect(response.status).toBe(403);
    }

    // What it may do is enough to encode.
    const done = await cluster.submit(source, cluster.path("a.mp4"), X264);
    await cluster.untilComplete(done, 60_000);

    await wrong.become("slow-encode");
    const job = await cluster.submit(source, cluster.path("b.mp4"), X264);
    await until("it has a lease", 60_000, async () =>
      (await cluster.jobDetail(job)).attempts.some(({ ended_at }) => ended_at === null),
    );
    const revoked = await cluster.json<TokenView>(["token", "revoke", "nas"]);
    expect(revoked).toMatchObject({ role: "client", state: "revoked", client_id: client?.client_id });
    expect((await cluster.jobDetail(job)).attempts.filter(({ ended_at }) => ended_at === null)).toEqual([]);
    expect((await cluster.clients())[0]).toMatchObject({ status: "Disconnected", keys: [] });
    expect(await first.exited).toBe(0);
    expect(first.stderr()).toContain("the token nas was revoked");

    const locked = joins(cluster, env, ["--token", joinToken]);
    expect(await locked.exited).toBe(1);
    expect(locked.stderr()).toMatch(/the key of client .* was revoked/);

    // The operator's own token lets it in again, and from then on it needs none.
    const second = joins(cluster, env, ["--token", cluster.token]);
    await connected(cluster);
    second.kill("SIGTERM");
    await second.exited;
    const third = joins(cluster, env, []);
    await connected(cluster);
    await cluster.command(["cancel", job]);
    third.kill("SIGTERM");
    expect(await third.exited).toBe(0);
  },
  240_000,
);

test("tokens are made, listed, rotated; a submitter sees its own jobs; a token of the wrong role says so", async () => {
  await using cluster = await Cluster.make();
  const source = await sourceIn(cluster);
  await cluster.serve();
  const make = (role: string, name: string) =>
    cluster.json<CreatedTokenView>(["token", "create", "--role", role, "--name", name, "--expires", "30d"]);
  const submitter = await make("submit", "anna");
  const reader = await make("read", "board");
  expect(Date.parse(submitter.expires_at ?? "") - Date.parse(submitter.created_at)).toBe(30 * 86_400_000);
  const by = (token: string, args: readonly string[]) =>
    cluster.run([...args, "--server", `127.0.0.1:${cluster.port}`, "--token", token]);

  const theirs = await cluster.submit(source, cluster.path("a.mp4"), X264);
  const own = await by(submitter.token, ["submit", source, "-o", cluster.path("b.mp4"), "--detach", "--json"]);
  expect({ exitCode: own.exitCode, stderr: own.stderr }).toMatchObject({ exitCode: 0 });
  const { job_id } = JSON.parse(own.stdout.trim().split("\n").at(-1) ?? "") as { job_id: string };
  const seen = JSON.parse((await by(submitter.token, ["jobs", "list", "--json"])).stdout) as JobView[];
  expect(seen.map(({ job_id: id, owner }) => [id, owner])).toEqual([[job_id, "anna"]]);
  expect((await by(submitter.token, ["jobs", "show", theirs])).exitCode).toBe(1);
  expect((await by(submitter.token, ["cancel", theirs])).stderr).toContain(`no job with id or name ${theirs}`);
  const all = JSON.parse((await by(reader.token, ["jobs", "list", "--json"])).stdout) as JobView[];
  expect(all.map(({ owner }) => owner).sort()).toEqual(["admin", "anna"]);
  const refused = await by(reader.token, ["cancel", job_id]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("the token board has the role read, which may not do this");

  const rotated = await cluster.command(["token", "rotate", "anna"]);
  expect((await by(submitter.token, ["jobs", "list"])).exitCode).toBe(4);
  const still = JSON.parse((await by(rotated.stdout.trim(), ["jobs", "list", "--json"])).stdout) as JobView[];
  expect(still).toHaveLength(1);
  const before = await secret(cluster, "join-token");
  expect((await cluster.command(["token", "rotate", "join"])).stdout.trim()).toBe(await secret(cluster, "join-token"));
  expect((await by(before, ["doctor"])).stdout).toContain("refuses the token");
  const list = await cluster.command(["token", "list"]);
  expect(list.stdout).toMatch(/^admin +admin +live.*\njoin +enrol +live.*\nanna +submit +live.*\nboard +read +live/m);
  for (const { token } of [submitter, reader]) expect(list.stdout).not.toContain(token);
  const bare = await cluster.command(["token", "create", "--role", "read"]);
  expect({ exitCode: bare.exitCode, stderr: bare.stderr }).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("--name nas"),
  });
}, 180_000);

test("a work directory of the version without roles keeps its token and its jobs", async () => {
  await using cluster = await Cluster.make();
  const token = "0123456789abcdef0123456789abcdef";
  await mkdir(join(cluster.workDir, "db"), { recursive: true });
  await Bun.write(join(cluster.workDir, "token"), `${token}\n`);
  const database = new Database(join(cluster.workDir, "db", "server.db"), { create: true });
  database.run(await Bun.file(join(import.meta.dir, "../fixtures/work-dirs/schema-8.sql")).text());
  database.close();
  const where = ["--host", "127.0.0.1", "--port", String(cluster.port), "--work-dir", cluster.workDir];
  const answers = () =>
    until(
      "the server answers",
      60_000,
      async () => (await fetch(`${cluster.url}/healthz`).catch(() => null))?.ok === true,
    );
  const server = cluster.start("serve", ["serve", ...where]);
  await answers();
  expect(await secret(cluster, "token")).toBe(token);
  // The one that was remembered, as if given: both are the same token.
  for (const given of [[], ["--token", token]]) {
    const list = await cluster.run(["jobs", "list", "--json", "--server", `127.0.0.1:${cluster.port}`, ...given]);
    expect(JSON.parse(list.stdout)).toMatchObject([{ file_name: "film.mp4", status: "Completed", owner: "admin" }]);
  }
  const headers = { authorization: `Bearer ${token}` };
  const clients = await (await fetch(`${cluster.url}/api/v1/clients`, { headers })).json();
  expect(clients).toMatchObject([{ name: "node-1", keys: [] }]);

  // Its admin's token is rotated: the new one is told once, kept, and known to commands on this machine.
  const here = (args: readonly string[]) => cluster.run([...args, "--server", `127.0.0.1:${cluster.port}`]);
  const rotated = (await here(["token", "rotate", "admin"])).stdout.trim();
  expect(rotated).toMatch(/^[0-9a-f]{32}$/);
  expect(await secret(cluster, "token")).toBe(rotated);
  expect((await fetch(`${cluster.url}/api/v1/jobs`, { headers })).status).toBe(401);
  expect((await here(["jobs", "list"])).exitCode).toBe(0);
  server.kill("SIGTERM");
  await server.exited;
  expect(server.stderr()).not.toContain(rotated);
  const old = await cluster.run(["serve", ...where, "--token", token]);
  expect(old).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("this admin token was rotated") });
  cluster.start("serve", ["serve", ...where]);
  await answers();
  expect((await here(["jobs", "list"])).exitCode).toBe(0);
  expect((await here(["token", "list"])).stdout).toMatch(/^admin +admin +live(.*\n)+admin +admin +revoked/m);
}, 120_000);
