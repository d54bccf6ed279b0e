// Whether this client may work now, by the rules of its machine's owner: hours, mains, the load of others. Pure: what the
// machine is like now comes in, one decision comes out, which the client follows and the server shows.
import { isOpen, nextChange, type Schedule, type WallTime } from "../../../base/schedule/schedule.ts";

export interface RestRules {
  /** It works in these hours; null: at any. */
  readonly schedule: Schedule | null;
  /** It does not work on a battery. */
  readonly onlyOnAc: boolean;
  /** It does not work while others use more than this share of the processors, 0 to 1; null: it does. */
  readonly busyAbove: number | null;
}

export const NO_RULES: RestRules = { schedule: null, onlyOnAc: false, busyAbove: null };

export interface Surroundings {
  readonly at: Date;
  /** It runs on mains, or has no battery. */
  readonly isOnAc: boolean;
  /** The share of the processors that others use, where it counts as busy; null: the machine is not busy. */
  readonly busyShare: number | null;
}

export type Decision =
  | { readonly mayWork: true }
  | {
      readonly mayWork: false;
      /** For people: "outside its hours (22:00-07:00)". */
      readonly reason: string;
      /** When it works again, where that is known. */
      readonly until: Date | null;
      /** What it runs stands still at once; else it may end what ends soon. */
      readonly isSuspended: boolean;
    };

/**
 * Hours end as planned: what is nearly done is finished. A machine that goes on battery, or whose owner needs it, is left
 * alone at once.
 */
export function mayWork(rules: RestRules, now: Surroundings, wallTime?: (at: Date) => WallTime): Decision {
  const { schedule } = rules;
  const isOutside = schedule !== null && !isOpen(schedule, now.at, wallTime);
  const atOnce = [
    ...(rules.onlyOnAc && !now.isOnAc ? ["on battery"] : []),
    ...(rules.busyAbove === null || now.busyShare === null
      ? []
      : [`others use ${Math.round(100 * now.busyShare)} % of the processors`]),
  ];
  const reasons = [...(isOutside ? [`outside its hours (${schedule.text})`] : []), ...atOnce];
  if (reasons.length === 0) return { mayWork: true };
  return {
    mayWork: false,
    reason: reasons.join(", "),
    until: isOutside && atOnce.length === 0 ? nextChange(schedule, now.at, wallTime) : null,
    isSuspended: atOnce.length > 0,
  };
}
