// The folder of what this user has brought to this machine: XDG_DATA_HOME where it is set, else the platform's usual place.
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "./resolve-options.ts";

export function userDataDir(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const xdg = env.XDG_DATA_HOME;
  if (xdg !== undefined && xdg !== "") return join(xdg, "ffcluster");
  const home = env.HOME || homedir();
  if (platform === "win32") return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), "ffcluster");
  if (platform === "darwin") return join(home, "Library", "Application Support", "ffcluster");
  return join(home, ".local", "share", "ffcluster");
}
