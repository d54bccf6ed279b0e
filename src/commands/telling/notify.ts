// `--notify`: a notification on the desktop by what the system has for it, else the bell of the terminal.
import type { CommandContext } from "../cli/command.ts";

const BELL = "\u0007";
const SHOWN_WITHIN_MS = 10_000;

/** The texts are arguments, or variables, of these: nothing in them is run. */
const APPLE_SCRIPT = ["on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run"];
const POWER_SHELL = [
  "[void][Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,ContentType=WindowsRuntime]",
  "$xml=[Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(1)",
  "$texts=$xml.GetElementsByTagName('text')",
  "[void]$texts.Item(0).AppendChild($xml.CreateTextNode($env:FFCLUSTER_TITLE))",
  "[void]$texts.Item(1).AppendChild($xml.CreateTextNode($env:FFCLUSTER_TEXT))",
  "$app='{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'",
  "[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($app).Show([Windows.UI.Notifications.ToastNotification]::new($xml))",
].join(";");

interface Desktop {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The path of a program, or null. */
  readonly find: (program: string) => string | null;
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The command that shows it; null: this system has none, or there is no desktop. */
export function notificationCommand({ platform, env, find }: Desktop, title: string, text: string): string[] | null {
  if (platform === "darwin") {
    const program = find("osascript");
    return program === null ? null : [program, ...APPLE_SCRIPT.flatMap((line) => ["-e", line]), title, text];
  }
  if (platform === "win32") {
    const program = find("powershell.exe");
    return program === null ? null : [program, "-NoProfile", "-NonInteractive", "-Command", POWER_SHELL];
  }
  const hasDesktop = [env.DISPLAY, env.WAYLAND_DISPLAY, env.DBUS_SESSION_BUS_ADDRESS].some((value) => value);
  const program = hasDesktop ? find("notify-send") : null;
  return program === null ? null : [program, "--app-name=ffcluster", "--", title, escaped(text)];
}

/** Never fails: where nothing can be shown, the bell rings, on a terminal. */
export async function notify(title: string, text: string, context: CommandContext): Promise<void> {
  const { env, stderr } = context;
  const find = (program: string) => Bun.which(program, { PATH: env.PATH ?? "" });
  const command = notificationCommand({ platform: process.platform, env, find }, title, text);
  if (command !== null && (await show(command, { ...env, FFCLUSTER_TITLE: title, FFCLUSTER_TEXT: text }))) return;
  if (stderr.isTty) stderr.write(BELL);
}

async function show(command: string[], env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  try {
    const child = Bun.spawn(command, {
      env: { ...env },
      stdio: ["ignore", "ignore", "ignore"],
      windowsHide: true,
      timeout: SHOWN_WITHIN_MS,
    });
    return (await child.exited) === 0;
  } catch {
    return false; // the bell tells instead
  }
}
