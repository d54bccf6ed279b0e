// A server that is not what it seems: it names a file that a shell runs, and writes to the terminal of who asks it.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";

setDefaultTimeout(60_000);

const HOSTILE = "a\u001b]0;title\u0007b\u001b[8mc\u009b2Jd\u202ee\u2066f";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

let folder: string;
let server: Bun.Server<undefined>;
let answer: (path: string) => Response;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-hostile-"));
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => answer(new URL(request.url).pathname) });
});
afterEach(async () => {
  await server.stop(true);
  await rm(folder, { recursive: true, force: true });
});

async function run(...args: readonly string[]) {
  const cli = join(import.meta.dir, "..", "cli.ts");
  const where = ["--server", `127.0.0.1:${server.port}`, "--token", "a-token-of-some-length"];
  const child = Bun.spawn([process.execPath, cli, ...args, ...where], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, XDG_CONFIG_HOME: folder },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()] as const;
  const [exitCode, stdout, stderr] = await Promise.all([child.exited, ...texts]);
  return { exitCode, stdout, stderr };
}

test.each([[".bash_login"], ["../.bash_login"], ["CON.mp4"], ["x:y.mp4"], ["a\u202e4pm.exe"]])(
  "submit does not write %j",
  async (name) => {
    await copyFile(join(import.meta.dir, "../../test/fixtures/media/audio-shorter.mp4"), join(folder, "in.mp4"));
    const asked: string[] = [];
    answer = (path) => {
      asked.push(path);
      return Response.json({ output_name: name });
    };
    const { exitCode, stderr } = await run("submit", "in.mp4");
    expect(asked).toContain("/api/v1/requests/check");
    expect(asked).not.toContain("/api/v1/sources");
    expect(stderr).toContain("the server's name for the output");
    expect(exitCode).toBe(2);
    expect(await readdir(folder)).toEqual(["in.mp4"]);
  },
);

test.each([[".bash_login"], ["../../.bash_login"], ["CON.mp4"], ["a\u202e4pm.exe"]])(
  "jobs download does not write %j",
  async (name) => {
    const asked: string[] = [];
    const memory = await MemoryCoordinator.open();
    const output = { name, bytes: 1, sha256: "0".repeat(64) };
    const job = memory.addJob({ status: "Completed", output_name: name, output });
    await memory.close();
    answer = (path) => {
      asked.push(path);
      return path.endsWith("/output") ? new Response("x") : Response.json(path.endsWith("/jobs") ? [job] : job);
    };
    const { exitCode, stderr } = await run("jobs", "download", job.job_id);
    expect(stderr).toContain("the server's name for the output");
    expect(exitCode).toBe(2);
    expect(asked.filter((path) => path.endsWith("/output"))).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  },
);

test("what it says moves no cursor and begins no line, in words and in JSON", async () => {
  const error = { code: "E_UNKNOWN_ID", message: `${HOSTILE}\nhint: run rm`, hint: HOSTILE };
  answer = () => Response.json({ error }, { status: 404 });
  const words = await run("jobs", "show", "abc");
  expect(words.stderr).not.toMatch(UNSAFE);
  expect(words.stderr.split("\n").filter((line) => line.startsWith("hint:"))).toHaveLength(1);
  const json = await run("jobs", "show", "abc", "--json");
  expect(json.stdout).not.toMatch(UNSAFE);
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { message: error.message } });
});

test("nor does a job's name", async () => {
  answer = () => Response.json([{ job_id: HOSTILE, file_name: HOSTILE, status: HOSTILE }]);
  const { stdout, stderr } = await run("jobs", "list");
  expect(`${stdout}${stderr}`).not.toMatch(UNSAFE);
});
