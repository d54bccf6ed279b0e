// A server that others can reach makes a certificate of its own. Whoever has its fingerprint trusts it alone, nothing
// secret goes over the network in clear, and who stands in between gets a handshake and nothing else. 127.0.0.2 stands for
// another machine's way to the server: like every address but 127.0.0.1 it speaks https.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { chmod, readFile, rm, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import type { Proof } from "../../src/api/contract.ts";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { Front } from "../support/front.ts";
import { giveKeptEncoders } from "../support/kept-encoders.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const BOUND_MS = 60_000;
/** Linux gives every address of 127.0.0.0/8 to the machine itself. */
const isPossible = process.platform === "linux";

interface Ready {
  readonly url: string;
  readonly outward_url: string;
  readonly tls_fingerprint: string | null;
  readonly port: number;
}

/** A server with another certificate: what callers tell it once TLS is up. */
class ManInTheMiddle implements AsyncDisposable {
  readonly #server: Server;
  handshakes = 0;
  told = "";

  private constructor(folder: string) {
    const file = (name: string) => readFileSync(join(folder, name));
    this.#server = createServer({ cert: file("other-cert.pem"), key: file("other-key.pem") }, (socket) => {
      this.handshakes += 1;
      socket.on("error", () => socket.destroy());
      socket.on("data", (chunk) => {
        this.told += chunk.toString("latin1");
      });
    });
    this.#server.on("tlsClientError", () => undefined); // who does not trust it hangs up
  }

  static async open(): Promise<ManInTheMiddle> {
    const man = new ManInTheMiddle(join(import.meta.dir, "../fixtures/tls"));
    await new Promise<void>((resolve) => man.#server.listen(0, "127.0.0.1", resolve));
    return man;
  }

  get target(): { readonly host: string; readonly port: number } {
    return { host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

let cluster: Cluster;
let server: Running;
let ready: Ready;

async function startServer(args: readonly string[] = []): Promise<void> {
  const port = ready === undefined ? "0" : String(ready.port);
  server = cluster.start("serve", ["serve", "--port", port, "--work-dir", cluster.workDir, "--json", ...args]);
  await until(
    "the server is ready",
    BOUND_MS,
    async () => server.stderr().includes("Ready.") && server.stdout() !== "",
  );
  ready = JSON.parse(server.stdout()) as Ready;
}

beforeAll(async () => {
  if (!isPossible) return;
  cluster = await Cluster.make();
  await startServer();
}, 90_000);

afterAll(async () => {
  if (!isPossible) return;
  server.kill("SIGTERM");
  await server.exited;
  await cluster[Symbol.asyncDispose]();
});

const elsewhere = (name: string) => ({ XDG_CONFIG_HOME: cluster.path(name) });
const tokenOfServer = async () => (await readFile(join(cluster.workDir, "token"), "utf8")).trim();

test.skipIf(!isPossible)(
  "files for the owner alone; the join line has the fingerprint; plain http on loopback",
  async () => {
    for (const name of ["cert.pem", "key.pem"]) {
      expect((await stat(join(cluster.workDir, "tls", name))).mode & 0o777).toBe(0o600);
    }
    const { tls_fingerprint: fingerprint, port, outward_url: outward } = ready;
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(ready.url).toBe(`http://127.0.0.1:${port}`);
    const line = `\nOn other machines: ffcluster join --server ${outward} --token \\S+ --tls-fingerprint ${fingerprint}\n`;
    expect(server.stderr()).toMatch(new RegExp(line));
    expect(outward).toStartWith("https://");
    for (const host of ["127.0.0.1", "localhost"])
      expect((await fetch(`http://${host}:${port}/healthz`)).ok).toBe(true);
    const plain = fetch(`http://127.0.0.2:${port}/healthz`);
    expect(await plain.then(() => "answered", () => "refused")).toBe("refused"); // biome-ignore format: one question
    // Its own user needs neither token nor fingerprint, whatever the name.
    for (const name of [`localhost:${port}`, new URL(outward).host]) {
      expect(await cluster.run(["jobs", "list", "--server", name])).toMatchObject({ exitCode: 0 });
    }
    expect(await cluster.run(["serve", "--port", String(port), "--work-dir", cluster.path("second")])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`0.0.0.0:${port} is in use`),
    });
  },
  BOUND_MS,
);

test.skipIf(!isPossible)(
  "a job from elsewhere: nothing in clear; another certificate is refused before anything is said",
  async () => {
    await using front = await Front.open({ host: "127.0.0.2", port: ready.port });
    await using man = await ManInTheMiddle.open();
    const env = elsewhere("elsewhere");
    const token = await tokenOfServer();
    const address = ["--server", `https://127.0.0.1:${front.port}`];
    const trusted = [...address, "--tls-fingerprint", ready.tls_fingerprint ?? "", "--token", token];
    const source = cluster.path("source.mp4");
    await makeSynthetic(source, { frames: 50, gop: 25 });

    const unpinned = await cluster.run(["jobs", "list", ...address, "--token", token], env);
    expect(unpinned).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/does not trust\nhint: Paste the join line/),
    });
    const mistyped = await cluster.run(
      ["jobs", "list", ...address, "--token", token, "--tls-fingerprint", "a".repeat(64)],
      env,
    );
    expect(mistyped).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("another certificate") });

    const remote = ["--source-access", "gateway", "--slots", "1", "--reconnect-delay", "0.2"];
    await giveKeptEncoders(cluster.path("client"), {});
    const client = cluster.start("join", ["join", ...trusted, ...remote, "--work-dir", cluster.path("client")], env);
    const connected = () => client.stderr().split("Connected to").length - 1;
    await until("the client is connected", BOUND_MS, async () => connected() === 1);
    const request = ["-o", cluster.path("o.mp4"), "--ffmpeg-params", "-c:v libx264 -preset ultrafast", "--json"];
    const ended = await cluster.run(["submit", source, ...trusted, ...request], env);
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
    const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "") as { proof: Proof };
    expect(last.proof).toMatchObject({ exact: true, frames: { in_output: 50 } });
    expect(front.sent.length).toBeGreaterThan((await stat(source)).size / 100);
    for (const clear of [token, "HTTP/1.1", "authorization", "Bearer"]) expect(front.sent).not.toContain(clear);
    expect((await stat(join(cluster.path("elsewhere"), "ffcluster", "pins.json"))).mode & 0o777).toBe(0o600);

    // Remembered: neither the scheme nor the fingerprint is needed again.
    const remembered = ["--server", `127.0.0.1:${front.port}`, "--token", token];
    expect(await cluster.run(["clients", "list", ...remembered], env)).toMatchObject({ exitCode: 0 });

    front.target = man.target;
    front.cut();
    await until("the client has tried the other server", BOUND_MS, async () =>
      client.stderr().includes("another certificate"),
    );
    for (const args of [remembered, trusted]) {
      const refused = await cluster.run(["jobs", "list", ...args], env);
      expect(refused).toMatchObject({ exitCode: 4 });
      expect(refused.stderr).toMatch(
        /shows another certificate .*nothing was sent.*\nhint: .*--tls-fingerprint of its new join line/,
      );
    }
    expect(man.told).toBe("");
    expect(front.sent).not.toContain(token);

    front.target = { host: "127.0.0.2", port: ready.port };
    front.cut();
    await until("the client is back", BOUND_MS, async () => connected() >= 2);
    client.kill("SIGTERM");
    expect(await client.exited).toBe(0);
  },
  3 * BOUND_MS,
);

test.skipIf(!isPossible)(
  "the certificate outlives a restart; a key that others can read is named; --tls off is said; a lost key is named",
  async () => {
    const before = ready;
    server.kill("SIGTERM");
    await server.exited;
    const key = join(cluster.workDir, "tls", "key.pem");
    expect(server.stderr()).not.toContain("private key");
    await chmod(key, 0o644);
    await startServer();
    expect(server.stderr()).toContain(`other users can read the private key: chmod 600 ${key}`);
    expect(ready.tls_fingerprint).toBe(before.tls_fingerprint);
    server.kill("SIGTERM");
    await server.exited;
    await startServer(["--tls", "off"]);
    expect(server.stderr()).toContain("TLS is off: whoever is on the network");
    expect(ready.tls_fingerprint).toBeNull();
    const { host } = new URL(ready.outward_url);
    expect(server.stderr()).toContain(`ffcluster join --server http://${host} --token `);
    expect(await cluster.run(["jobs", "list", "--server", `http://${host}`])).toMatchObject({ exitCode: 0 });
    const unsaid = await cluster.run(["jobs", "list", "--server", host, "--token", await tokenOfServer()]);
    expect(unsaid).toMatchObject({ exitCode: 4, stderr: expect.stringContaining(`--server http://${host}. Beyond`) });
    server.kill("SIGTERM");
    await server.exited;
    await rm(key);
    const lost = await cluster.run(["serve", "--port", "0", "--work-dir", cluster.workDir]);
    expect(lost).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("key.pem is not\nhint: Put the key back"),
    });
    await rm(join(cluster.workDir, "tls"), { recursive: true });
    await startServer();
    expect(ready.tls_fingerprint).not.toBe(before.tls_fingerprint);
  },
  2 * BOUND_MS,
);
