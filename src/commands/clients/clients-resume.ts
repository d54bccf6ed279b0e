// `ffcluster clients resume`
import { clientCommand } from "./client-command.ts";

export const clientsResume = clientCommand({
  verb: "resume",
  summary: "Give work to a client again that was paused, drained or quarantined",
  ask: (api, id) => api.resumeClient(id),
  outcome: "takes work again",
});
