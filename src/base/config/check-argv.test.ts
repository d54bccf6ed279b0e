import { describe, expect, test } from "bun:test";
import { AppError } from "../errors.ts";
import { checkArgv } from "./check-argv.ts";
import { BadValue, integerOption, listOption, optionalText, parsedSwitch, switchOption } from "./option.ts";

const declared = {
  command: "ffcluster submit",
  positionals: [{ name: "INPUT", description: "the video" }],
  options: {
    exactly: switchOption({ description: "exact", fallback: true }),
    participate: switchOption({ description: "encode here" }),
    output: optionalText({ description: "file", alias: "o", valueName: "FILE" }),
    port: integerOption({ description: "port", min: 0, max: 65535, fallback: 5001 }),
    "ffmpeg-params": optionalText({ description: "request" }),
    "media-root": listOption({ description: "root", parseOne: (text) => text }),
    force: switchOption({ description: "overwrite", alias: "f" }),
  },
};

function read(...argv: string[]) {
  const { given, positionals } = checkArgv(argv, declared);
  return { given: Object.fromEntries(given), positionals };
}

function refusal(...argv: string[]): AppError {
  try {
    checkArgv(argv, declared);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error(`not refused: ${argv.join(" ")}`);
}

describe("booleans", () => {
  const forms: [string[], Record<string, string[]>][] = [
    [["in.mp4"], {}],
    [["--exactly", "in.mp4"], { exactly: ["true"] }],
    [["--no-exactly", "in.mp4"], { exactly: ["false"] }],
    [["--exactly=true", "in.mp4"], { exactly: ["true"] }],
    [["--exactly=false", "in.mp4"], { exactly: ["false"] }],
    [["--exactly", "true", "in.mp4"], { exactly: ["true"] }],
    [["--exactly", "false", "in.mp4"], { exactly: ["false"] }],
    [["in.mp4", "--exactly"], { exactly: ["true"] }],
    [["in.mp4", "--exactly", "false"], { exactly: ["false"] }],
    [["in.mp4", "--no-exactly"], { exactly: ["false"] }],
    [["--participate", "in.mp4", "--exactly=off"], { participate: ["true"], exactly: ["off"] }],
    [["-f", "in.mp4"], { force: ["true"] }],
    [["-f", "false", "in.mp4"], { force: ["false"] }],
  ];
  for (const [argv, given] of forms) {
    test(argv.join(" "), () => expect(read(...argv)).toEqual({ given, positionals: ["in.mp4"] }));
  }

  test("a switch that takes a value after = says so when the value stands apart, and leaves a file alone", () => {
    const busy = parsedSwitch<number | null>({
      description: "pause",
      whenOn: 25,
      whenOff: null,
      parseOne: (text) => {
        if (!/^\d+%?$/.test(text)) throw new BadValue("expected a percentage");
        return Number.parseInt(text, 10);
      },
    });
    const asked = (...argv: string[]) => checkArgv(argv, { ...declared, options: { ...declared.options, busy } });
    for (const apart of [
      ["--busy", "50%", "in.mp4"],
      ["in.mp4", "--busy", "50"],
    ])
      expect(() => asked(...apart)).toThrow(
        expect.objectContaining({
          code: "E_BAD_OPTION",
          message: "--busy takes its value after an equals sign",
          hint: expect.stringContaining("--busy=50"),
        }),
      );
    expect(asked("--busy=50%", "in.mp4").given.get("busy")).toEqual(["50%"]);
    expect(asked("--busy", "in.mp4").positionals).toEqual(["in.mp4"]);
    expect(asked("in.mp4", "--busy").given.get("busy")).toEqual(["true"]);
    expect(read("--force", "1").positionals).toEqual(["1"]);
  });

  test("a file named true needs --", () => {
    expect(read("--participate", "--", "true")).toEqual({ given: { participate: ["true"] }, positionals: ["true"] });
  });

  test("--no-x takes no value", () => {
    expect(refusal("--no-exactly=true", "in.mp4").code).toBe("E_BAD_OPTION");
  });

  test("a value option has no --no- form", () => {
    expect(refusal("--no-port", "in.mp4").message).toBe("unknown option --no-port");
  });
});

describe("values", () => {
  const forms: [string[], Record<string, string[]>][] = [
    [["--port", "1", "in.mp4"], { port: ["1"] }],
    [["--port=1", "in.mp4"], { port: ["1"] }],
    [["-o", "a.mp4", "in.mp4"], { output: ["a.mp4"] }],
    [["-o=a.mp4", "in.mp4"], { output: ["a.mp4"] }],
    [["in.mp4", "--output", "a=b.mp4"], { output: ["a=b.mp4"] }],
    [["in.mp4", "--output=a=b.mp4"], { output: ["a=b.mp4"] }],
    [["--ffmpeg-params", "-c:v libx265 -crf 24", "in.mp4"], { "ffmpeg-params": ["-c:v libx265 -crf 24"] }],
    [["--ffmpeg-params", "-an", "in.mp4"], { "ffmpeg-params": ["-an"] }],
    [["--media-root", "/a", "--media-root=/b", "in.mp4"], { "media-root": ["/a", "/b"] }],
  ];
  for (const [argv, given] of forms) {
    test(argv.join(" "), () => expect(read(...argv)).toEqual({ given, positionals: ["in.mp4"] }));
  }

  test("a missing value is refused, at the end and before another option", () => {
    expect(refusal("in.mp4", "--port").message).toBe("--port needs a value: VALUE");
    expect(refusal("in.mp4", "-o", "--force").message).toBe("-o needs a value: FILE");
  });

  test("a value given twice is refused", () => {
    expect(refusal("in.mp4", "--port", "1", "--port=2").message).toBe("--port was given twice");
  });
});

describe("refusals", () => {
  test("an unknown option names the nearest one", () => {
    const error = refusal("--ouput", "x", "in.mp4");
    expect(error.code).toBe("E_BAD_OPTION");
    expect(error.message).toBe("unknown option --ouput");
    expect(error.hint).toContain("Did you mean --output?");
    expect(refusal("--no-exacty", "in.mp4").hint).toContain("Did you mean --no-exactly?");
    expect(refusal("-x", "in.mp4").hint).toBe("`ffcluster submit --help` lists the options.");
    expect(refusal("--zzzzzzzzz", "in.mp4").hint).not.toContain("Did you mean");
    expect(refusal("-dash.mp4").hint).toContain("A file of that name is written ./-dash.mp4.");
    const elsewhere = () => checkArgv(["-crf", "23"], { ...declared, elsewhere: "Give it to ffmpeg." });
    expect(elsewhere).toThrow(expect.objectContaining({ hint: expect.stringMatching(/^Give it to ffmpeg\. /) }));
  });

  test("names of Object's own prototype are no options", () => {
    expect(refusal("--constructor", "in.mp4").message).toBe("unknown option --constructor");
  });

  test("missing and extra positionals", () => {
    expect(refusal().code).toBe("E_USAGE");
    expect(refusal().message).toBe("INPUT is missing: the video");
    expect(refusal("a", "b").message).toBe('unexpected argument "b"');
  });

  test("--help wins over a missing INPUT", () => {
    expect(checkArgv(["--help"], declared).wantsHelp).toBe(true);
    expect(checkArgv(["-h"], declared).wantsHelp).toBe(true);
  });
});
