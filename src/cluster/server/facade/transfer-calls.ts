// The part of the coordinator's façade by which clients fetch what they encode and hand in what they have encoded.
import { AppError } from "../../../base/errors.ts";
import { isUnchanged, sourceChanged } from "../job/unchanged-source.ts";
import type { JobRegister } from "../job-register.ts";
import type { Coordinator } from "../ports.ts";
import { BlockReader } from "../transfers/block-reader.ts";
import type { ResultDesk } from "../transfers/result-receiver.ts";
import type { SideDesk } from "../transfers/subtitle-files.ts";

type TransferCalls = Pick<Coordinator, "sourceBlock" | "sideFile" | "resultState" | "appendResult">;

export interface TransferCallsParts {
  readonly register: JobRegister;
  readonly sideDesk: SideDesk;
  readonly results: ResultDesk;
}

export function transferCalls({ register, sideDesk, results }: TransferCallsParts): TransferCalls {
  const blocks = new BlockReader();
  return {
    async sourceBlock(sourceId, block) {
      // A remuxed video goes by its job's id.
      const remuxed = register.works.get(sourceId);
      const record = remuxed?.record ?? register.userOf(sourceId);
      if (record === undefined)
        throw new AppError("E_UNKNOWN_ID", `no source ${sourceId} is in use`, "Its job has ended.");
      const { blockBytes } = record;
      const source = remuxed === undefined ? record.source : (await remuxed.video()).source;
      if (!(await isUnchanged(source))) throw sourceChanged(source);
      return await blocks.read({ sourceId, path: source.path, bytes: source.bytes, blockBytes }, block);
    },
    async sideFile(jobId, number) {
      const work = register.works.get(jobId);
      const file = work === undefined ? undefined : (await sideDesk.of(work.record, work.signal))[number];
      if (file === undefined)
        throw new AppError("E_UNKNOWN_ID", `job ${jobId} needs no such file`, "It may have ended.");
      return file;
    },
    resultState: (attemptId, report) => results.state(attemptId, report),
    appendResult: (attemptId, report, append) => results.append(attemptId, report, append),
  };
}
