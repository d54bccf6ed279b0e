import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of, sha256OfFile } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { isUnchanged, openUnchanged } from "../job/unchanged-source.ts";
import { BlockReader } from "./block-reader.ts";
import { SourceRegistry } from "./source-registry.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-registry-"));
  await mkdir(join(folder, "uploads"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function makeRegistry(mediaRoots: readonly string[] = []): SourceRegistry {
  return new SourceRegistry({ mediaRoots, blockBytes: 1000 });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : String(thrown);
  }
}

const bytes = crypto.getRandomValues(new Uint8Array(2500));

test("a file in place is taken only from who proves to read the same bytes", async () => {
  const registry = makeRegistry();
  const path = join(folder, "film.mp4");
  await writeFile(path, bytes);
  const { mtimeMs } = await stat(path);
  const { challengeId, ranges } = await registry.challenge(path, 2500, mtimeMs);
  const digests = await Promise.all(ranges.map((range) => sha256OfFile(path, range.start, range.length)));
  expect(await registry.prove(challengeId, digests)).toMatchObject({ kind: "local", path, bytes: 2500 });

  // The same proof serves once.
  expect(await codeOf(registry.prove(challengeId, digests))).toBe("E_UNKNOWN_ID");
  const second = await registry.challenge(path, 2500, mtimeMs);
  expect(
    await codeOf(
      registry.prove(
        second.challengeId,
        digests.map(() => sha256Of("guess")),
      ),
    ),
  ).toBe("E_FORBIDDEN");
});

test("a link that is turned to another file after the proof is not followed there", async () => {
  const registry = makeRegistry();
  const [own, secret, path] = [join(folder, "own.mp4"), join(folder, "secret"), join(folder, "film.mp4")];
  await writeFile(own, bytes);
  await writeFile(secret, crypto.getRandomValues(new Uint8Array(2500)));
  const { mtime, mtimeMs } = await stat(own);
  await utimes(secret, mtime, mtime);
  await symlink(own, path);
  const { challengeId, ranges } = await registry.challenge(path, 2500, mtimeMs);
  const digests = await Promise.all(ranges.map(({ start, length }) => sha256OfFile(own, start, length)));
  const source = await registry.prove(challengeId, digests);
  expect(source.path).toBe(path);
  expect(await isUnchanged(source)).toBe(true);
  await rm(path);
  await symlink(secret, path);
  expect(await isUnchanged(source)).toBe(false);
});

test("a file that can't be read when it is to be proven is to be uploaded, not a bug", async () => {
  const registry = makeRegistry();
  const path = join(folder, "film.mp4");
  await writeFile(path, bytes);
  const { challengeId } = await registry.challenge(path, 2500, (await stat(path)).mtimeMs);
  await rm(path);
  expect(await codeOf(registry.prove(challengeId, []))).toBe("E_FORBIDDEN");
});

test("what the server does not see, sees otherwise, or may not read is answered alike", async () => {
  const registry = makeRegistry();
  const path = join(folder, "film.mp4");
  await writeFile(path, bytes);
  const { mtimeMs } = await stat(path);
  const answers = await Promise.all([
    codeOf(registry.challenge(join(folder, "absent.mp4"), 2500, mtimeMs)),
    codeOf(registry.challenge(path, 2499, mtimeMs)),
    codeOf(registry.challenge(path, 2500, mtimeMs - 5000)),
    codeOf(registry.challenge(folder, 4096, mtimeMs)),
    codeOf(registry.challenge("film.mp4", 2500, mtimeMs)),
  ]);
  expect(new Set(answers)).toEqual(new Set(["E_SOURCE_MISSING"]));
});

test("media roots: names below them only, links followed before the judgement", async () => {
  const root = join(folder, "media");
  await mkdir(join(root, "inner"), { recursive: true });
  await writeFile(join(root, "inner/in.mp4"), bytes);
  await writeFile(join(folder, "out.mp4"), bytes);
  await symlink(join(folder, "out.mp4"), join(root, "leads-out.mp4"));
  await symlink(join(root, "inner/in.mp4"), join(root, "leads-in.mp4"));
  const registry = makeRegistry([join(folder, "absent-root"), root]);
  expect(await registry.openServerSource("inner/in.mp4")).toMatchObject({ kind: "media-root", name: "in.mp4" });
  expect(await registry.openServerSource(join(root, "inner/in.mp4"))).toMatchObject({ kind: "media-root" });
  expect(await registry.openServerSource("leads-in.mp4")).toMatchObject({ name: "in.mp4" });
  await symlink(join(folder, "nothing"), join(root, "leads-nowhere.mp4"));
  await symlink(folder, join(root, "leads-up"));
  const outside = ["../out.mp4", join(folder, "out.mp4"), "leads-out.mp4", "/etc/passwd", "leads-up/out.mp4"];
  // Whether there is such a file makes no difference.
  const absent = ["../no.mp4", join(folder, "no.mp4"), "leads-nowhere.mp4", "/etc/no", "leads-up/no.mp4"];
  for (const name of [...outside, ...absent]) {
    expect(await codeOf(registry.openServerSource(name))).toBe("E_OUTSIDE_MEDIA_ROOT");
  }
  expect(await codeOf(registry.openServerSource("no.mp4"))).toBe("E_SOURCE_MISSING");
  expect(await codeOf(makeRegistry().openServerSource("inner/in.mp4"))).toBe("E_NO_MEDIA_ROOT");
});

test("a source that changed, or is gone, is noticed", async () => {
  const root = folder;
  const path = join(folder, "film.mp4");
  await writeFile(path, bytes);
  const source = await makeRegistry([root]).openServerSource("film.mp4");
  expect(await isUnchanged(source)).toBe(true);
  await utimes(path, new Date(), new Date(Date.now() + 10_000));
  expect(await isUnchanged(source)).toBe(false);
  await rm(path);
  expect(await isUnchanged(source)).toBe(false);
});

test.skipIf(process.platform === "win32")(
  "a link that turns to and fro gives bytes of the checked file alone",
  async () => {
    const [own, secret, path] = [join(folder, "own"), join(folder, "secret"), join(folder, "shown")];
    for (const [place, content] of [
      [own, bytes],
      [secret, new Uint8Array(2500).fill(7)],
    ] as const) {
      await mkdir(place);
      await writeFile(join(place, "film.mp4"), content);
      await utimes(join(place, "film.mp4"), 1000, 1000);
    }
    await rename(own, path);
    const source = await makeRegistry([folder]).openServerSource("shown/film.mp4");
    let isOver = false;
    const turn = async () => {
      while (!isOver) {
        await rename(path, own);
        await symlink(secret, path);
        await rm(path);
        await rename(own, path);
      }
    };
    const turning = turn();
    const reader = new BlockReader();
    for (let count = 0; count < 2000; count += 1) {
      await using file = await openUnchanged(source);
      if (file === null) continue;
      const block = await reader.read({ ...source, file: file.handle, blockBytes: 1000 }, 0);
      expect(block.bytes).toEqual(bytes.subarray(0, 1000));
    }
    isOver = true;
    await turning;
    expect(await isUnchanged(source)).toBe(true);
  },
);

test.skipIf(process.platform === "win32")("a pipe and a device are no sources, and are not waited for", async () => {
  await Bun.spawn(["mkfifo", join(folder, "pipe.mp4")]).exited;
  await symlink("/dev/zero", join(folder, "zero.mp4"));
  expect(await codeOf(makeRegistry([folder]).openServerSource("pipe.mp4"))).toBe("E_SOURCE_REFUSED");
  expect(await codeOf(makeRegistry([folder]).openServerSource("zero.mp4"))).toBe("E_OUTSIDE_MEDIA_ROOT");
  expect(await codeOf(makeRegistry(["/dev"]).openServerSource("zero"))).toBe("E_SOURCE_REFUSED");
});

test("a thousand sources without a job are the most, and one that gets its job makes room", async () => {
  const registry = makeRegistry([folder]);
  await writeFile(join(folder, "a.mp4"), bytes);
  const take = () => registry.openServerSource("a.mp4", "owner");
  const made = await Promise.allSettled(Array.from({ length: 1020 }, take)); // all at once
  expect(made.filter(({ status }) => status === "rejected").length).toBe(20);
  const [first] = made.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  expect(await codeOf(take())).toBe("E_BUSY");
  registry.forget(first?.sourceId ?? "");
  expect(await codeOf(take())).toBe("none");
});
