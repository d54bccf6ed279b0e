// Bad input: each gives a clear error with a hint, the right exit code, and leaves nothing behind.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, type Ended, freePort, until } from "../support/cluster.ts";
import { hardCase, mediaPath } from "../support/media.ts";

interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

let cluster: Cluster;
let clip: string;

beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve();
  clip = await hardCase("two-frames-audio.mp4");
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** The failure as people see it, and as scripts do. */
function expectFailure(ended: Ended, exitCode: number, code: string, message: RegExp): void {
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode });
  const { error } = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as ErrorDocument;
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.hint.length).toBeGreaterThan(10);
}

/** No job, no upload, no output. */
async function expectNothingLeft(output: string): Promise<void> {
  expect(await cluster.api<unknown[]>("/jobs")).toEqual([]);
  expect(await readdir(join(cluster.workDir, "server", "uploads"))).toEqual([]);
  expect(await Bun.file(output).exists()).toBe(false);
  expect((await readdir(cluster.folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
}

const submit = (input: string, output: string, ...extra: string[]) =>
  cluster.command(["submit", input, "-o", output, "--json", ...extra]);

async function writing(path: string, content: string): Promise<string> {
  await writeFile(path, content);
  return path;
}

const SOURCES: readonly { name: string; make: (path: string) => Promise<string>; code: string; message: RegExp }[] = [
  { name: "a missing file", make: async (path) => path, code: "E_SOURCE_MISSING", message: /missing/ },
  {
    name: "an empty file",
    make: (path) => writing(path, ""),
    code: "E_SOURCE_EMPTY",
    message: /empty/,
  },
  {
    name: "a text file called .mp4",
    make: (path) => writing(path, "this is no video\n".repeat(200)),
    code: "E_SOURCE_REFUSED",
    message: /./,
  },
  { name: "an audio file", make: () => hardCase("audio-only.m4a"), code: "E_SOURCE_NO_VIDEO", message: /video/ },
  {
    name: "an MP3 with cover art",
    make: () => hardCase("audio-cover.mp3"),
    code: "E_SOURCE_NO_VIDEO",
    message: /video/,
  },
  {
    name: "an MP4 cut off before its moov",
    make: () => hardCase("truncated-nomoov.mp4"),
    code: "E_SOURCE_REFUSED",
    message: /moov/,
  },
  {
    name: "a playlist that names other files",
    make: (path) => writing(path, "ffconcat version 1.0\nfile /etc/passwd\n"),
    code: "E_SOURCE_REFUSED",
    message: /./,
  },
];

for (const { name, make, code, message } of SOURCES) {
  test(`${name} is refused, exit 1, nothing left behind`, async () => {
    const input = await make(cluster.path(`${name.replaceAll(/[^a-z0-9]+/gi, "-")}.mp4`));
    const output = cluster.path("out.mp4");
    const label = name === "a missing file" ? /missing|no such|not exist|no file/i : message;
    expectFailure(await submit(input, output), 1, code, label);
    await expectNothingLeft(output);
  }, 180_000);
}

const REFUSED: readonly [params: string, names: RegExp][] = [
  ["-i other.mp4", /-i\b/],
  ["-c:v libx264 -f tee", /tee/],
  ["-c:v libx264 -attach x.ttf", /-attach/],
  ["-vf movie=/etc/passwd", /movie/],
  ["-vf sendcmd=f=x", /sendcmd/],
  ["-vf drawtext=textfile=/etc/passwd", /textfile/],
  ["-vf scale=/w=/etc/passwd", /\/w/],
  ["-vf lut3d=x.cube", /lut3d/],
  ["-c:v libx264 -x264-params stats=/tmp/x", /stats/],
  ["-c:v libx265 -x265-params csv=/tmp/x.csv", /csv/],
  ["-c:v libx264 -filter_script:v x", /-filter_script/],
  ["-c:v copy", /copy/],
  ["-c:v nosuchencoder", /nosuchencoder/],
];

for (const [params, names] of REFUSED) {
  test(`the option in "${params}" is refused by name, exit 2`, async () => {
    const output = cluster.path("out.mp4");
    expectFailure(await submit(clip, output, "--ffmpeg-params", params), 2, "E_ENCODE_REQUEST", names);
    await expectNothingLeft(output);
  }, 180_000);
}

test("the server refuses a bad request too, whoever sends it", async () => {
  const response = await fetch(`${cluster.url}/api/v1/requests/check`, {
    method: "POST",
    headers: { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" },
    body: JSON.stringify({ ffmpeg_params: "-vf movie=/etc/passwd", output_name: "x.mp4", input_name: "x.mp4" }),
  });
  expect(response.status).toBe(400);
  expect(((await response.json()) as ErrorDocument).error.code).toBe("E_ENCODE_REQUEST");
});

function submitTo(port: number, token: string) {
  const server = ["--server", `127.0.0.1:${port}`, "--token", token];
  return cluster.run(["submit", clip, "-o", cluster.path("out.mp4"), "--json", ...server]);
}

test("a wrong token: exit 4", async () => {
  const ended = await submitTo(cluster.port, "wrong");
  expectFailure(ended, 4, "E_TOKEN", /token/i);
  const joined = await cluster.run([
    "join",
    "--server",
    `127.0.0.1:${cluster.port}`,
    "--token",
    "wrong",
    "--work-dir",
    cluster.path("j"),
    "--json",
  ]);
  expect(joined.exitCode).toBe(4);
});

test("no server there: exit 4, with the line that starts one", async () => {
  const port = await freePort();
  const ended = await submitTo(port, "x");
  expectFailure(ended, 4, "E_UNREACHABLE", /./);
  expect(ended.stdout).toContain("ffcluster serve");
});

test("an unknown job id: exit 1", async () => {
  for (const args of [["jobs", "show"], ["jobs", "proof"], ["cancel"]]) {
    expectFailure(await cluster.command([...args, "ffffffff", "--json"]), 1, "E_UNKNOWN_ID", /ffffffff/);
  }
});

test("an output that exists is never overwritten: exit 2", async () => {
  const output = cluster.path("exists.mp4");
  await writeFile(output, "precious");
  expectFailure(await submit(clip, output), 2, "E_OUTPUT_EXISTS", /exists/);
  expect(await Bun.file(output).text()).toBe("precious");
  await rm(output);
});

test("an output of an unknown container: exit 2", async () => {
  expectFailure(await submit(clip, cluster.path("out.xyz")), 2, "E_CONTAINER", /xyz/);
});

test("unknown flags and bad values: exit 2, with the nearest known name", async () => {
  const typo = await cluster.run(["submit", clip, "--ffmpeg-parms", "x"]);
  expect(typo.exitCode).toBe(2);
  expect(typo.stderr).toContain("--ffmpeg-params");
  expect((await cluster.run(["serve", "--port", "seventy"])).exitCode).toBe(2);
  expect((await cluster.run(["submit"])).exitCode).toBe(2);
  expect((await cluster.run(["nonsense"])).exitCode).toBe(2);
});

test("a second server on the same work directory is refused by name", async () => {
  const ended = await cluster.run([
    "serve",
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--work-dir",
    cluster.workDir,
    "--token",
    "x".repeat(16),
  ]);
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toMatch(/pid \d+/);
});

/** A local user turns a link below the media root to a folder outside, and back, as fast as can be. */
async function refusesWhatIsSwapped(other: Cluster, root: string): Promise<void> {
  const [shown, next, inside, outside] = [join(root, "shown"), join(root, "next"), join(root, "in"), other.path("out")];
  for (const [place, bytes] of [
    [inside, 5000],
    [outside, 6000],
  ] as const) {
    await mkdir(place);
    await writeFile(join(place, "film.mp4"), new Uint8Array(bytes));
  }
  let isOver = false;
  const turn = async () => {
    for (let count = 0; !isOver; count += 1) {
      await symlink(count % 2 === 0 ? inside : outside, next);
      await rename(next, shown);
    }
  };
  const turning = turn();
  const headers = { authorization: `Bearer ${other.token}`, "content-type": "application/json" };
  const taken = new Set<number>();
  for (let count = 0; count < 150; count += 1) {
    const body = JSON.stringify({ path: "shown/film.mp4" });
    const opened = await fetch(`${other.url}/api/v1/sources/on-server`, { method: "POST", headers, body });
    if (opened.ok) taken.add(((await opened.json()) as { bytes: number }).bytes);
  }
  isOver = true;
  await turning;
  expect([...taken]).toEqual([5000]);
}

test("a path outside the media roots, and a link that leads out of them, are refused", async () => {
  await using other = await Cluster.make();
  const root = other.path("media");
  await mkdir(root);
  await writeFile(other.path("outside.mp4"), "x");
  await symlink(other.path("outside.mp4"), join(root, "link.mp4"));
  await other.serve({ args: ["--media-root", root] });
  await refusesWhatIsSwapped(other, root);
  for (const name of ["../outside.mp4", other.path("outside.mp4"), "link.mp4"]) {
    expectFailure(
      await other.command(["submit", name, "--on-server", "-o", other.path("o.mp4"), "--json"]),
      1,
      "E_OUTSIDE_MEDIA_ROOT",
      /outside/,
    );
  }
  expectFailure(
    await cluster.command(["submit", "x.mp4", "--on-server", "-o", cluster.path("o.mp4"), "--json"]),
    1,
    "E_NO_MEDIA_ROOT",
    /media root/,
  );
}, 180_000);

/** A file system of a few MiB; null where this user may not make one. */
async function smallDisk(path: string, mebibytes: number): Promise<(() => Promise<void>) | null> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
  await mkdir(path, { recursive: true });
  const mounted = Bun.spawn(["mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path], { stderr: "ignore" });
  if ((await mounted.exited) !== 0) return null;
  return async () => {
    await until(
      "the small disk is unmounted",
      60_000,
      async () => (await Bun.spawn(["umount", path], { stderr: "ignore" }).exited) === 0,
    );
  };
}

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "no space in the work directory: refused before a job exists, exit 1",
  async () => {
    const source = mediaPath("cars-432p12.5-30s.mp4") ?? clip;
    const other = await Cluster.make();
    const unmount = await smallDisk(other.path("small"), 12);
    expect(unmount).not.toBeNull();
    try {
      const server = await other.serve({ workDir: other.path("small/work") });
      const ended = await other.command(["submit", source, "-o", other.path("o.mp4"), "--json"]);
      expectFailure(ended, 1, "E_NO_SPACE", /free/);
      expect(await other.api<unknown[]>("/jobs")).toEqual([]);
      expect(await readdir(other.path("small/work/server/uploads"))).toEqual([]);
      server.kill("SIGTERM");
      await server.exited;
    } finally {
      await unmount?.();
      await other[Symbol.asyncDispose]();
    }
  },
  60_000,
);
