// Brings the source to where the server can read it: a path below a media root, a proof that the server reads the same file
// here, or an upload.
import type { ApiClient } from "../../api/client.ts";
import type { SourceView } from "../../api/contract.ts";
import { isThisMachine } from "../../api/server-address.ts";
import { offerLocalSource, type UploadWatcher, uploadSource } from "../../api/upload.ts";
import { formatBytes } from "../output/format.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";

export interface Placing {
  readonly client: ApiClient;
  /** A path on the server when `isOnServer`, else an absolute path here. */
  readonly input: string;
  readonly isOnServer: boolean;
  /** Checks the file with this machine's ffprobe, if there is one, before the upload. */
  readonly checkBeforeUpload: (path: string) => Promise<void>;
  /** Called before the first byte is sent. */
  readonly onUpload: () => void;
  readonly display: ProgressDisplay | null;
  readonly signal: AbortSignal;
}

export async function placeSource(placing: Placing): Promise<SourceView> {
  const { client, input, display } = placing;
  if (placing.isOnServer) return await client.openServerSource(input);
  if (isThisMachine(client.connection.server)) {
    const inPlace = await offerLocalSource(client, input);
    if (inPlace !== null) return inPlace;
  }
  await placing.checkBeforeUpload(input);
  placing.onUpload();
  return await uploadSource(client, input, uploadWatcher(display), placing.signal);
}

/** Shows an upload: how much the server has, and from where it continues. */
function uploadWatcher(display: ProgressDisplay | null): UploadWatcher {
  const part = (have: number, total: number) =>
    `${total === 0 ? 100 : Math.floor((100 * have) / total)}% (${formatBytes(have)} of ${formatBytes(total)})`;
  return {
    onBytes: (have, total) => display?.bytes("Uploading", have, total),
    onResumed: (have, total) => display?.note(`Continuing an unfinished upload: the server has ${part(have, total)}.`),
    onBroken: (have, total) =>
      display?.note(`The link to the server broke; the upload continues from ${part(have, total)} when it is back.`),
  };
}
