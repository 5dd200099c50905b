/** What is noted of requests to AWS: when each was made, what is refused, and how long nothing is asked. */
import { type Call, pauseAfter } from "../../core/medialive/next-call.ts"
import type { AwsFailed } from "../model/Errors.ts"
import { isDenied } from "./aws/refusals.ts"
import type { Memory } from "./memory.ts"

/** The permission that each request needs. */
const ACTIONS: Readonly<Record<Call["do"], string>> = {
  list: "medialive:ListChannels",
  describe: "medialive:DescribeChannel",
  alerts: "medialive:ListAlerts",
  metrics: "cloudwatch:GetMetricData",
  prices: "pricing:GetProducts",
}

/** Notes that it is asked now, monotonic ms, whatever comes of it: what fails must not be asked again at once. */
export const noteAsked = (memory: Memory, call: Call, nowMs: number): void => {
  switch (call.do) {
    case "list":
      memory.listAt = nowMs
      break
    case "prices":
      memory.pricesAt = nowMs
      break
    case "metrics":
      for (const id of call.ids) {
        const known = memory.channels.get(id)
        if (known !== undefined) known.figuresAt = nowMs
      }
      break
    case "alerts":
    case "describe": {
      const known = memory.channels.get(call.id)
      if (known === undefined) break
      if (call.do === "alerts") known.alertsAt = nowMs
      else Object.assign(known, { describedAt: nowMs, describedState: known.summary.state })
    }
  }
}

/** What AWS allows, after all, is asked for again when it is due. */
export const noteAllowed = (memory: Pick<Memory, "denied" | "missing">, action: string): void => {
  memory.missing.delete(action)
  for (const what of memory.denied.keys()) if (ACTIONS[what] === action) memory.denied.delete(what)
}

export const noteOk = (memory: Memory, call: Call): void => {
  noteAllowed(memory, ACTIONS[call.do])
  memory.failures = 0
  if (call.do === "list") memory.problem = null
}

export const noteFailed = (memory: Memory, call: Call, error: AwsFailed, nowMs: number): void => {
  // A channel that was deleted meanwhile is no longer in the next list.
  if (error.status === 404) return
  // Prices are asked for once a day: those that were not answered are asked for again before that.
  if (call.do === "prices") {
    memory.pricesAt = null
    memory.denied.set("prices", nowMs)
  }
  if (isDenied(error)) {
    memory.missing.add(error.action)
    if (call.do !== "list") {
      memory.denied.set(call.do, nowMs)
      return
    }
  }
  memory.problem = error.message
  // What is beside the list may fail alone: the list tells whether AWS answers.
  if (call.do !== "list") return
  memory.failures++
  memory.pausedUntil = nowMs + pauseAfter(memory.failures)
}
