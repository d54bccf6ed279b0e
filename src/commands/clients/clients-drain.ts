// `ffcluster clients drain`
import { clientCommand } from "./client-command.ts";

export const clientsDrain = clientCommand({
  verb: "drain",
  summary: "Let a client finish what it holds and give it nothing more, until it is resumed",
  ask: (api, id) => api.drainClient(id),
  outcome: "finishes what it holds and gets nothing more; 'ffcluster clients resume' ends that",
});
