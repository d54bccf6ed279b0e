// `ffcluster clients pause`
import { clientCommand } from "./client-command.ts";

export const clientsPause = clientCommand({
  verb: "pause",
  summary: "Suspend a client's encodes and give it no more segments until it is resumed",
  ask: (api, id) => api.pauseClient(id),
  outcome: "is paused and keeps its segments; 'ffcluster clients resume' ends that",
});
