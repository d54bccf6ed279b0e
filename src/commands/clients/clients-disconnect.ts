// `ffcluster clients disconnect`
import { clientCommand } from "./client-command.ts";

export const clientsDisconnect = clientCommand({
  verb: "disconnect",
  summary: "Disconnect a client; its segments go to others, and it does not reconnect by itself",
  ask: (api, id) => api.disconnectClient(id),
  outcome: "is disconnected",
});
