// Every command by its path. A command is loaded only when it runs, or when help lists them all.
import type { Command } from "./command.ts";

type Load = () => Promise<Command>;

const COMMANDS: Readonly<Record<string, Load>> = {
  serve: async () => (await import("../serve.ts")).serve,
  join: async () => (await import("../join.ts")).join,
  submit: async () => (await import("../submit.ts")).submit,
  watch: async () => (await import("../watch.ts")).watch,
  probe: async () => (await import("../probe.ts")).probe,
  top: async () => (await import("../top.ts")).top,
  "presets list": async () => (await import("../presets/presets-list.ts")).presetsList,
  "presets show": async () => (await import("../presets/presets-show.ts")).presetsShow,
  "presets test": async () => (await import("../presets/presets-test.ts")).presetsTest,
  "jobs list": async () => (await import("../jobs/jobs-list.ts")).jobsList,
  "jobs show": async () => (await import("../jobs/jobs-show.ts")).jobsShow,
  "jobs watch": async () => (await import("../jobs/jobs-watch.ts")).jobsWatch,
  "jobs download": async () => (await import("../jobs/jobs-download.ts")).jobsDownload,
  "jobs proof": async () => (await import("../jobs/jobs-proof.ts")).jobsProof,
  "jobs logs": async () => (await import("../jobs/jobs-logs.ts")).jobsLogs,
  "jobs move": async () => (await import("../jobs/jobs-move.ts")).jobsMove,
  "jobs retry": async () => (await import("../jobs/jobs-retry.ts")).jobsRetry,
  "clients list": async () => (await import("../clients/clients-list.ts")).clientsList,
  "clients show": async () => (await import("../clients/clients-show.ts")).clientsShow,
  "clients drain": async () => (await import("../clients/clients-drain.ts")).clientsDrain,
  "clients pause": async () => (await import("../clients/clients-pause.ts")).clientsPause,
  "clients resume": async () => (await import("../clients/clients-resume.ts")).clientsResume,
  "clients disconnect": async () => (await import("../clients/clients-disconnect.ts")).clientsDisconnect,
  "service install": async () => (await import("../service/service-install.ts")).serviceInstall,
  "service uninstall": async () => (await import("../service/service-uninstall.ts")).serviceUninstall,
  "service status": async () => (await import("../service/service-status.ts")).serviceStatusCommand,
  invite: async () => (await import("../invite.ts")).invite,
  "token create": async () => (await import("../tokens/token-create.ts")).tokenCreate,
  "token list": async () => (await import("../tokens/token-list.ts")).tokenList,
  "token revoke": async () => (await import("../tokens/token-revoke.ts")).tokenRevoke,
  "token rotate": async () => (await import("../tokens/token-rotate.ts")).tokenRotate,
  "webhooks list": async () => (await import("../webhooks/webhooks-list.ts")).webhooksList,
  "webhooks add": async () => (await import("../webhooks/webhooks-add.ts")).webhooksAdd,
  "webhooks remove": async () => (await import("../webhooks/webhooks-remove.ts")).webhooksRemove,
  "webhooks test": async () => (await import("../webhooks/webhooks-test.ts")).webhooksTest,
  "webhooks deliveries": async () => (await import("../webhooks/webhooks-deliveries.ts")).webhooksDeliveries,
  cancel: async () => (await import("../jobs/cancel.ts")).cancel,
  version: async () => (await import("../version.ts")).version,
  "ffmpeg install": async () => (await import("../ffmpeg/ffmpeg-install.ts")).ffmpegInstall,
  "ffmpeg path": async () => (await import("../ffmpeg/ffmpeg-path.ts")).ffmpegPath,
  "ffmpeg update": async () => (await import("../ffmpeg/ffmpeg-update.ts")).ffmpegUpdate,
  "ffmpeg verify": async () => (await import("../ffmpeg/ffmpeg-verify.ts")).ffmpegVerify,
  completions: async () => (await import("../completions/completions.ts")).completions,
  help: async () => (await import("../help/help.ts")).help,
  doctor: async () => (await import("../doctor.ts")).doctor,
};

export function commandPaths(): readonly string[] {
  return Object.keys(COMMANDS);
}

/** Null when there is no such command. */
export async function loadCommand(path: string): Promise<Command | null> {
  const load = Object.hasOwn(COMMANDS, path) ? COMMANDS[path] : undefined;
  return load ? await load() : null;
}

export function loadAllCommands(): Promise<readonly Command[]> {
  return Promise.all(Object.values(COMMANDS).map((load) => load()));
}
