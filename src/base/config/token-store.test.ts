import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeToken, readSecret, rememberedToken, rememberToken, writeSecret } from "./token-store.ts";
import { userConfigDir } from "./user-config-dir.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-tokens-"));
});
afterEach(() => rm(folder, { recursive: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe("the token store", () => {
  test("a made token is 32 hex digits and never the same", () => {
    expect(makeToken()).toMatch(/^[0-9a-f]{32}$/);
    expect(makeToken()).not.toBe(makeToken());
  });

  test("the work directory's token is 0600, also over a file that was wider", async () => {
    expect(await readSecret(join(folder, "work"), "token")).toBeNull();
    await writeSecret(join(folder, "work"), "token", "first");
    await chmod(join(folder, "work", "token"), 0o644);
    await writeSecret(join(folder, "work"), "token", "secret");
    expect(await readSecret(join(folder, "work"), "token")).toBe("secret");
    expect(await modeOf(join(folder, "work", "token"))).toBe(0o600);
  });

  test("the user's tokens are kept by host:port, 0600", async () => {
    const config = join(folder, "config");
    expect(await rememberedToken(config, "localhost:5001")).toBeNull();
    await rememberToken(config, ["localhost:5001", "Node-1:5001"], "one");
    await rememberToken(config, ["localhost:5002"], "two");
    expect(await rememberedToken(config, "LOCALHOST:5001")).toBe("one");
    expect(await rememberedToken(config, "node-1:5001")).toBe("one");
    expect(await rememberedToken(config, "localhost:5002")).toBe("two");
    expect(await modeOf(join(config, "tokens.json"))).toBe(0o600);
  });

  test("servers that start together lose no entry", async () => {
    const ports = Array.from({ length: 12 }, (_, index) => 6000 + index);
    await Promise.all(ports.map((port) => rememberToken(folder, [`localhost:${port}`], `token-${port}`)));
    for (const port of ports) expect(await rememberedToken(folder, `localhost:${port}`)).toBe(`token-${port}`);
    expect(await readdir(folder)).toEqual(["tokens.json"]);
  });

  test("a broken file is named", async () => {
    await writeFile(join(folder, "tokens.json"), "{");
    await expect(rememberedToken(folder, "localhost:5001")).rejects.toThrow("tokens.json is not a list of tokens");
  });
});

describe("the user's config folder", () => {
  test("per platform, XDG_CONFIG_HOME first", () => {
    expect(userConfigDir({ XDG_CONFIG_HOME: "/x", HOME: "/h" }, "darwin")).toBe("/x/ffcluster");
    expect(userConfigDir({ HOME: "/h" }, "linux")).toBe("/h/.config/ffcluster");
    expect(userConfigDir({ HOME: "/h" }, "darwin")).toBe("/h/Library/Application Support/ffcluster");
    expect(userConfigDir({ HOME: "/h", APPDATA: "/a" }, "win32")).toBe("/a/ffcluster");
  });
});
