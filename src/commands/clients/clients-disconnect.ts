// `ffcluster clients disconnect`
import { clientCommand } from "./client-command.ts";

export const clientsDisconnect = clientCommand({
  verb: "disconnect",
  summary: "Send a client away; its segments go to others and it does not come back by itself",
  ask: (api, id) => api.disconnectClient(id),
  outcome: "is disconnected",
});
