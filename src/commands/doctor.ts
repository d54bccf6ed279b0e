// `ffcluster doctor`: tries everything that this machine needs and shows what works.
import { resolve } from "node:path";
import { hostPort } from "../api/server-address.ts";
import { textOption } from "../base/config/option.ts";
import { AppError } from "../base/errors.ts";
import { type CommandContext, defineCommand, printDocument } from "./cli/command.ts";
import { jsonOption, serverOptions } from "./cli/common-options.ts";
import { connect } from "./cli/connect.ts";
import { lookOf } from "./output/style.ts";
import { type Look, table } from "./output/table.ts";
import { toneOf } from "./output/tones.ts";
import type { DoctorCheck, MachineReport } from "./wiring/run-doctor.ts";

type Family = NonNullable<MachineReport["families"][keyof MachineReport["families"]]>;

const ANSWER_WITHIN_MS = 3000;

async function checkServer(options: Parameters<typeof connect>[0], context: CommandContext): Promise<DoctorCheck> {
  try {
    const client = await connect(options, context);
    const info = await client.hello(ANSWER_WITHIN_MS);
    const detail = `${hostPort(client.connection.server)}, version ${info.version}, ffmpeg ${info.ffmpeg}`;
    return { name: "server", ok: true, detail };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { name: "server", ok: false, detail: `${thrown.message}. ${thrown.hint}` };
  }
}

function reportText(
  report: MachineReport,
  checks: readonly DoctorCheck[],
  mayFail: DoctorCheck | null,
  look: Look,
): string {
  const result = (check: DoctorCheck) => (check.ok ? "ok" : check === mayFail ? "none" : "FAILED");
  const checkTable = table(
    [{ title: "CHECK" }, { title: "RESULT", tone: toneOf }, { title: "DETAIL", wraps: true }],
    checks.map((check) => [check.name, result(check), check.detail]),
    look,
  );
  const state = (family: Family) => (family.working ? "works" : family.listed ? "listed, fails" : "not there");
  const families = Object.entries(report.families).map(([name, family]) => [
    name,
    state(family),
    family.encoders.length > 0 ? family.encoders.join(" ") : (family.reason ?? ""),
  ]);
  const devices = Object.entries(report.families).flatMap(([name, family]) =>
    family.devices.flatMap(({ id, encoders }) =>
      encoders.map((each) => [
        ...[name, id ?? "-", each.name, each.ten_bits ? "8, 10" : "8"],
        `${each.width}x${each.height}`,
      ]),
    ),
  );
  const deviceTable = table(
    [{ title: "HARDWARE" }, { title: "DEVICE" }, { title: "ENCODER" }, { title: "BITS" }, { title: "UP TO" }],
    devices,
    look,
  );
  const costTable = table(
    [{ title: "THIS FFMPEG" }, { title: "WHAT THAT COSTS", wraps: true }],
    report.ffmpeg.costs.map(({ name, means }) => [name.startsWith("ffmpeg ") ? name : `no ${name}`, means]),
    look,
  );
  const costs = report.ffmpeg.costs.length === 0 ? "" : `\n${costTable}`;
  const familyTable = table(
    [{ title: "ENCODERS" }, { title: "RESULT", tone: toneOf }, { title: "WHICH", wraps: true }],
    families,
    look,
  );
  return families.length === 0
    ? checkTable
    : `${checkTable}\n${familyTable}${devices.length === 0 ? "" : `\n${deviceTable}`}${costs}`;
}

export const doctor = defineCommand({
  path: ["doctor"],
  summary: "Check this machine: ffmpeg, every encoder by a trial, disk, and whether the server answers",
  positionals: [],
  options: {
    "work-dir": textOption({ description: "Folder whose disk is checked", valueName: "DIR", fallback: "./work" }),
    ...serverOptions,
    ...jsonOption,
  },
  examples: ["ffcluster doctor", "ffcluster doctor --server node-1:5001 --json"],
  printsEvents: false,
  async run({ options, origins, context }) {
    const { runDoctor } = await import("./wiring/run-doctor.ts");
    const [report, server] = await Promise.all([
      runDoctor({ env: context.env, workDir: resolve(context.cwd, options["work-dir"]), signal: context.signal }),
      checkServer(options, context),
    ]);
    const checks = [...report.checks, server];
    // Without --server it is no fault that no server answers.
    const mayFail = origins.server === "default" ? server : null;
    const ok = checks.every((check) => check.ok || check === mayFail);
    if (options.json) printDocument(context, { ok, ffmpeg: report.ffmpeg, families: report.families, checks });
    else context.stdout.write(reportText(report, checks, mayFail, lookOf(context, context.stdout)));
    return ok ? 0 : 1;
  },
});
