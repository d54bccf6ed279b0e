// The import table of docs/ARCHITECTURE.md bites: for each rule, a file that breaks it is reported with the rule's reason,
// and a file that keeps to it is not. Runs the linter once, with the repository's own configuration, on a temp tree.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { FOLDERS, INNER_ORDERS, RULES } from "../../lint/folders.ts";
import { biomeOverrides, folderOrderGrit } from "../../lint/rules-of.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");

interface Row {
  readonly file: string;
  readonly code: string;
  /** A piece of the message that must be reported, or null when the file is allowed. */
  readonly reason: string | null;
}

const value = (from: string) => `import { x } from "${from}";\nexport const y = x;\n`;
const type = (from: string) => `import type { X } from "${from}";\nexport type Y = X;\n`;

const ROWS: readonly Row[] = [
  { file: "src/cli.ts", code: value("./db/open.ts"), reason: "only picks the command" },
  { file: "src/base/a.ts", code: value("../media/model/source.ts"), reason: "base knows nothing" },
  { file: "src/media/a.ts", code: value("../cluster/protocol/messages.ts"), reason: "never who asks" },
  { file: "src/media/b.ts", code: value("../db/open.ts"), reason: "never who asks" },
  { file: "src/media/deep/c.ts", code: value("../../api/client.ts"), reason: "never who asks" },
  { file: "src/media/d.ts", code: value("node:net"), reason: "No network here" },
  { file: "src/media/e.ts", code: 'export const y = fetch("http://x");\n', reason: "global variable fetch" },
  { file: "src/media/model/below.ts", code: value("../nut/x.ts"), reason: "stands below" },
  { file: "src/media/nut/below.ts", code: value("../ffmpeg/x.ts"), reason: "stands below" },
  { file: "src/media/ffmpeg/below.ts", code: value("../request/x.ts"), reason: "stands below" },
  { file: "src/media/request/below.ts", code: value("../colour/x.ts"), reason: "stands below" },
  { file: "src/media/colour/below.ts", code: value("../source/x.ts"), reason: "stands below" },
  { file: "src/media/source/below.ts", code: value("../clock/x.ts"), reason: "stands below" },
  { file: "src/media/clock/below.ts", code: value("../hdr10/x.ts"), reason: "stands below" },
  { file: "src/media/hdr10/below.ts", code: value("../index/x.ts"), reason: "stands below" },
  { file: "src/media/index/below.ts", code: value("../plan/x.ts"), reason: "stands below" },
  { file: "src/media/plan/below.ts", code: value("../cadence/x.ts"), reason: "stands below" },
  { file: "src/media/cadence/below.ts", code: value("../container-data/x.ts"), reason: "stands below" },
  { file: "src/media/container-data/below.ts", code: value("../audio/x.ts"), reason: "stands below" },
  { file: "src/media/audio/below.ts", code: value("../subtitles/x.ts"), reason: "stands below" },
  { file: "src/media/subtitles/below.ts", code: value("../segment/x.ts"), reason: "stands below" },
  { file: "src/media/segment/below.ts", code: value("../bitrate/x.ts"), reason: "stands below" },
  { file: "src/media/bitrate/below.ts", code: value("../remux/x.ts"), reason: "stands below" },
  { file: "src/media/remux/below.ts", code: value("../stitch/x.ts"), reason: "stands below" },
  { file: "src/media/stitch/below.ts", code: value("../verify/x.ts"), reason: "stands below" },
  { file: "src/media/verify/below.ts", code: value("../recipe/x.ts"), reason: "stands below" },
  { file: "src/media/recipe/below.ts", code: value("../local/x.ts"), reason: "stands below" },
  { file: "src/media/request/args/deep.ts", code: value("../../plan/x.ts"), reason: "stands below" },
  { file: "src/media/audio/beside-cadence.ts", code: value("../cadence/x.ts"), reason: "stands below" },
  { file: "src/media/subtitles/beside-audio.ts", code: value("../audio/x.ts"), reason: "stands below" },
  { file: "src/media/cadence/beside-subtitles.ts", code: value("../subtitles/x.ts"), reason: "stands below" },
  { file: "src/media/stitch/beside-bitrate.ts", code: value("../bitrate/x.ts"), reason: "stands below" },
  { file: "src/media/remux/beside-bitrate.ts", code: value("../bitrate/x.ts"), reason: "stands below" },
  { file: "src/media/bitrate/beside-stitch.ts", code: value("../stitch/x.ts"), reason: "stands below" },
  { file: "src/media/request/values/inside.ts", code: value("../tables/x.ts"), reason: "stands below" },
  { file: "src/media/request/tables/inside.ts", code: value("../filters/x.ts"), reason: "stands below" },
  { file: "src/media/request/filters/inside.ts", code: value("../args/x.ts"), reason: "stands below" },
  { file: "src/media/request/args/inside.ts", code: value("../parse/x.ts"), reason: "stands below" },
  { file: "src/media/request/parse/inside.ts", code: value("../translate/x.ts"), reason: "stands below" },
  { file: "src/media/verify/ok.ts", code: value("../segment/seams.ts"), reason: null },
  { file: "src/media/request/args/ok.ts", code: value("../tables/encoders.ts"), reason: null },
  { file: "src/media/ok.ts", code: value("../base/assert.ts"), reason: null },
  { file: "src/hw/a.ts", code: value("../cluster/client/join.ts"), reason: "hw knows what this machine can do" },
  { file: "src/hw/ok.ts", code: value("../media/model/source.ts"), reason: null },
  { file: "src/ffmpeg-install/a.ts", code: value("../db/folder-lock.ts"), reason: "brings ffmpeg to a machine" },
  { file: "src/ffmpeg-install/ok.ts", code: value("../media/ffmpeg/version.ts"), reason: null },
  { file: "src/cluster/protocol/a.ts", code: type("../../media/model/source.ts"), reason: "base and zod alone" },
  { file: "src/cluster/protocol/ok.ts", code: value("zod"), reason: null },
  { file: "src/cluster/scheduler/a.ts", code: value("../server/ports.ts"), reason: "nothing else" },
  { file: "src/cluster/scheduler/b.ts", code: value("../../media/plan/needs.ts"), reason: "only types of media" },
  { file: "src/cluster/scheduler/b2.ts", code: type("../../hw/types.ts"), reason: "nothing else" },
  { file: "src/cluster/scheduler/b3.ts", code: type("../protocol/messages.ts"), reason: "nothing else" },
  { file: "src/cluster/scheduler/c.ts", code: value("../../base/clock.ts"), reason: "decide() is pure" },
  { file: "src/cluster/scheduler/d.ts", code: value("node:fs"), reason: "decide() is pure" },
  { file: "src/cluster/scheduler/e.ts", code: value("bun"), reason: "decide() is pure" },
  { file: "src/cluster/scheduler/f.ts", code: "export const y = Date.now();\n", reason: "global variable Date" },
  { file: "src/cluster/scheduler/g.ts", code: "export const y = Math.random();\n", reason: "decide() is pure" },
  { file: "src/cluster/scheduler/h.ts", code: "setTimeout(() => 1, 1);\n", reason: "global variable setTimeout" },
  { file: "src/cluster/scheduler/i.ts", code: "export const y = Bun.version;\n", reason: "global variable Bun" },
  { file: "src/cluster/scheduler/j.ts", code: "export const y = process.pid;\n", reason: "global variable process" },
  { file: "src/cluster/scheduler/k.ts", code: "console.log(1);\n", reason: "global variable console" },
  {
    file: "src/cluster/scheduler/l.ts",
    code: 'import { newId } from "../../base/ids.ts";\nexport const y = newId();\n',
    reason: "Ids are made outside",
  },
  { file: "src/cluster/scheduler/rules/m.ts", code: value("../../server/ports.ts"), reason: "nothing else" },
  {
    file: "src/cluster/scheduler/rules/n.ts",
    code: value("../../../media/plan/needs.ts"),
    reason: "only types of media",
  },
  { file: "src/cluster/scheduler/model/o.ts", code: value("../rules/job-rules.ts"), reason: "stands below" },
  { file: "src/cluster/scheduler/ability/p.ts", code: value("../sizing/speeds.ts"), reason: "stands below" },
  {
    file: "src/cluster/scheduler/sizing/q.ts",
    code: value("../rules/speculative-attempts.ts"),
    reason: "stands below",
  },
  { file: "src/cluster/scheduler/rules/r.ts", code: value("../assign/grant.ts"), reason: "stands below" },
  { file: "src/cluster/scheduler/assign/s.ts", code: value("../decide.ts"), reason: "stands below" },
  { file: "src/cluster/scheduler/views/t.ts", code: value("../assign/stragglers.ts"), reason: "stands below" },
  { file: "src/cluster/scheduler/rules/ok.ts", code: value("../sizing/sizing.ts"), reason: null },
  { file: "src/cluster/scheduler/ok.ts", code: type("../../media/plan/needs.ts"), reason: null },
  { file: "src/cluster/scheduler/rules/ok2.ts", code: value("../../../media/model/source.ts"), reason: null },
  { file: "src/cluster/scheduler/ok.test.ts", code: value("node:fs"), reason: null },
  { file: "src/cluster/transfer/a.ts", code: value("../scheduler/decide.ts"), reason: "transfer moves bytes" },
  { file: "src/cluster/transfer/b.ts", code: value("../../db/open.ts"), reason: "transfer moves bytes" },
  { file: "src/cluster/transfer/c.ts", code: value("../protocol/messages.ts"), reason: "transfer moves bytes" },
  { file: "src/cluster/transfer/ok.ts", code: value("../../base/digest.ts"), reason: null },
  { file: "src/cluster/server/a.ts", code: value("../client/join.ts"), reason: "meet only in the protocol" },
  { file: "src/cluster/server/b.ts", code: value("../../db/open.ts"), reason: "owns the Store port" },
  { file: "src/cluster/server/c.ts", code: value("../../api/routes.ts"), reason: "stands on the server" },
  { file: "src/cluster/server/job/d.ts", code: value("../transfers/source-registry.ts"), reason: "stands below" },
  { file: "src/cluster/server/transfers/e.ts", code: value("../pipeline/job-work.ts"), reason: "stands below" },
  { file: "src/cluster/server/pipeline/f.ts", code: value("../engine.ts"), reason: "stands below" },
  { file: "src/cluster/server/pipeline/g.ts", code: value("../../../db/open.ts"), reason: "owns the Store port" },
  { file: "src/cluster/server/intake/ok.ts", code: value("../job/job-request.ts"), reason: null },
  { file: "src/cluster/server/intake/h.ts", code: value("../facade/job-calls.ts"), reason: "stands below" },
  { file: "src/cluster/server/facade/i.ts", code: value("../open-coordinator.ts"), reason: "stands below" },
  { file: "src/cluster/server/facade/ok.ts", code: value("../engine.ts"), reason: null },
  { file: "src/cluster/server/ok.ts", code: value("../scheduler/decide.ts"), reason: null },
  { file: "src/cluster/client/a.ts", code: value("../server/ports.ts"), reason: "meet only in the protocol" },
  { file: "src/cluster/client/b.ts", code: value("../scheduler/decide.ts"), reason: "the client never decides" },
  { file: "src/cluster/client/c.ts", code: value("../../db/client-store.ts"), reason: "owns the ClientStore port" },
  {
    file: "src/cluster/client/link/d.ts",
    code: value("../../scheduler/decide.ts"),
    reason: "the client never decides",
  },
  { file: "src/cluster/client/link/e.ts", code: value("../attempt/attempts.ts"), reason: "stands below" },
  { file: "src/cluster/client/gateway/f.ts", code: value("../attempt/attempts.ts"), reason: "stands below" },
  { file: "src/cluster/client/attempt/ok.ts", code: value("../link/outbox.ts"), reason: null },
  { file: "src/cluster/client/ok.ts", code: value("../../hw/detect.ts"), reason: null },
  { file: "src/api/a.ts", code: value("../db/open.ts"), reason: "never reaches around" },
  { file: "src/api/b.ts", code: value("../media/source/probe.ts"), reason: "never reaches around" },
  { file: "src/api/c.ts", code: value("../cluster/server/mailbox.ts"), reason: "the server's facade" },
  { file: "src/api/d.ts", code: value("../cluster/scheduler/decide.ts"), reason: "the server's facade" },
  { file: "src/api/routes/e.ts", code: value("../../commands/submit.ts"), reason: "Commands stand on the API" },
  { file: "src/api/ok.ts", code: value("../cluster/server/ports.ts"), reason: null },
  { file: "src/api/ok2.ts", code: value("../cluster/protocol/messages.ts"), reason: null },
  { file: "src/api/ok3.ts", code: value("../media/model/encoder-family.ts"), reason: null },
  { file: "src/web/a.ts", code: value("../api/contract.ts"), reason: "The dashboard runs in a browser" },
  { file: "src/web/jobs/b.ts", code: value("../../base/errors.ts"), reason: "The dashboard runs in a browser" },
  { file: "src/web/ok.ts", code: type("../cluster/server/views.ts"), reason: null },
  { file: "src/commands/web.ts", code: value("../web/text/format.ts"), reason: "clients of the API" },
  { file: "src/api/ok-web.ts", code: value("../web/text/format.ts"), reason: null },
  { file: "src/db/a.ts", code: value("../api/routes.ts"), reason: "db implements ports" },
  { file: "src/db/b.ts", code: value("../cluster/server/mailbox.ts"), reason: "never their code" },
  { file: "src/db/c.ts", code: value("../cluster/scheduler/decide.ts"), reason: "never their code" },
  { file: "src/db/ok.ts", code: value("bun:sqlite") + type("../cluster/server/ports.ts"), reason: null },
  { file: "src/cluster/server/sql.ts", code: value("bun:sqlite"), reason: "Only src/db speaks SQL" },
  { file: "src/commands/a.ts", code: value("../db/open.ts"), reason: "clients of the API" },
  { file: "src/commands/b.ts", code: value("../media/source/probe.ts"), reason: "clients of the API" },
  { file: "src/commands/c.ts", code: value("bun:sqlite"), reason: "Only src/db speaks SQL" },
  { file: "src/commands/d.ts", code: value("node:net"), reason: "Commands open no sockets" },
  {
    file: "src/commands/e.ts",
    code: 'export const y = new WebSocket("ws://x");\n',
    reason: "global variable WebSocket",
  },
  { file: "src/commands/ok.ts", code: value("../api/client.ts"), reason: null },
  { file: "src/commands/ok2.ts", code: value("../media/model/encoder-family.ts"), reason: null },
  { file: "src/commands/wiring/a.ts", code: value("../../db/open.ts"), reason: null },
  { file: "src/media/swallow.ts", code: "try {\n  JSON.parse();\n} catch {}\n", reason: "swallows every error" },
  ...["rejectUnauthorized: false", "rejectUnauthorized: y.ok", '"rejectUnauthorized": false', "rejectUnauthorized"].map(
    (member, index) => ({
      file: `src/api/unchecked-${index}.ts`,
      code: `export const y = fetch("https://x", { tls: { ${member} } });\n`,
      reason: "Unchecked certificates",
    }),
  ),
  {
    file: "src/api/checked.ts",
    code: 'export const y = fetch("https://x", { tls: { rejectUnauthorized: true } });\n',
    reason: null,
  },
  {
    file: "src/base/float.ts",
    code: "const f = async (): Promise<void> => {};\nexport const y = (): void => {\n  f();\n};\n",
    reason: '"floating" Promise',
  },
  { file: "src/media/any.ts", code: "export const y: any = 1;\n", reason: "Unexpected any" },
];

/** The rules this test is about; the throw-away files may break others. */
const CATEGORIES = new Set([
  "lint/style/noRestrictedImports",
  "lint/style/noRestrictedGlobals",
  "lint/suspicious/noExplicitAny",
  "lint/nursery/noFloatingPromises",
  "plugin",
]);

interface Diagnostic {
  readonly category: string;
  readonly message: string;
  readonly location: { readonly path: string };
}

let folder = "";
let diagnostics: readonly Diagnostic[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-import-rules-"));
  await cp(join(REPOSITORY, "biome.json"), join(folder, "biome.json"));
  await cp(join(REPOSITORY, "lint"), join(folder, "lint"), { recursive: true });
  await Bun.write(join(folder, ".gitignore"), "node_modules/\n");
  for (const row of ROWS) {
    await mkdir(dirname(join(folder, row.file)), { recursive: true });
    await Bun.write(join(folder, row.file), row.code);
  }
  const linter = Bun.spawn(
    [join(REPOSITORY, "node_modules/.bin/biome"), "lint", ".", "--reporter=json", "--max-diagnostics=none"],
    { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const [report, talk] = await Promise.all([linter.stdout.text(), linter.stderr.text()]);
  if (!report.startsWith("{")) throw new Error(`the linter gave no report: ${talk}`);
  diagnostics = JSON.parse(report).diagnostics;
}, 180_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(ROWS.map((row) => [row.file, row.reason ?? "allowed", row] as const))("%s: %s", (_file, _reason, row) => {
  const found = diagnostics
    .filter((one) => CATEGORIES.has(one.category) && one.location.path.endsWith(row.file))
    .map((one) => one.message);
  if (row.reason === null) expect(found).toEqual([]);
  else expect(found.join("\n")).toContain(row.reason);
});

test("biome.json and folder-order.grit are what lint/folders.ts says; else run `bun lint/write-rules.ts`", async () => {
  const { overrides } = await Bun.file(join(REPOSITORY, "biome.json")).json();
  expect(overrides).toEqual(biomeOverrides());
  const bare = (text: string) => text.replace(/\s+/g, "");
  expect(bare(await Bun.file(join(REPOSITORY, "lint/folder-order.grit")).text())).toBe(bare(folderOrderGrit()));
});

test("every rule names every folder of src once", async () => {
  expect(RULES.map(({ folder }) => folder)).toEqual([...FOLDERS]);
  for (const { folder, may, never } of RULES) {
    expect([folder, ...may, ...never.flatMap(({ folders }) => folders)].sort()).toEqual([...FOLDERS].sort());
  }
  const found = new Set<string>();
  for await (const file of new Bun.Glob("src/*/**/*.ts").scan({ cwd: REPOSITORY })) {
    found.add(file.replace(/^src\/(cluster\/[^/]+|[^/]+)\/.*$/, "$1"));
  }
  expect([...found].sort()).toEqual([...FOLDERS].sort());
});

test("every folder inside an ordered one has its place in the order", async () => {
  for (const { inside, order } of INNER_ORDERS) {
    const names = new Set<string>();
    for await (const file of new Bun.Glob(`src/${inside}/*/**/*.ts`).scan({ cwd: REPOSITORY })) {
      names.add(file.slice(`src/${inside}/`.length).split("/")[0] ?? "");
    }
    expect(order.filter((name) => !name.includes(".")).sort()).toEqual([...names].sort());
  }
});

test("no folder of src holds more than twenty files that are not tests", async () => {
  const counts = new Map<string, number>();
  for await (const file of new Bun.Glob("src/**/*.{ts,tsx}").scan({ cwd: REPOSITORY })) {
    if (!/\.test\.tsx?$/.test(file)) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  }
  expect([...counts].filter(([, count]) => count > 20)).toEqual([]);
  expect(counts.size).toBeGreaterThan(50);
});
