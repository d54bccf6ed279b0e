// The source to where the server can read it: named below a media root, proven in place on this machine, or uploaded.
import type { ApiClient } from "../../api/client.ts";
import type { SourceView } from "../../api/contract.ts";
import { isThisMachine } from "../../api/server-address.ts";
import { offerLocalSource, uploadSource } from "../../api/upload.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";

export interface Placing {
  readonly client: ApiClient;
  /** A path on the server when `isOnServer`, else an absolute path here. */
  readonly input: string;
  readonly isOnServer: boolean;
  /** Looks into the file with this machine's ffprobe, where there is one, before bytes travel. */
  readonly checkBeforeUpload: (path: string) => Promise<void>;
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
  const onBytes = (sent: number, total: number) => display?.bytes("Uploading", sent, total);
  return await uploadSource(client, input, onBytes, placing.signal);
}
