// Makes the linter's rules from lint/folders.ts: the `overrides` of biome.json and the text of folder-order.grit. Each
// sentence that a developer may read stands here or there once, however many rules repeat it.
import { type FolderRule, INNER_ORDERS, type InnerOrder, RULES } from "./folders.ts";

const NO_SQL = "Only src/db speaks SQL; every other part goes through the ports that db implements.";
const NO_NETWORK = "No network here: bytes reach this part as files, pipes or loopback URLs that others give it.";
const NO_SOCKETS = "Commands open no sockets: they call the API client, so that the API cannot rot.";
const PURE = "decide() is pure: time, chance and the outside world come in as input and leave as effects.";

const SQL = ["bun:sqlite"];
const SOCKETS = ["node:net", "node:tls", "node:http", "node:https", "node:http2", "node:dgram"];
const NETWORK = [...SOCKETS, "node:dns"];
const IMPURE_GLOBALS = [
  "Bun",
  "Date",
  "WebSocket",
  "Worker",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "globalThis",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
];
const IMPURE_BASE = ["clock.ts", "digest.ts", "files.ts", "log.ts", "process/**"];

type Reasons = Readonly<Record<string, string>>;
interface Pattern {
  readonly group: readonly string[];
  readonly message: string;
  readonly importNamePattern?: string;
}

const all = (names: readonly string[], reason: string): Reasons =>
  Object.fromEntries(names.map((name) => [name, reason]));

/** Matches what is imported from `src/<folder>`, however near the importer stands: "../server/x.ts" is cluster/server. */
function globOf(path: string): string {
  const last = path.split("/").slice(path.startsWith("cluster/") ? 1 : 0);
  return path.endsWith(".ts") ? `**/${last.join("/")}` : `**/${last.join("/")}/**`;
}

function patternsOf({ never, except = [] }: FolderRule): Pattern[] {
  return never.map(({ folders, because }) => {
    const kept = except.filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)));
    return { group: [...folders.map(globOf), ...kept.map((path) => `!${globOf(path)}`)], message: because };
  });
}

function override(includes: readonly string[], rules: object) {
  return { includes, linter: { rules } };
}

function restrictedImports(paths: Reasons, patterns: readonly Pattern[]) {
  return { noRestrictedImports: { level: "error", options: { paths, patterns } } };
}

function restrictedGlobals(deniedGlobals: Reasons) {
  return { noRestrictedGlobals: { level: "error", options: { deniedGlobals } } };
}

const PURITY: readonly Pattern[] = [
  { group: ["node:*", "bun", "bun:*"], message: PURE },
  { group: IMPURE_BASE.map((path) => `**/base/${path}`), message: PURE },
  {
    group: ["**/base/ids.ts"],
    importNamePattern: "newId",
    message: "Ids are made outside and come in as input, or a replay would differ.",
  },
];

/** A later override replaces what an earlier one says of the same rule, so each says all that holds for its files. */
function overridesOf(rule: FolderRule): object[] {
  const patterns = patternsOf(rule);
  const files = `src/${rule.folder}/**`;
  const sql = all(SQL, NO_SQL);
  switch (rule.folder) {
    case "db":
      return [override([files], { style: restrictedImports({}, patterns) })];
    case "media":
    case "hw": {
      const imports = restrictedImports({ ...sql, ...all(NETWORK, NO_NETWORK) }, patterns);
      const globals = restrictedGlobals(all(["fetch", "WebSocket"], NO_NETWORK));
      return [override([files], { style: { ...imports, ...globals } })];
    }
    case "cluster/scheduler": {
      const imports = restrictedImports(sql, [...patterns, ...PURITY]);
      const globals = restrictedGlobals(all(IMPURE_GLOBALS, PURE));
      return [
        override([files, "!**/*.test.ts"], { style: { ...imports, ...globals } }),
        override([`${files}/*.test.ts`], { style: restrictedImports(sql, patterns) }),
      ];
    }
    case "commands": {
      const imports = restrictedImports({ ...sql, ...all(SOCKETS, NO_SOCKETS) }, patterns);
      const globals = restrictedGlobals(all(["WebSocket"], NO_SOCKETS));
      return [override([files, "!src/commands/wiring/**"], { style: { ...imports, ...globals } })];
    }
    default:
      return [override([files], { style: restrictedImports(sql, patterns) })];
  }
}

const ENTRY_POINT: FolderRule = {
  folder: "commands",
  may: ["base", "api"],
  never: [
    {
      folders: RULES.map(({ folder }) => folder).filter((folder) => !["base", "api", "commands"].includes(folder)),
      because: "cli.ts only picks the command; the parts are joined in src/commands/wiring/.",
    },
  ],
};

/** docs/CONTRIBUTING.md states these sizes; tests and their data may exceed them. */
const SIZES = {
  noExcessiveLinesPerFunction: { level: "error", options: { maxLines: 80 } },
  useMaxParams: { level: "error", options: { max: 5 } },
};

/** `overrides` of biome.json. */
export function biomeOverrides(): object[] {
  return [
    override(["src/**", "!**/*.test.ts", "!**/*.fixture.ts"], { complexity: SIZES }),
    override(["src/cli.ts"], { style: restrictedImports(all(SQL, NO_SQL), patternsOf(ENTRY_POINT)) }),
    ...RULES.flatMap(overridesOf),
    override(["src/commands/**", "src/cli.ts", "**/*.test.ts"], { suspicious: { noConsole: "off" } }),
    override(["test/**", "bench/**", "scripts/**", "examples/**", "lint/**", "packaging/**", "build.ts"], {
      style: { noRestrictedImports: "off" },
      suspicious: { noConsole: "off" },
    }),
  ];
}

/** What `folder` may not import of its siblings. */
function above(folder: string, { order, apart }: InnerOrder): string[] {
  const position = order.indexOf(folder);
  const strangers = new Set(apart.filter((group) => group.includes(folder)).flat());
  return order.filter((other, at) => other !== folder && (at > position || strangers.has(other)));
}

/** folder-order.grit, before the formatter has seen it. */
export function folderOrderGrit(): string {
  const rows = INNER_ORDERS.flatMap((inner) =>
    inner.order
      .filter((name) => !name.includes("."))
      .map((folder) => [`src/${inner.inside}/${folder}/`, above(folder, inner)] as const)
      .filter(([, names]) => names.length > 0)
      .map(([files, names]) => {
        const targets = names.map((name) => (name.includes(".") ? name.replace(".", "\\.") : `${name}/`)).join("|");
        return `and { $filename <: r".*${files}.*", $import <: r"(?s).*[\\"'](?:\\.\\./)+(?:${targets}).*" }`;
      }),
  );
  return `// Inside a folder, what is below never knows what is above. Written by lint/write-rules.ts from lint/folders.ts: change
// that. Tests may look anywhere.
language js

JsImport() as $import where {
  not $filename <: r".*\\.test\\.ts",
  or { ${rows.join(", ")} },
  register_diagnostic(span=$import, message="This folder stands below the one it imports from: move the code up, or what it needs down.", severity="error")
}
`;
}
