// `ffcluster clients drain`
import { clientCommand } from "./client-command.ts";

export const clientsDrain = clientCommand({
  verb: "drain",
  summary: "Let a client finish its segments and give it no more until it is resumed",
  ask: (api, id) => api.drainClient(id),
  outcome: "finishes its segments and gets no more; 'ffcluster clients resume' ends that",
});
