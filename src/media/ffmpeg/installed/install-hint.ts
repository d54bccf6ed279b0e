// How to get an ffmpeg, in words. scripts/setup.mjs names the same packages.
import { OLDEST, releaseText } from "../releases.ts";

/** The command of the system's own package. */
export function packageCommand(platform: NodeJS.Platform): string {
  if (platform === "darwin") return "brew install ffmpeg";
  if (platform === "win32") return "winget install Gyan.FFmpeg";
  return "apt-get install -y ffmpeg";
}

export function installHint(platform: NodeJS.Platform = process.platform): string {
  const others = platform === "darwin" || platform === "win32" ? "" : " (or your system's own package)";
  return (
    `\`ffcluster ffmpeg install\` brings one. Or install ${releaseText(OLDEST)} or newer with ` +
    `\`${packageCommand(platform)}\`${others}, put it in tools/ next to the executable, or name its folder in FFCLUSTER_FFMPEG_DIR.`
  );
}
