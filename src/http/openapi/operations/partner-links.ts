/** Links that show one output to a partner. */
import type { ProblemKind } from "../../request/problem.ts"
import type { Operation } from "./operation.ts"

const PATH = "/api/channels/{id}/outputs/{output_id}/partner-links"
const STORED: ReadonlyArray<ProblemKind> = ["not-found", "store-unavailable"]

export const partnerLinkOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: PATH,
    id: "listPartnerLinks",
    tag: "Outputs",
    summary: "List the partner links of an output",
    description: "Those that have ended are listed for 90 days. Tokens are not shown again.",
    answers: { 200: { description: "Its links, newest first", schema: "PartnerLinks" } },
    problems: STORED,
  },
  {
    method: "post",
    path: PATH,
    id: "createPartnerLink",
    tag: "Outputs",
    summary: "Make a partner link",
    description:
      "Whoever has it sees this output and what to set at the far end, and can do nothing else. The token is in this answer alone.",
    body: "PartnerLinkInput",
    answers: { 201: { description: "The link with its token", schema: "PartnerLinkMade" } },
    problems: ["invalid-input", ...STORED],
  },
  {
    method: "delete",
    path: `${PATH}/{link}`,
    id: "revokePartnerLink",
    tag: "Outputs",
    summary: "Revoke a partner link",
    answers: { 204: { description: "It shows nothing any more, and says so" } },
    problems: STORED,
  },
]
