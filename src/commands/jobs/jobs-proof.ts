// `ffcluster jobs proof`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { proofText } from "../output/proof-text.ts";
import { lookOf } from "../output/style.ts";

export const jobsProof = defineCommand({
  path: ["jobs", "proof"],
  summary: "Show the proof that a job's output is complete and exact",
  positionals: [jobIdArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster jobs proof 3f2a", "ffcluster jobs proof 3f2a --json > proof.json"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const client = await connect(options, context);
    const proof = await client.proof(positionals[0] ?? "");
    if (options.json) printDocument(context, proof);
    else context.stdout.write(proofText(proof, lookOf(context, context.stdout)));
    return 0;
  },
});
