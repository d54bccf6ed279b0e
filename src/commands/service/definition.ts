// What a service is, whatever system keeps it running: which program with which arguments, for whom.

export const COMPONENTS = ["serve", "join"] as const;
export type Component = (typeof COMPONENTS)[number];

export interface ServiceDefinition {
  readonly component: Component;
  /** Absolute. */
  readonly executable: string;
  /** What follows the component on the command line; holds no token. */
  readonly args: readonly string[];
  /** Kept where other users can't read it; null: none was given. */
  readonly token: string | null;
  /** True: it belongs to one user and runs while they are logged in; false: to the machine. */
  readonly isUser: boolean;
  /** The account that a service of the machine runs as; null: one of its own. */
  readonly runAs: string | null;
}

/** A file that an installation writes. */
export interface ServiceFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Default: UTF-8. */
  readonly encoding?: "utf16le";
}

/** How one system is told. Commands run in order, and the first that fails ends it. */
export interface ServicePlan {
  readonly files: readonly ServiceFile[];
  readonly install: readonly (readonly string[])[];
  /** Before the files are removed. */
  readonly uninstall: readonly (readonly string[])[];
  readonly afterRemoval: readonly (readonly string[])[];
  readonly status: readonly string[];
  /** The command that shows its log, for people. */
  readonly logs: string;
}

/** `ffcluster-server` or `ffcluster-client`. */
export function serviceName(component: Component): string {
  return component === "serve" ? "ffcluster-server" : "ffcluster-client";
}

const DESCRIPTIONS: Readonly<Record<Component, string>> = {
  serve: "ffcluster server: splits videos over the machines that join",
  join: "ffcluster client: lends this machine to a server",
};

export function describe(component: Component): string {
  return DESCRIPTIONS[component];
}

export interface Split {
  readonly args: readonly string[];
  readonly token: string | null;
}

/** Takes `--token X` out of a command line: it must not stand where others can read it. */
export function withoutToken(args: readonly string[]): Split {
  const at = args.findIndex((argument) => argument === "--token" || argument.startsWith("--token="));
  const found = args[at];
  if (found === undefined) return { args, token: null };
  const isInline = found.includes("=");
  const token = isInline ? found.slice("--token=".length) : (args[at + 1] ?? "");
  return { args: args.toSpliced(at, isInline ? 1 : 2), token };
}
