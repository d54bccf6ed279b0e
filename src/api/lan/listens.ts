// Whether something listens at an address, before anybody is asked who it is.
import { connect } from "node:net";
import type { ServerAddress } from "../server-address.ts";

export function listens({ host, port }: ServerAddress, withinMs: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: withinMs });
    const end = (answer: boolean) => {
      socket.destroy();
      done(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
