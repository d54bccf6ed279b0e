// Installs from a mirror into a folder, with two scripts that answer `-version` in place of ffmpeg and ffprobe: what is
// tried here is what becomes of the folder. A real ffmpeg takes the whole way in test/integration/ffmpeg-install.test.ts.
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tarGzOf, zipOf } from "../../test/support/archives.ts";
import { answerWith, FileHost } from "../../test/support/file-host.ts";
import { sha256Of } from "../base/digest.ts";
import { currentBuild } from "../media/ffmpeg/installed/current-build.ts";
import { type InstallOptions, installFfmpeg } from "./install.ts";
import type { PinnedBuild } from "./lock.ts";
import { listInstalled, verifyBuild } from "./record.ts";

const files = new Map<string, Uint8Array>();
const host = await FileHost.open((request) => {
  const content = files.get(request.path.slice(1));
  return content === undefined ? { status: 404 } : answerWith(content, '"a"', request);
});
const root = await mkdtemp(join(tmpdir(), "ffcluster-install-"));
let store: string;
let count = 0;
beforeEach(() => {
  host.requests.length = 0;
  store = join(root, `store-${++count}`);
});
afterAll(async () => {
  host[Symbol.dispose]();
  await rm(root, { recursive: true, force: true });
});

const script = (name: string, version: string) => `#!/bin/sh\necho "${name} version ${version} Copyright"\n`;

interface Content {
  readonly ffmpeg?: string;
  readonly ffprobe?: string;
}

/** Puts an archive on the host and pins it. */
async function pinned(source: string, version: string, content: Content = {}): Promise<PinnedBuild> {
  const bytes = await tarGzOf([
    { name: "b/ffmpeg", content: content.ffmpeg ?? script("ffmpeg", version) },
    { name: "b/ffprobe", content: content.ffprobe ?? script("ffprobe", version) },
  ]);
  const file = `${source}-${version}.tar.gz`;
  files.set(file, bytes);
  const archive = { url: `${host.url}/${file}`, file, layout: "tar.gz" as const, bytes: null, sha256: sha256Of(bytes) };
  return { source, version, licence: "GPL-3.0-or-later", source_code: "https://example.com", archives: [archive] };
}

const notes: string[] = [];

function install(builds: readonly PinnedBuild[], more: Partial<InstallOptions> = {}) {
  notes.length = 0;
  const onNote = (line: string) => notes.push(line);
  const fixed = { store, platform: "linux-x64" as const, mirror: null, keepsCurrent: false, waitsMs: [], onNote };
  return installFfmpeg({ ...fixed, builds, ...more });
}

/** What is visible of the store. */
const shown = async () => (await readdir(store)).filter((name) => name !== "downloads").sort();

test.skipIf(process.platform === "win32")("what is installed is in use, recorded, and there but once", async () => {
  const build = await pinned("own", "8.1.2");
  const first = await install([build]);
  expect(first).toMatchObject({ wasThere: false, build: { name: "own-8.1.2", isCurrent: true } });
  expect(first.build.record).toMatchObject({ ffmpeg_version: "8.1.2", source: "own", platform: "linux-x64" });
  expect(await shown()).toEqual(["current.json", "own-8.1.2"]);
  expect((await readdir(first.build.folder)).sort()).toEqual(["ffmpeg", "ffprobe", "installed.json"]);
  expect(await readdir(join(store, "downloads"))).toEqual([]);
  expect(await install([build])).toMatchObject({ wasThere: true, build: { name: "own-8.1.2" } });
  expect(host.requests).toHaveLength(1);
});

test.skipIf(process.platform === "win32")(
  "another one is used from the moment it is whole; the old one stays",
  async () => {
    const [old, next] = [await pinned("own", "8.1.2"), await pinned("own", "8.1.3")];
    await install([old]);
    expect(await install([next], { keepsCurrent: true })).toMatchObject({
      wasThere: true,
      build: { name: "own-8.1.2" },
    });
    expect(await install([next])).toMatchObject({ wasThere: false, build: { name: "own-8.1.3" } });
    expect(await currentBuild(store)).toBe("own-8.1.3");
    expect(await install([old])).toMatchObject({ wasThere: true }); // back, without a download
    expect(await currentBuild(store)).toBe("own-8.1.2");
    expect(host.requests).toHaveLength(2);
    // The same version with other bytes is another build.
    const other = await pinned("own", "8.1.2", { ffprobe: `${script("ffprobe", "8.1.2")}# rebuilt\n` });
    expect((await install([other])).build.name).toBe("own-8.1.2-2");
  },
);

test.skipIf(process.platform === "win32")("a damaged one is found out and installed anew", async () => {
  const build = await pinned("own", "8.1.2");
  const { build: first } = await install([build]);
  await writeFile(join(first.folder, "ffprobe"), "rotten");
  expect(await verifyBuild(first)).toEqual([
    { name: "ffmpeg", verdict: "ok" },
    { name: "ffprobe", verdict: "changed" },
  ]);
  const { build: second } = await install([build], { keepsCurrent: true });
  expect(notes[0]).toContain("is damaged");
  expect(second.name).toBe("own-8.1.2-2");
  expect(await shown()).toEqual(["current.json", "own-8.1.2-2"]);
  await rm(join(second.folder, "ffmpeg"));
  expect((await verifyBuild(second))[0]).toEqual({ name: "ffmpeg", verdict: "missing" });
});

test.skipIf(process.platform === "win32")("programs that do not run, or not together, are never used", async () => {
  await install([await pinned("own", "8.1.2")]);
  const bad: readonly [Content, string, string][] = [
    [{ ffprobe: script("ffprobe", "7.0") }, "E_FFMPEG_MISSING", "two versions: 8.1.3 and 7.0"],
    [{ ffmpeg: "#!/bin/sh\necho no such library >&2\nexit 127\n" }, "E_FFMPEG_MISSING", "no such library"],
    [{ ffmpeg: "\x7fELF of another machine" }, "E_FFMPEG_MISSING", "ffmpeg"],
    [{ ffmpeg: script("ffmpeg", "4.4"), ffprobe: script("ffprobe", "4.4") }, "E_FFMPEG_OLD", "4.4"],
  ];
  for (const [content, code, words] of bad) {
    const refusal = { code, message: expect.stringContaining(words) };
    await expect(install([await pinned("own", "8.1.3", content)])).rejects.toMatchObject(refusal);
    expect(await shown()).toEqual(["current.json", "own-8.1.2"]);
  }
  expect(await currentBuild(store)).toBe("own-8.1.2");
});

test.skipIf(process.platform === "win32")(
  "another source stands in for a host that is down, never for wrong bytes",
  async () => {
    const [first, second] = [await pinned("first", "8.1.3"), await pinned("second", "8.1.2")];
    files.set("first-8.1.3.tar.gz", new TextEncoder().encode("not what is pinned"));
    await expect(install([first, second])).rejects.toMatchObject({ code: "E_DIGEST" });
    files.delete("first-8.1.3.tar.gz");
    expect((await install([first, second])).build.name).toBe("second-8.1.2");
    expect(notes).toEqual([
      expect.stringMatching(/^Taking second 8.1.2 instead: .*answers 404/),
      "Unpacking second-8.1.2.tar.gz",
    ]);
    files.clear();
    await rm(store, { recursive: true });
    const hint = expect.stringMatching(
      /--mirror URL \(FFCLUSTER_FFMPEG_MIRROR\).*By hand: download http.*first-8.1.3.*sha256/,
    );
    await expect(install([first, second])).rejects.toMatchObject({ code: "E_DOWNLOAD", hint });
  },
);

test.skipIf(process.platform === "win32")(
  "the manual way: the archive saved under its digest needs no host",
  async () => {
    const build = await pinned("own", "8.1.2");
    await mkdir(join(store, "downloads"), { recursive: true });
    const content = files.get("own-8.1.2.tar.gz") ?? new Uint8Array();
    await writeFile(join(store, "downloads", sha256Of(content)), content);
    expect(await install([build])).toMatchObject({ wasThere: false, build: { name: "own-8.1.2" } });
    expect(host.requests).toHaveLength(0);
  },
);

test.skipIf(process.platform === "win32")("a mirror has the files by their names", async () => {
  const build = await pinned("own", "8.1.2");
  const content = files.get("own-8.1.2.tar.gz") ?? new Uint8Array();
  files.clear();
  files.set("deep/folder/own-8.1.2.tar.gz", content);
  const mirror = new URL(`${host.url.replace("//", "//user:word@")}/deep/folder/`);
  const { build: installed } = await install([build], { mirror });
  const record = await readFile(join(installed.folder, "installed.json"), "utf8");
  expect(record).toContain("deep/folder/own-8.1.2.tar.gz");
  expect(record).not.toContain("word@");
});

test.skipIf(process.platform === "win32")("two archives make one build; what a killed install left goes", async () => {
  const halves = ["ffmpeg", "ffprobe"].map((name) => {
    const bytes = zipOf([{ name, content: script(name, "8.1.2") }]);
    files.set(`${name}.zip`, bytes);
    return {
      url: `${host.url}/${name}.zip`,
      file: `${name}.zip`,
      layout: "zip" as const,
      bytes: null,
      sha256: sha256Of(bytes),
    };
  });
  const facts = { source: "halves", version: "8.1.2", licence: "GPL-3.0-or-later", source_code: "https://example.com" };
  await mkdir(join(store, ".new-killed"), { recursive: true });
  await install([{ ...facts, archives: halves }]);
  expect(await shown()).toEqual(["current.json", "halves-8.1.2"]);
  expect(await listInstalled(store)).toHaveLength(1);
  await rm(store, { recursive: true });
  const only = { ...facts, archives: halves.slice(0, 1) };
  await expect(install([only])).rejects.toMatchObject({
    code: "E_ARCHIVE",
    message: expect.stringContaining("no ffprobe"),
  });
});
