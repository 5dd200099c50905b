/** What a channel did over time. */
import { DEFAULT_WINDOW, WINDOW_NAMES } from "../../routes/history.ts"
import type { Operation } from "./operation.ts"

export const historyOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/channels/{id}/history",
    id: "getHistory",
    tag: "Channels",
    summary: "Figures of a channel and its outputs over time",
    description:
      "Kept in memory: they begin anew with the service. A value is null where there was nothing to measure.",
    query: [
      {
        name: "window",
        description: "The last 5 minutes by the second, the last hour by 10 s, or the last day by 2 minutes",
        schema: { type: "string", enum: [...WINDOW_NAMES], default: DEFAULT_WINDOW },
      },
    ],
    answers: { 200: { description: "The figures, oldest first", schema: "History" } },
    problems: ["invalid-input", "not-found"],
  },
]
