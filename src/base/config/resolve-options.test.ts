import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { AppError } from "../errors.ts";
import { parseConfig, readConfigFile } from "./config-file.ts";
import {
  choiceOption,
  integerOption,
  listOption,
  optionalText,
  secondsOption,
  secondsOrForever,
  switchOption,
} from "./option.ts";
import { environmentNameOf, resolveOptions } from "./resolve-options.ts";

const options = {
  "required-clients": integerOption({ description: "", min: 1, max: 100, fallback: 1 }),
  exactly: switchOption({ description: "", fallback: true }),
  token: optionalText({ description: "" }),
  "media-root": listOption({ description: "", parseOne: (text) => text }),
  "retry-delay": secondsOption({ description: "", min: 0, max: 3600, fallback: 5 }),
  keep: secondsOrForever({ description: "", min: 0, max: 86_400, fallback: 60 }),
  access: choiceOption({ description: "", choices: ["auto", "direct"], fallback: "auto" }),
};

const known = Object.keys(options);
const config = (document: unknown) => parseConfig(document, "/x/ffcluster.config.json", known);
const flags = (given: Record<string, string[]>) => new Map(Object.entries(given));

function refusal(run: () => unknown): AppError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error("not refused");
}

describe("precedence", () => {
  const file = config({ requiredClients: 4 });
  const env = { FFCLUSTER_REQUIRED_CLIENTS: "3" };

  test("flag over environment over file over default", () => {
    const name = "required-clients";
    expect(resolveOptions(options, flags({ [name]: ["2"] }), env, file).values[name]).toBe(2);
    expect(resolveOptions(options, flags({}), env, file).values[name]).toBe(3);
    expect(resolveOptions(options, flags({}), {}, file).values[name]).toBe(4);
    expect(resolveOptions(options, flags({}), {}, new Map()).values[name]).toBe(1);
    expect(resolveOptions(options, flags({}), {}, file).origins[name]).toBe("file");
  });

  test("an empty variable is not given", () => {
    const { values } = resolveOptions(options, flags({}), { FFCLUSTER_REQUIRED_CLIENTS: "" }, file);
    expect(values["required-clients"]).toBe(4);
  });

  test("lists: repeated flags, PATH-like variables, arrays in the file", () => {
    const resolve = (given: Record<string, string[]>, variable?: string) =>
      resolveOptions(options, flags(given), { FFCLUSTER_MEDIA_ROOT: variable }, config({ mediaRoot: ["/f", "/g"] }));
    expect(resolve({ "media-root": ["/a", "/b"] }).values["media-root"]).toEqual(["/a", "/b"]);
    expect(resolve({}, `/c${delimiter}/d`).values["media-root"]).toEqual(["/c", "/d"]);
    expect(resolve({}).values["media-root"]).toEqual(["/f", "/g"]);
  });

  test("variables are named after options", () => {
    expect(environmentNameOf("file-name-output")).toBe("FFCLUSTER_FILE_NAME_OUTPUT");
    const own = { mirror: optionalText({ description: "", variable: "FFCLUSTER_FFMPEG_MIRROR" }) };
    const from = (env: Record<string, string>) => resolveOptions(own, flags({}), env, new Map()).values.mirror;
    expect(from({ FFCLUSTER_FFMPEG_MIRROR: "http://nas/" })).toBe("http://nas/");
    expect(from({ FFCLUSTER_MIRROR: "http://nas/" })).toBeNull();
  });
});

describe("values", () => {
  const value = (name: keyof typeof options, text: string) =>
    resolveOptions(options, flags({ [name]: [text] }), {}, new Map()).values[name];

  test("booleans", () => {
    for (const text of ["true", "1", "yes", "on", "TRUE"]) expect(value("exactly", text)).toBe(true);
    for (const text of ["false", "0", "no", "off"]) expect(value("exactly", text)).toBe(false);
    expect(refusal(() => value("exactly", "maybe")).message).toBe('--exactly is "maybe": expected true or false');
  });

  test("integers", () => {
    for (const text of ["", "x", "1.5", "0", "101", "1e1", "0x1", " 1"]) {
      expect(refusal(() => value("required-clients", text)).code).toBe("E_BAD_OPTION");
    }
    expect(value("required-clients", "100")).toBe(100);
  });

  test("durations", () => {
    expect(value("retry-delay", "2.5")).toBe(2.5);
    expect(value("retry-delay", "500ms")).toBe(0.5);
    expect(["90", "2m", "1m30s", "0.5h", "1h"].map((text) => value("retry-delay", text))).toEqual([
      90, 120, 90, 1800, 3600,
    ]);
    for (const text of ["2 m", "m", "1m30", "2mins", "-5", "2d", ""]) {
      expect(() => value("retry-delay", text)).toThrow();
    }
    expect(value("retry-delay", "2m")).toBe(120);
    expect(value("retry-delay", "0")).toBe(0);
    for (const text of ["-1", "2h", "5 s", "fast", ""]) {
      expect(refusal(() => value("retry-delay", text)).code).toBe("E_BAD_OPTION");
    }
  });

  test("a duration that may have no end", () => {
    const keep = (texts: Record<string, string[]>) => resolveOptions(options, flags(texts), {}, new Map()).values.keep;
    expect(keep({})).toBe(60);
    expect(keep({ keep: ["1h"] })).toBe(3600);
    expect(keep({ keep: ["Forever"] })).toBeNull();
    expect(refusal(() => keep({ keep: ["2d"] })).code).toBe("E_BAD_OPTION");
  });

  test("choices", () => {
    expect(value("access", "Direct")).toBe("direct");
    expect(refusal(() => value("access", "x")).message).toContain("expected one of auto, direct");
  });

  test("a bad value names where it came from", () => {
    const env = { FFCLUSTER_REQUIRED_CLIENTS: "many" };
    expect(refusal(() => resolveOptions(options, flags({}), env, new Map())).message).toStartWith(
      'FFCLUSTER_REQUIRED_CLIENTS is "many"',
    );
    const file = config({ requiredClients: "many" });
    expect(refusal(() => resolveOptions(options, flags({}), {}, file)).message).toContain("in ffcluster.config.json");
  });
});

describe("the config file", () => {
  test("takes the three spellings, and scalars of every type", () => {
    expect(config({ requiredClients: 2 }).get("required-clients")).toEqual(["2"]);
    expect(config({ "required-clients": "2" }).get("required-clients")).toEqual(["2"]);
    expect(config({ required_clients: 2, exactly: false }).get("exactly")).toEqual(["false"]);
  });

  test("refuses unknown keys with its name and the nearest key", () => {
    const error = refusal(() => config({ requiredClient: 2 }));
    expect(error.message).toBe('/x/ffcluster.config.json: unknown key "required-client"');
    expect(error.hint).toBe('Did you mean "required-clients"?');
  });

  test("refuses what is no object, doubled keys and nested values", () => {
    expect(refusal(() => config([])).message).toContain("expected one JSON object");
    expect(refusal(() => config({ requiredClients: 1, required_clients: 2 })).message).toContain("there twice");
    expect(refusal(() => config({ token: {} })).message).toContain('"token"');
  });

  test("a list where one value belongs is refused", () => {
    const file = config({ token: ["a", "b"] });
    expect(refusal(() => resolveOptions(options, flags({}), {}, file)).message).toContain("expected one value");
  });

  test("is read from the folder; broken JSON is named; absent is fine", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ffcluster-config-"));
    try {
      expect((await readConfigFile(folder, async () => known)).size).toBe(0);
      await writeFile(join(folder, "ffcluster.config.json"), '{"token": "abc"}');
      expect((await readConfigFile(folder, async () => known)).get("token")).toEqual(["abc"]);
      // As Notepad and PowerShell save it.
      await writeFile(join(folder, "ffcluster.config.json"), '\ufeff{"token": "utf8"}');
      expect((await readConfigFile(folder, async () => known)).get("token")).toEqual(["utf8"]);
      await writeFile(join(folder, "ffcluster.config.json"), '\ufeff{"token": "utf16"}', "utf16le");
      expect((await readConfigFile(folder, async () => known)).get("token")).toEqual(["utf16"]);
      await writeFile(join(folder, "ffcluster.config.json"), '{"token": "ü"}', "latin1");
      await expect(readConfigFile(folder, async () => known)).rejects.toThrow("neither UTF-8 nor UTF-16");
      await writeFile(join(folder, "ffcluster.config.json"), "{,}");
      await expect(readConfigFile(folder, async () => known)).rejects.toThrow("is not valid JSON");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
