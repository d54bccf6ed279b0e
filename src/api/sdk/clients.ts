// What a program does with the clients, the machines that encode.
import { z } from "zod";
import { clientDetailSchema, clientSchema } from "../../cluster/server/views.ts";
import { all, get, part, post } from "./calls.ts";
import type { Transport } from "./transport.ts";
import type { Client, ClientDetail } from "./types.ts";

/** Clients of a server. Ids may be shortened to any prefix that fits one client alone. All methods throw FfclusterError. */
export class Clients {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** By name. */
  async list(status?: Client["status"] | readonly Client["status"][]): Promise<Client[]> {
    return await all(this.#transport, "/clients", { status: status?.toString() }, z.array(clientSchema));
  }

  /** A client with its encoders, devices and events. */
  async show(id: string): Promise<ClientDetail> {
    return await get(this.#transport, `/clients/${part(id)}`, clientDetailSchema);
  }

  /** Lets it finish what it holds, and gives it nothing more. */
  async drain(id: string): Promise<Client> {
    return await this.#change(id, "drain");
  }

  /** Suspends what it runs. */
  async pause(id: string): Promise<Client> {
    return await this.#change(id, "pause");
  }

  /** Ends a drain, a pause and a quarantine. */
  async resume(id: string): Promise<Client> {
    return await this.#change(id, "resume");
  }

  /** Sends it away; it may come back. */
  async disconnect(id: string): Promise<Client> {
    return await this.#change(id, "disconnect");
  }

  async #change(id: string, what: string): Promise<Client> {
    return await post(this.#transport, `/clients/${part(id)}/${what}`, {}, clientSchema);
  }
}
