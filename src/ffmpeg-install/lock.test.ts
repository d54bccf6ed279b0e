import { expect, test } from "bun:test";
import { builtInLock } from "./built-in-lock.ts";
import { buildsFor, parseLock } from "./lock.ts";
import { programNames, thisPlatform } from "./platform.ts";
import { parseMirror, shownUrl, sourceUrl } from "./urls.ts";

const archive = { url: "https://example.com/a/ff.tar.xz", layout: "tar.xz", bytes: null, sha256: "0a".repeat(32) };
const build = {
  source: "own",
  version: "8.1",
  licence: "MIT",
  source_code: "https://example.com",
  archives: [archive],
};

const lockWith = (changed: object, ofBuild: object = {}) => ({
  format: 1,
  platforms: { "linux-x64": [{ ...build, archives: [{ ...archive, ...changed }], ...ofBuild }] },
});

test("the lock of this repository: five platforms, each with one build first and others behind it", () => {
  const lock = builtInLock();
  for (const platform of ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "windows-x64"] as const) {
    const [first, ...others] = buildsFor(lock, platform, null);
    expect(first).toMatchObject({ source: "jellyfin", version: "8.1.3-1", licence: "GPL-3.0-or-later" });
    expect(others.length).toBeGreaterThan(0);
    const layout = platform === "windows-x64" ? "zip" : "tar.xz";
    expect(first?.archives.map((one) => one.layout)).toEqual([layout]);
  }
  const urls = Object.values(lock.platforms).flatMap((builds) =>
    builds.flatMap((one) => one.archives.map(({ url }) => url)),
  );
  for (const url of urls) {
    expect(url).toStartWith("https://");
    expect(url).not.toContain("/latest/"); // moves: its digest would be wrong tomorrow
  }
});

test("a lock is refused where something in it is not sure", () => {
  expect(parseLock(lockWith({}), "my.json").platforms["linux-x64"]?.[0]?.archives[0]?.file).toBe("ff.tar.xz");
  const refused: readonly [object, string][] = [
    [lockWith({ sha256: "" }), "sha256"],
    [lockWith({ sha256: "AB".repeat(32) }), "sha256"],
    [lockWith({ url: "http://example.com/ff.tar.xz" }), "expected https, or http on this machine"],
    [lockWith({ url: "file:///ff.tar.xz" }), "expected https"],
    [lockWith({ url: "http://127.0.0.1.example.com/ff.tar.xz" }), "expected https"],
    [lockWith({ url: "https://example.com/" }), "no file name"],
    [lockWith({ file: "../ff" }), "file"],
    [lockWith({ bytes: 2 ** 40 }), "bytes"],
    [lockWith({ layout: "7z" }), "layout"],
    [lockWith({ sha265: "" }), "sha265"],
    [lockWith({}, { version: "../../8" }), "version"],
    [
      lockWith({}, { archives: [archive, { ...archive, sha256: "0b".repeat(32) }] }),
      "two archives are named ff.tar.xz",
    ],
    [{ format: 2, platforms: {} }, "format"],
    [{ format: 1, platforms: { "linux-x86": [build] } }, "linux-x86"],
  ];
  for (const [document, words] of refused) {
    const refusal = { code: "E_BAD_OPTION", message: expect.stringContaining(words) };
    expect(() => parseLock(document, "my.json")).toThrow(expect.objectContaining(refusal));
  }
  for (const host of ["127.0.0.1:80", "localhost", "[::1]:8080"])
    expect(() => parseLock(lockWith({ url: `http://${host}/ff.tar.xz` }), "my.json")).not.toThrow();
});

test("which builds are tried", () => {
  const lock = builtInLock();
  const names = (source: string | null) => buildsFor(lock, "darwin-arm64", source).map((one) => one.source);
  expect(names(null)).toEqual(["jellyfin", "riedl", "jellyfin-7.1"]);
  expect(names("riedl")).toEqual(["riedl"]);
  expect(() => names("none")).toThrow(expect.objectContaining({ hint: "There are jellyfin, riedl, jellyfin-7.1." }));
  const musl = { code: "E_FFMPEG_MISSING", hint: expect.stringContaining("apk add ffmpeg") };
  expect(() => buildsFor(lock, "linux-x64-musl", null)).toThrow(expect.objectContaining(musl));
  expect(() => buildsFor(lock, null, null)).toThrow(expect.objectContaining({ code: "E_FFMPEG_MISSING" }));
  expect(programNames("windows-x64")).toEqual(["ffmpeg.exe", "ffprobe.exe"]);
  if (process.platform === "linux") expect(thisPlatform()).toStartWith("linux-");
});

test("a mirror stands for the folder of every archive; its password is not said", () => {
  const file = { url: "https://example.com/v1/ff.zip", file: "ff 1.zip" };
  expect(sourceUrl(file, null)).toBe("https://example.com/v1/ff.zip");
  expect(sourceUrl(file, parseMirror("http://nas.local/ffmpeg"))).toBe("http://nas.local/ffmpeg/ff%201.zip");
  const signed = sourceUrl(file, parseMirror("https://user:word@nas/x/?key=1"));
  expect(signed).toBe("https://user:word@nas/x/ff%201.zip?key=1");
  expect(shownUrl(signed)).toBe("https://nas/x/ff%201.zip");
  for (const text of ["nas/ffmpeg", "ftp://nas/", "file:///srv"])
    expect(() => parseMirror(text)).toThrow("http or https");
});
