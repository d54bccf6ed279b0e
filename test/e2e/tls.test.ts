// A server that serves https and wss: everything a job needs travels over it, and whoever does not trust its certificate
// or asks in plain http is told so.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClientView, Proof } from "../../src/api/contract.ts";
import { fingerprintOf } from "../../src/base/tls/trust.ts";
import { Cluster, until } from "../support/cluster.ts";
import { giveKeptEncoders } from "../support/kept-encoders.ts";
import { mediaPath } from "../support/media.ts";

const fixture = (name: string) => join(import.meta.dir, "../fixtures/tls", name);
const fingerprintIn = (name: string) => fingerprintOf(readFileSync(fixture(name), "utf8"));
const fingerprint = fingerprintIn("cert.pem");
const CA = ["--tls-ca", fixture("cert.pem")];

test("a job over https and wss: upload, source blocks, results, download; others are told what is wrong", async () => {
  await using cluster = await Cluster.make();
  const clip = mediaPath("flower-540p29.97-5s.mp4");
  if (clip === null) throw new Error("the shipped clips are missing");
  const pem = ["--tls-cert", cluster.path("cert.pem"), "--tls-key", cluster.path("key.pem")];
  const put = async (cert: string, key: string) => {
    await copyFile(fixture(key), cluster.path("key.pem"));
    await copyFile(fixture(cert), cluster.path("cert.pem"));
  };
  await put("cert.pem", "key.pem");
  const where = ["--host", "127.0.0.1", "--port", "0", "--work-dir", cluster.workDir];
  const server = cluster.start("serve", ["serve", ...where, ...pem, "--token", cluster.token, "--json"]);
  await until("the server is ready", 60_000, async () => server.stdout() !== "");
  const { url, port } = JSON.parse(server.stdout()) as { url: string; port: number };
  expect(url).toBe(`https://127.0.0.1:${port}`);
  await until("the join line is there", 60_000, async () => server.stderr().includes("Ready."));
  const pinned = `ffcluster join --server https://127.0.0.1:${port} --token \\S+ --tls-fingerprint ${fingerprint}`;
  expect(server.stderr()).toMatch(new RegExp(pinned));

  const token = ["--token", cluster.token];
  const remote = ["--source-access", "gateway", "--slots", "1", "--work-dir", cluster.path("client-work")];
  await giveKeptEncoders(cluster.path("client-work"), {});
  const client = cluster.start("join", ["join", "--server", `https://localhost:${port}`, ...CA, ...token, ...remote]);
  await until("the client is connected", 60_000, async () => client.stderr().includes("Connected to"));
  const output = cluster.path("o.mp4");
  // An address that ffcluster does not take for its own machine's, so that the file is uploaded.
  const submit = ["submit", clip, "-o", output, "--ffmpeg-params", "-c:v libx264 -preset ultrafast", "--json"];
  const ended = await cluster.run([...submit, "--server", `https://127.1:${port}`, ...CA, ...token]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toEqual({ exitCode: 0, stderr: "" });
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "") as { event: string; proof: Proof };
  expect(last).toMatchObject({ event: "completed", proof: { exact: true, frames: { expected: 150, in_output: 150 } } });
  const job = last.proof.job_id;
  expect(await Bun.file(join(cluster.workDir, "server", job, "output.mp4")).bytes()).toEqual(
    await Bun.file(output).bytes(),
  );

  // The server's own user remembers its certificate.
  expect(await cluster.run(["jobs", "list", "--server", `localhost:${port}`])).toMatchObject({ exitCode: 0 });
  const stranger = { XDG_CONFIG_HOME: cluster.path("stranger") };
  const refusals: [string[], RegExp][] = [
    [["--server", `localhost:${port}`], /speaks https.*\n.*--server https:\/\/localhost/],
    [
      ["--server", `https://localhost:${port}`],
      /signed by an authority that this machine does not trust.*\n.*--tls-ca FILE/,
    ],
    [["--server", `https://localhost:${port}`, "--tls-ca", fixture("other-cert.pem")], /signed by an authority that/],
  ];
  for (const [args, words] of refusals) {
    const listed = await cluster.run(["jobs", "list", ...token, ...args], stranger);
    expect(listed.exitCode).toBe(4);
    expect(listed.stderr).toMatch(words);
  }
  const joined = await cluster.run(
    ["join", "--server", `localhost:${port}`, ...token, ...remote.slice(0, 4)],
    stranger,
  );
  expect(joined.exitCode).toBe(4);
  expect(joined.stderr).toMatch(/speaks https/);
  const lonely = await cluster.run(["serve", "--tls-cert", fixture("cert.pem")]);
  expect({ exitCode: lonely.exitCode, stderr: lonely.stderr }).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("--tls-key is missing"),
  });

  await put("other-cert.pem", "other-key.pem");
  await until("the new certificate is shown", 60_000, async () => /new connections get the new/.test(server.stderr()));
  const renewed = ["--server", `https://127.0.0.1:${port}`, ...token];
  expect(await cluster.run(["jobs", "list", ...renewed, ...CA], stranger)).toMatchObject({ exitCode: 4 });
  const pinnedAnew = [...renewed, "--tls-fingerprint", fingerprintIn("other-cert.pem")];
  const listed = await cluster.run(["clients", "list", ...pinnedAnew, "--json"], stranger);
  const [known] = JSON.parse(listed.stdout) as ClientView[];
  // Said over the link that was open before.
  expect(await cluster.run(["clients", "pause", known?.client_id ?? "", ...renewed], stranger)).toMatchObject({
    exitCode: 0,
  });
  await until("the client hears it", 60_000, async () => client.stderr().includes("Paused on request"));
  expect(client.stderr().match(/Connected to/g)).toHaveLength(1);
  for (const running of [client, server]) running.kill("SIGTERM");
  expect(await Promise.all([client.exited, server.exited])).toEqual([0, 0]);
}, 180_000);
