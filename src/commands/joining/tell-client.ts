// Tells the user of a running client what it does: lines that stay in the log, and below them what it is at now.
import type { Log } from "../../base/log.ts";
import type { LiveArea } from "../output/live/live-area.ts";
import { clientFrame } from "./client-frame.ts";
import { type Names, newsOf, type ToldStatus } from "./client-words.ts";

export interface Telling {
  readonly names: Names;
  readonly log: Log;
  readonly area: LiveArea;
  /** The log is for programs: it names ids. */
  readonly isJson: boolean;
}

const filesOf = (status: ToldStatus): readonly string[] =>
  status.kind === "working" ? status.held.flatMap(({ fileName }) => fileName ?? []) : [];

/** Returns what takes each status. */
export function tellClient({ names, log, area, isJson }: Telling): (status: ToldStatus) => void {
  let isBusy = false;
  let lastFile: string | null = null;
  return (status) => {
    area.show((columns) => clientFrame(status, columns));
    const news = newsOf(status, names, isBusy);
    const ids = status.kind === "connected" ? { client: status.clientId, server_version: status.serverVersion } : {};
    if (news !== null) log.info(news, isJson ? ids : undefined);
    if (status.kind !== "working") return;
    isBusy = status.held.length > 0;
    const files = filesOf(status);
    const [file] = files;
    if (file === undefined || (lastFile !== null && files.includes(lastFile))) return;
    lastFile = file;
    log.info(`Encoding ${file}.`);
  };
}
