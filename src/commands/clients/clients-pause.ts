// `ffcluster clients pause`
import { clientCommand } from "./client-command.ts";

export const clientsPause = clientCommand({
  verb: "pause",
  summary: "Suspend what a client runs and give it nothing more, until it is resumed",
  ask: (api, id) => api.pauseClient(id),
  outcome: "is paused and keeps what it holds; 'ffcluster clients resume' ends that",
});
