/**
 * What would surprise the operator later, said once a leg is live: what the stream lacks, what outputs cannot carry,
 * what the setup does not protect from. Findings are no faults: verdict and warnings tell of those.
 */
import { deliveryFindings } from "./preflight-delivery.ts"
import type { Finding, PreflightFacts } from "./preflight-facts.ts"
import { programmeFindings } from "./preflight-programme.ts"

export {
  FINDING_CODES,
  type Finding,
  type FindingCode,
  type PreflightFacts,
  type ProgrammeFacts,
} from "./preflight-facts.ts"

/** A leg is looked at from here on, in seconds: tables, PCRs and rates are there by then. */
export const PREFLIGHT_AFTER_S = 3

/** Findings in the order in which an operator should read them; empty until the leg has been live for 3 s. */
export const findingsOf = (facts: PreflightFacts): Finding[] =>
  facts.liveS === null || facts.liveS < PREFLIGHT_AFTER_S
    ? []
    : [...programmeFindings(facts, facts.liveS), ...deliveryFindings(facts)]
