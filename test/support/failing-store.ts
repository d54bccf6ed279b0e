// A Store on which every call fails, as on a disk that is gone or full.
import { AppError } from "../../src/base/errors.ts";
import type { Store } from "../../src/cluster/server/ports.ts";

export function failingStore(cause = new AppError("E_NO_SPACE", "the disk is full", "Make room.")): Store {
  const fail = () => {
    throw cause;
  };
  return {
    load: fail,
    createJob: fail,
    commit: fail,
    jobEvents: fail,
    clientEvents: fail,
    attempts: fail,
    tokens: fail,
    saveToken: fail,
    webhooks: fail,
    saveWebhook: fail,
    removeWebhook: fail,
    firstDeliveries: fail,
    saveDelivery: fail,
    giveUpDeliveries: fail,
    waitingDeliveries: fail,
    deliveries: fail,
    sweepDeliveries: fail,
    appendAudit: fail,
    auditEntries: fail,
    close: fail,
  };
}
