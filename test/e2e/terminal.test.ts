// What a person sees in a real terminal: live lines at 40, 80 and 120 columns, after a resize, without colour, and in a pipe.
import { expect } from "bun:test";
import { Cluster, until } from "../support/cluster.ts";
import { IS_LONG } from "../support/long-run.ts";
import { TMUX, testWithProgram } from "../support/programs.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { Terminal } from "../support/terminal.ts";

const LIMIT_MS = 300_000;
const BOUND_MS = 90_000;
const ESCAPE = "\u001b";

const isBar = (line: string): boolean => /[█░]{4}/.test(line);

/** Waits for a screen of which `isRight` holds, and returns it. */
async function seen(
  terminal: Terminal,
  what: string,
  isRight: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  let last: string[] = [];
  await until(what, BOUND_MS, async () => {
    last = await terminal.screen();
    return isRight(last);
  }).catch((thrown) => {
    throw new Error(`${what}; the screen is\n${last.join("\n")}`, { cause: thrown });
  });
  return last;
}

testWithProgram(
  TMUX,
  "submit and top in a terminal: fitted, right after resizes, without colour where it is not wanted",
  async (tmux) => {
    await using cluster = await Cluster.make();
    await cluster.serve();
    const source = cluster.path("source.mp4");
    await makeSynthetic(source, { frames: 50, gop: 25 });
    const output = cluster.path("o.mp4");
    const where = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
    const env = { XDG_CONFIG_HOME: cluster.path("config") };
    const run = (args: readonly string[], columns: number, more = {}) =>
      Terminal.run(tmux, [...args, ...where], { columns, rows: 24 }, { ...env, ...more });

    await using submit = await run(["submit", source, "-o", output], 80, { NO_COLOR: "1" });
    await seen(submit, "it waits for a client", (lines) =>
      lines.some((line) => line.startsWith("Waiting for clients")),
    );
    for (const columns of [120, 40, 80]) {
      await submit.resize(columns);
      const barOf = Math.min(60, columns - 10);
      const lines = await seen(submit, `one bar fits ${columns} columns`, (shown) => {
        const bars = shown.filter(isBar);
        return bars.length === 1 && bars[0]?.indexOf(" ") === barOf;
      });
      expect(lines.filter((line) => line.includes("source.mp4 →"))).toHaveLength(1);
    }

    await using top = await run(["top"], 40);
    const overview = await seen(top, "the job is shown", (lines) => lines.some((line) => line.includes("0.0%")));
    expect(overview.join("\n")).toContain("ffcluster invite");
    expect((await top.screen(true)).join("")).toContain(ESCAPE);
    await top.press("q");
    await seen(top, "q ends it", (lines) => lines.at(-1) === "exit 0");

    await cluster.join("attic", ["--slots", "1"]);
    const end = await seen(submit, "submit ends", (lines) => lines.some((line) => line.startsWith("exit ")));
    expect(end.at(-1)).toBe("exit 0");
    expect(end.filter(isBar)).toEqual([]);
    const text = end.join("\n");
    expect(text).toMatch(/^Done in .*: .* fps, .* × real time\.$/m);
    expect(text).toContain("Encoded by attic 100 %.");
    expect(text).toMatch(/^Size: /m);
    expect(text).toMatch(/^Verified: 50 of 50 frames, exact; all \d+ checks hold\.$/m);
    expect((await submit.screen(true)).join("")).not.toContain(ESCAPE);

    const piped = await cluster.command(["submit", source, "-o", cluster.path("piped.mp4")]);
    expect(piped.exitCode).toBe(0);
    expect(piped.stderr).not.toContain(ESCAPE);
    expect(piped.stderr).not.toContain("\r");
    expect(piped.stderr).toContain("50 of 50 frames, exact");
  },
  LIMIT_MS,
);

if (IS_LONG) {
  testWithProgram(
    TMUX,
    "join says what it does, and who follows a job sees the last client go",
    async (tmux) => {
      await using cluster = await Cluster.make();
      await cluster.serve();
      const source = cluster.path("source.mp4");
      await makeSynthetic(source, { frames: 3000, gop: 25 });
      const where = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
      const env = { XDG_CONFIG_HOME: cluster.path("config") };
      const size = { columns: 80, rows: 24 };
      const joining = ["join", "--name", "attic", "--slots", "1", "--work-dir", cluster.path("attic"), ...where];
      await using join = await Terminal.run(tmux, joining, size, env);
      await seen(join, "it waits for work", (lines) => lines.at(-1) === "Waiting for work.");
      const request = ["--ffmpeg-params", "-c:v libx264 -preset veryslow"];
      const submitting = ["submit", source, "-o", cluster.path("o.mp4"), ...request, ...where];
      await using submit = await Terminal.run(tmux, submitting, size, env);
      await seen(submit, "it encodes", (lines) => lines.some((line) => /^attic .*\d+: \d+ %/.test(line)));
      const working = await seen(join, "it works", (lines) =>
        /segment \d+ {2}\d+ % {2}[\d.]+ fps$/.test(lines.at(-1) ?? ""),
      );
      expect(working.join("\n")).toMatch(/Connected to .* as attic, 1 encode at a time\. Waiting for/);
      await join.press("C-c");
      await seen(submit, "nobody encodes", (lines) => lines.some((line) => line.startsWith("Waiting for")));
      await submit.press("C-c");
    },
    LIMIT_MS,
  );
}
