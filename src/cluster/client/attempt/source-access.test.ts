import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../../base/digest.ts";
import { newId } from "../../../base/ids.ts";
import type { SourceOffer } from "../../protocol/messages.ts";
import { holdAccess } from "./held-access.ts";
import { chooseAccess, mapPath, type SourceAccess } from "./source-access.ts";

let folder: string;
let source: SourceOffer;
let nonce: { path: string; sha256: string };
const tools = { ffmpeg: "", ffprobe: "", sandbox: { mode: "off", programs: [] } } as const;
const STRANGE = { path: "/nonexistent/nonce", sha256: "0".repeat(64) };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-access-"));
  const bytes = crypto.getRandomValues(new Uint8Array(2500));
  const path = join(folder, "in.mp4");
  await writeFile(path, bytes);
  source = {
    sourceId: newId(),
    bytes: bytes.length,
    blockBytes: 1000,
    path,
    mtimeMs: (await stat(path)).mtimeMs,
    firstBlockSha256: sha256Of(bytes.subarray(0, 1000)),
    lastBlockSha256: sha256Of(bytes.subarray(2000)),
  };
  nonce = { path: join(folder, "nonce"), sha256: sha256Of("random") };
  await writeFile(nonce.path, "random");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("direct on the server's own machine, gateway when asked for", async () => {
  expect(await chooseAccess("auto", source, nonce, [])).toMatchObject({ kind: "direct", path: source.path });
  expect(await chooseAccess("direct", source, nonce, [])).toMatchObject({ kind: "direct", path: source.path });
  expect(await chooseAccess("gateway", source, nonce, [])).toEqual({ kind: "gateway" });
});

test("without the nonce the same path proves nothing", async () => {
  expect(await chooseAccess("auto", source, STRANGE, [])).toEqual({ kind: "gateway" });
  expect(await chooseAccess("auto", source, { ...nonce, sha256: "0".repeat(64) }, [])).toEqual({ kind: "gateway" });
  expect(await chooseAccess("direct", source, STRANGE, [])).toMatchObject({ kind: "refused" });
});

test("any difference in size, time or content sends it through the gateway", async () => {
  for (const other of [
    { bytes: 2501 },
    { mtimeMs: source.mtimeMs + 1500 },
    { firstBlockSha256: "0".repeat(64) },
    { lastBlockSha256: "0".repeat(64) },
    { path: join(folder, "absent.mp4") },
  ]) {
    expect(await chooseAccess("auto", { ...source, ...other }, nonce, [])).toEqual({ kind: "gateway" });
    expect(await chooseAccess("direct", { ...source, ...other }, nonce, [])).toMatchObject({ kind: "refused" });
  }
});

test("a path map stands in for the nonce and bears a coarser clock", async () => {
  const offered = { ...source, path: "/srv/media/in.mp4" };
  const pathMap = [{ server: "/srv/media", client: folder }];
  await utimes(source.path, new Date(), new Date(source.mtimeMs + 1500));
  expect(await chooseAccess("auto", offered, STRANGE, pathMap)).toMatchObject({ kind: "direct", path: source.path });
  await utimes(source.path, new Date(), new Date(source.mtimeMs + 60_000));
  expect(await chooseAccess("auto", offered, STRANGE, pathMap)).toEqual({ kind: "gateway" });
});

test("mapping of paths: whole folder names, the longest prefix, slashes either way", () => {
  const maps = [
    { server: "/srv/", client: "/a" },
    { server: "/srv/media", client: "/b/" },
    { server: "D:\\films", client: "/films" },
  ];
  expect(mapPath("/srv/x.mp4", maps)).toBe("/a/x.mp4");
  expect(mapPath("/srv/media/x.mp4", maps)).toBe("/b/x.mp4");
  expect(mapPath("/srv/mediathek/x.mp4", maps)).toBe("/a/mediathek/x.mp4");
  expect(mapPath("D:\\films\\a\\x.mp4", maps)).toBe("/films/a/x.mp4");
  expect(mapPath("/other/x.mp4", maps)).toBeNull();
  // Windows knows no difference between large and small letters, other systems do.
  expect(mapPath("d:\\FILMS\\A\\X.mp4", maps)).toBe("/films/A/X.mp4");
  expect(mapPath("/SRV/x.mp4", maps)).toBeNull();
  const shares = [{ server: "\\\\NAS\\Films", client: "/mnt/films" }];
  expect(mapPath("\\\\nas\\films\\x.mp4", shares)).toBe("/mnt/films/x.mp4");
});

test.skipIf(process.platform === "win32")("a nonce that is a device, a pipe or a large file is not read", async () => {
  await symlink("/dev/zero", join(folder, "zero"));
  await Bun.spawn(["mkfifo", join(folder, "pipe")]).exited;
  const large = new Uint8Array(4097);
  await writeFile(join(folder, "large"), large);
  for (const name of ["zero", "pipe", "large"]) {
    const strange = { path: join(folder, name), sha256: sha256Of(name === "large" ? large : "") };
    expect(await chooseAccess("auto", source, strange, [])).toEqual({ kind: "gateway" });
  }
});

test.skipIf(process.platform !== "linux")(
  "what an attempt reads is what was compared, wherever the path leads by then",
  async () => {
    const access = await chooseAccess("auto", source, nonce, []);
    const secret = join(folder, "secret");
    await writeFile(secret, new Uint8Array(2500));
    {
      await using held = await holdAccess(tools, source, access);
      if (held.access.kind !== "direct") throw new Error(held.access.kind);
      await rename(source.path, `${source.path}.kept`);
      await symlink(secret, source.path);
      const { path } = held.access;
      expect(sha256Of((await Bun.file(path).bytes()).subarray(0, 1000))).toBe(source.firstBlockSha256);
      const words = await held.judge({ kind: "failed", failure: "encode", reason: `${path}: broken` });
      expect(words).toMatchObject({ reason: `${source.path}: broken` });
    }
    // An ffmpeg that loses open files gets the name; what was read by it counts only if it led to the same file.
    await rename(source.path, `${source.path}.link`);
    await rename(`${source.path}.kept`, source.path);
    {
      const sandbox = { ...tools.sandbox, losesOpenFiles: "a script" };
      await using held = await holdAccess({ ...tools, sandbox }, source, access);
      expect(held.access).toMatchObject({ kind: "direct", path: source.path });
      await rename(`${source.path}.link`, source.path);
      expect(await held.judge({ kind: "measured", bits: 1, frames: 1, seconds: 1 })).toMatchObject({
        ...{ kind: "failed", reason: `${source.path} was replaced while it was read` },
      });
    }
    // The next attempt does not read the other file, not even one of the same size and time.
    await utimes(secret, new Date(), new Date(source.mtimeMs));
    await using next = await holdAccess(tools, source, access);
    expect(next.access).toEqual({ kind: "gateway" });
    await using only = await holdAccess(tools, source, { ...access, isOnly: true } as SourceAccess);
    expect(only.access.kind).toBe("refused");
  },
);
