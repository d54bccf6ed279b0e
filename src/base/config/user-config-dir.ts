// The folder of this user's settings: XDG_CONFIG_HOME where it is set, else the platform's usual place.
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "./resolve-options.ts";

export function userConfigDir(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const xdg = env.XDG_CONFIG_HOME;
  if (xdg !== undefined && xdg !== "") return join(xdg, "ffcluster");
  const home = env.HOME || homedir();
  if (platform === "win32") return join(env.APPDATA || join(home, "AppData", "Roaming"), "ffcluster");
  if (platform === "darwin") return join(home, "Library", "Application Support", "ffcluster");
  return join(home, ".config", "ffcluster");
}
