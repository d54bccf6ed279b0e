// The API as other programs use it: a tus client, curl, and the packed client library with its examples in plain Node.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { sha256OfFile } from "../../src/base/digest.ts";
import { forEachLine } from "../../src/base/process/output.ts";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { IS_LONG } from "../support/long-run.ts";
import { mediaPath } from "../support/media.ts";
import { installPacked } from "../support/packed-library.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

const TIMEOUT_MS = 180_000;
const SEND = resolve(import.meta.dir, "../support/tus-send.mjs");
const PARAMS = "-c:v libx264 -preset ultrafast";

let cluster: Cluster;
let server: Running;
let clip: string;
let project: string;

const serve = () => cluster.serve({ args: ["--benchmark-duration", "1"] });

beforeAll(async () => {
  cluster = await Cluster.make();
  server = await serve();
  await cluster.join("one", ["--slots", "1"]);
  project = await installPacked(cluster.folder);
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
    await cluster.command(["jobs", "cancel", job]);
  },
  TIMEOUT_MS,
);

/** Runs a program in the project that has the package. */
async function runIn(command: readonly string[]) {
  const env = {
    ...process.env,
    FFCLUSTER_SERVER: `127.0.0.1:${cluster.port}`,
    FFCLUSTER_URL: cluster.url,
    FFCLUSTER_TOKEN: cluster.token,
  };
  const child = Bun.spawn([...command], { cwd: project, env, stdout: "pipe", stderr: "pipe" });
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, out, err, lines: out.trim().split("\n") };
}

test(
  "the client library in plain Node: every method; a killed server is waited for",
  async () => {
    await cp(resolve(import.meta.dir, "../support/use-library.mjs"), join(project, "use-library.mjs"));
    const command = ["node", "use-library.mjs", `127.0.0.1:${cluster.port}`, cluster.token, clip];
    const child = Bun.spawn(command, { cwd: project, stdout: "pipe", stderr: "inherit" });
    const lines: string[] = [];
    const read = forEachLine(child.stdout, (line) => lines.push(line));
    await until("it follows its job", 60_000, async () => lines.includes("following"));
    server.kill("SIGKILL");
    await server.exited;
    server = await serve();
    await Promise.all([read, child.exited]);
    const said = JSON.parse(lines.at(-1) ?? "null") as Record<string, unknown>;
    const { ids, output } = said as { ids: string[]; output: { sha256: string } };
    expect((said.seen as string[]).at(-1)).toBe("Completed");
    expect(await sha256OfFile(join(project, "library.mp4"))).toBe(output.sha256);
    expect(said).toMatchObject({
      proven: output,
      again: ["E_OUTPUT_EXISTS", null, true],
      short: ["E_SOURCE_CHANGED", null, true],
      priority: 90,
      cancelled: "Cancelled",
      failure: ["E_JOB_CANCELLED", null, true],
      request: "-c:v libx264 -preset veryfast",
      clients: ["one"],
      noStore: ["E_FORBIDDEN", 403, true],
      beside: ["E_MALFORMED", 400, true],
      unknown: ["E_UNKNOWN_ID", 404, true],
      refused: ["E_TOKEN", 401, true],
      nowhere: ["E_UNREACHABLE", null, true],
      address: ["E_BAD_OPTION", null, true],
      ended: "Error: enough",
    });
    expect((said.listed as string[]).slice(0, 2)).toEqual(ids);
  },
  TIMEOUT_MS,
);

test.skipIf(!IS_LONG)(
  "the examples, and a download that curl goes on with",
  async () => {
    const short = mediaPath("audio-shorter.mp4") ?? "";
    const one = await runIn(["node", "examples/submit-and-follow.mjs", short, "one.mp4", PARAMS]);
    expect([one.exitCode, one.err]).toEqual([0, ""]);
    expect(one.lines.at(-1)).toMatch(/^one\.mp4: \d+ frames, exact$/);

    await mkdir(join(project, "in"));
    await cp(short, join(project, "in/a.mp4"));
    await cp(mediaPath("audio-only.mp4") ?? "", join(project, "in/b.mp4"));
    const batch = await runIn(["node", "examples/nightly-batch.mjs", "in", "out", PARAMS]);
    expect([batch.exitCode, batch.lines.at(-1)]).toEqual([1, "1 encoded, 1 failed, 0 were there"]);
    expect(batch.out).toContain("b.mp4: E_SOURCE_NO_VIDEO");
    const again = await runIn(["node", "examples/nightly-batch.mjs", "in", "out", PARAMS]);
    expect(again.lines.at(-1)).toBe("0 encoded, 1 failed, 1 were there");

    const curl = await runIn(["bash", "examples/curl.sh", short, "two.mp4", PARAMS]);
    expect([curl.exitCode, curl.err]).toEqual([0, ""]);
    expect(curl.lines.at(-1)).toBe(`two.mp4 ${await sha256OfFile(join(project, "two.mp4"))}`);

    const [, id = ""] = /^job (\S+)$/m.exec(curl.out) ?? [];
    const whole = await Bun.file(join(project, "two.mp4")).bytes();
    await Bun.write(join(project, "three.mp4"), whole.subarray(0, 1000));
    const url = `${cluster.url}/api/v1/jobs/${id}/output`;
    const bearer = `Authorization: Bearer ${cluster.token}`;
    const { exitCode } = await runIn(["curl", "-sS", "-f", "-C", "-", "-H", bearer, "-o", "three.mp4", url]);
    expect(exitCode).toBe(0);
    expect(await sha256OfFile(join(project, "three.mp4"))).toBe(await sha256OfFile(join(project, "two.mp4")));
  },
  TIMEOUT_MS,
);
