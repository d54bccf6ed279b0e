// The API as other programs use it: a tus client, curl.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { sha256OfFile } from "../../src/base/digest.ts";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { mediaPath } from "../support/media.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

const TIMEOUT_MS = 180_000;
const SEND = resolve(import.meta.dir, "../support/tus-send.mjs");
const PARAMS = "-c:v libx264 -preset ultrafast";

let cluster: Cluster;
let server: Running;
let clip: string;

const serve = () => cluster.serve({ args: ["--benchmark-duration", "1"] });

beforeAll(async () => {
  cluster = await Cluster.make();
  server = await serve();
  await cluster.join("one", ["--slots", "1"]);
  clip = mediaPath("flower-540p29.97-5s.mp4") ?? "flower-540p29.97-5s.mp4";
}, TIMEOUT_MS);
afterAll(() => cluster[Symbol.asyncDispose]());

/** What the tus client says, line by line, until it ends. */
async function sendByTus(port: number, file: string, token = cluster.token, upload?: string): Promise<string[]> {
  const endpoint = `http://127.0.0.1:${port}/api/v1/tus`;
  const more = upload === undefined ? [] : [upload];
  const child = Bun.spawn(["node", SEND, endpoint, token, file, ...more], { stdout: "pipe", stderr: "inherit" });
  const [text] = await Promise.all([child.stdout.text(), child.exited]);
  return text.trim().split("\n");
}

test(
  "tus: a broken line and a killed server cost nothing that the server had, and a job is made of what was sent",
  async () => {
    await using proxy = await TcpProxy.open(() => cluster.port);
    proxy.bytesPerSecond = 400_000;
    const sending = sendByTus(proxy.port, clip);
    const uploads = join(cluster.workDir, "server/uploads");
    const stored = async () => {
      const [name] = (await readdir(uploads)).filter((each) => each.endsWith(".part"));
      return name === undefined ? 0 : (await stat(join(uploads, name))).size;
    };
    await until("half of it is on the server's disk", 60_000, async () => (await stored()) > 500_000);
    server.kill("SIGKILL");
    await server.exited;
    const kept = await stored();
    server = await serve();
    proxy.bytesPerSecond = 0;
    const said = await sending;
    expect(said.at(-1)).toBe("done");
    expect(said).toContain("PATCH 0");
    expect(said.slice(said.indexOf("HEAD ") + 1)).toContain(`PATCH ${kept}`);
    const id =
      said
        .find((line) => line.startsWith("upload "))
        ?.split("/")
        .at(-1) ?? "";
    const foreign = await cluster.json<{ token: string }>(["token", "create", "--role", "submit", "--name", "other"]);
    const upload = `${cluster.url}/api/v1/tus/${id}`;
    expect((await sendByTus(cluster.port, clip, foreign.token, upload)).at(-1)).toBe("failed 404");
    expect(await sha256OfFile(join(uploads, `${id}.mp4`))).toBe(await sha256OfFile(clip));
    const job = await cluster.createJob(id, PARAMS, "tus.mp4");
    await cluster.untilComplete(job, TIMEOUT_MS);
  },
  TIMEOUT_MS,
);
