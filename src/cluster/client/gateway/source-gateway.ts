// The gateway of a client: its blocks come from the server.
import {
  type BlockGatewayOptions,
  openBlockGateway,
  type SourceGateway,
} from "../../transfer/gateway/block-gateway.ts";
import type { Remote } from "../link/remote.ts";
import { DEFAULT_FETCH_POLICY, type FetchPolicy, fetchBlock } from "./fetch-block.ts";

export interface GatewayOptions extends Omit<BlockGatewayOptions, "fetchBlock"> {
  readonly remote: Remote;
  readonly fetchPolicy?: FetchPolicy;
}

export async function openSourceGateway({ remote, fetchPolicy, ...options }: GatewayOptions): Promise<SourceGateway> {
  const policy = fetchPolicy ?? DEFAULT_FETCH_POLICY;
  return await openBlockGateway({
    ...options,
    fetchBlock: ({ source, number, range }, signal) =>
      fetchBlock(remote, { sourceId: source.sourceId, number, bytes: range.end - range.start }, policy, signal),
  });
}
