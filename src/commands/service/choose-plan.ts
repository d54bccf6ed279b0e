// Finds how this system keeps a program running, and what of it this user may do.
import { readFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError } from "../../base/errors.ts";
import { exists } from "../../base/files.ts";
import type { ServiceDefinition, ServicePlan } from "./definition.ts";
import { launchdPlan } from "./launchd.ts";
import { taskPlan } from "./scheduled-task.ts";
import { systemdPlan } from "./systemd.ts";

/** Groups that own the devices of graphics cards. */
const VIDEO_GROUPS = ["video", "render"];

/** Those that this machine has: systemd starts nothing in a group that is not there. */
async function videoGroups(): Promise<string[]> {
  const text = (await exists("/etc/group")) ? await readFile("/etc/group", "utf8") : "";
  return VIDEO_GROUPS.filter((name) => new RegExp(`^${name}:`, "m").test(text));
}

/** Errors: E_USAGE on a system without a way that is known here. */
export async function choosePlan(
  definition: ServiceDefinition,
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): Promise<ServicePlan> {
  const home = env.HOME || homedir();
  if (platform === "linux") {
    const configHome = env.XDG_CONFIG_HOME || join(home, ".config");
    return systemdPlan(definition, { configHome, videoGroups: await videoGroups() });
  }
  if (platform === "darwin") return launchdPlan(definition, { home, userId: process.getuid?.() ?? 0 });
  if (platform === "win32") {
    const user = env.USERNAME ?? "";
    const account = env.USERDOMAIN === undefined ? user : `${env.USERDOMAIN}\\${user}`;
    return taskPlan(definition, { account, folder: tmpdir() });
  }
  throw new AppError("E_USAGE", `services are not known on ${platform}`, "Start ffcluster by your system's own means.");
}

/** Errors: E_USAGE with what stands in the way. */
export function requireFit(
  definition: ServiceDefinition,
  platform: NodeJS.Platform = process.platform,
  userId: number | undefined = process.getuid?.(),
): void {
  const { isUser, executable, token, runAs } = definition;
  if (isUser && runAs !== null) {
    throw new AppError("E_USAGE", "--user and --run-as contradict each other", "A user's service runs as that user.");
  }
  if (platform === "win32" && token !== null) {
    const hint = "Run the join line by hand once: this machine then has a key of its own and needs no token.";
    throw new AppError("E_USAGE", "a scheduled task can't keep a token from others", hint);
  }
  if (platform === "win32" || isUser) return;
  if (userId !== 0) {
    throw new AppError("E_USAGE", "a service of the machine needs root", "Use sudo, or --user for a service of yours.");
  }
  if (platform === "linux" && /^\/(?:home|root)\//.test(executable)) {
    const hint = "Copy it to /usr/local/bin and run it there, or use --user.";
    throw new AppError("E_USAGE", `the service could not read ${executable}`, hint);
  }
}
