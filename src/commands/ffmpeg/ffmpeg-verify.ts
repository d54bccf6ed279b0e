// `ffcluster ffmpeg verify`
import { AppError } from "../../base/errors.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption } from "../cli/common-options.ts";
import { lookOf } from "../output/style.ts";
import { table } from "../output/table.ts";
import { toneOf } from "../output/tones.ts";

export const ffmpegVerify = defineCommand({
  path: ["ffmpeg", "verify"],
  summary: "Hash what was installed again and compare it with what was unpacked then",
  positionals: [],
  options: jsonOption,
  examples: ["ffcluster ffmpeg verify"],
  printsEvents: false,
  async run({ options, context }) {
    const { verifyBuilds } = await import("../wiring/ffmpeg-builds.ts");
    const builds = await verifyBuilds(context.env, context.signal);
    if (builds.length === 0) {
      const hint = "`ffcluster ffmpeg install` brings one; `ffcluster ffmpeg path` shows which one is used now.";
      throw new AppError("E_FFMPEG_MISSING", "no ffmpeg was installed by ffcluster", hint);
    }
    const ok = builds.every((build) => build.ok);
    if (options.json) {
      printDocument(context, { ok, builds });
      return ok ? 0 : 1;
    }
    const rows = builds.flatMap(({ folder, in_use: isInUse, files }) =>
      files.map(({ name, verdict }) => [folder, isInUse ? "in use" : "", name, verdict]),
    );
    const columns = [
      { title: "FOLDER", shorten: 24 },
      { title: "", drop: 1 },
      { title: "FILE" },
      { title: "RESULT", tone: toneOf },
    ] as const;
    context.stdout.write(table(columns, rows, lookOf(context, context.stdout)));
    if (!ok) context.stderr.write("`ffcluster ffmpeg install` brings a damaged one anew\n");
    return ok ? 0 : 1;
  },
});
