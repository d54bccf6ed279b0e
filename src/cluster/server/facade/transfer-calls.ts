// The part of the façade that clients use to fetch sources and to upload results.
import { AppError } from "../../../base/errors.ts";
import type { RemoteReader } from "../job/remote-reader.ts";
import { openUnchanged, sourceChanged } from "../job/unchanged-source.ts";
import type { JobRegistry } from "../job-registry.ts";
import type { Coordinator } from "../ports.ts";
import { BlockReader, requireBlock } from "../transfers/block-reader.ts";
import type { ResultReceiver } from "../transfers/result-receiver.ts";
import type { SubtitleFiles } from "../transfers/subtitle-files.ts";

type TransferCalls = Pick<Coordinator, "sourceBlock" | "burnInFile" | "resultState" | "appendResult">;

export interface TransferCallsParts {
  readonly remote: RemoteReader;
  readonly registry: JobRegistry;
  readonly subtitleFiles: SubtitleFiles;
  readonly results: ResultReceiver;
}

export function transferCalls({ registry, remote, subtitleFiles, results }: TransferCallsParts): TransferCalls {
  const blocks = new BlockReader();
  return {
    async sourceBlock(sourceId, block) {
      // A remuxed video has the id of its job.
      const remuxed = registry.running.get(sourceId);
      const record = remuxed?.record ?? registry.userOf(sourceId);
      if (record === undefined)
        throw new AppError("E_UNKNOWN_ID", `no source ${sourceId} is in use`, "Its job may have ended.");
      const { blockBytes } = record;
      const source = remuxed === undefined ? record.source : (await remuxed.video()).source;
      if (source.kind === "remote")
        return await remote.block(source, blockBytes, requireBlock(source, blockBytes, block));
      await using file = await openUnchanged(source);
      if (file === null) throw await sourceChanged(source);
      return await blocks.read({ ...source, sourceId, file: file.handle, blockBytes }, block);
    },
    async burnInFile(jobId, number) {
      const work = registry.running.get(jobId);
      const file = work === undefined ? undefined : (await subtitleFiles.of(work))[number];
      if (file === undefined)
        throw new AppError("E_UNKNOWN_ID", `job ${jobId} has no burn-in file ${number}`, "The job may have ended.");
      return file;
    },
    resultState: (attemptId, report) => results.state(attemptId, report),
    appendResult: (attemptId, report, append) => results.append(attemptId, report, append),
  };
}
