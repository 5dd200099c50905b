/** The configuration as a whole, many channels at once, and copies. */
import { MAX_LISTED } from "../../../effects/declarative/change-rows.ts"
import { before, limit } from "./channels.ts"
import type { Answer, Operation, Parameter } from "./operation.ts"

const toggle = (name: string, description: string): Parameter => ({
  name,
  description,
  schema: { type: "string", enum: ["1", "0", "true", "false"], default: "0" },
})
const SECRETS = toggle("secrets", "1 shows secrets instead of `***`; not to sessions of the pages")
const DRY_RUN = toggle("dry_run", "1 changes nothing and tells what would change")
const CHANGED: Answer = { description: "What was changed, or would be", schema: "ConfigAnswer" }

export const configOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/config",
    id: "getConfig",
    tag: "Configuration",
    summary: "Show the configuration",
    query: [
      SECRETS,
      {
        name: "format",
        description: "How it is written",
        schema: { type: "string", enum: ["json", "yaml"], default: "json" },
      },
    ],
    answers: {
      200: {
        description: "The configuration",
        schema: "ConfigDocument",
        content: { "application/yaml": { type: "string" } },
        headers: ["ETag"],
      },
    },
    problems: ["invalid-input"],
  },
  {
    method: "put",
    path: "/api/config",
    id: "applyConfig",
    tag: "Configuration",
    summary: "Make this the configuration",
    description: "Channels and outputs that the document does not name are removed. Only what differs is touched.",
    query: [DRY_RUN],
    body: "ConfigDocument",
    yaml: true,
    conditional: true,
    answers: { 200: CHANGED },
    problems: ["invalid-input", "conflict", "store-unavailable"],
  },
  {
    method: "get",
    path: "/api/config/versions",
    id: "listVersions",
    tag: "Configuration",
    summary: "List the versions that are kept",
    answers: { 200: { description: "Versions, newest first", schema: "Versions" } },
    problems: ["store-unavailable"],
  },
  {
    method: "get",
    path: "/api/config/versions/{version}",
    id: "getVersion",
    tag: "Configuration",
    summary: "Show a version",
    query: [SECRETS],
    answers: { 200: { description: "The version with its configuration", schema: "VersionWithConfig" } },
    problems: ["invalid-input", "not-found", "store-unavailable"],
  },
  {
    method: "get",
    path: "/api/config/changes",
    id: "listChanges",
    tag: "Configuration",
    summary: "Who changed what",
    description: "A line for each change of a channel and its outputs, however it was made. The last 2000 are kept.",
    query: [
      limit(MAX_LISTED, "How many"),
      before("change"),
      {
        name: "channel",
        description: "Only those of this channel: by UUID, slug or number; by UUID when it is gone",
        schema: { type: "string", maxLength: 128 },
      },
    ],
    answers: { 200: { description: "Changes, newest first", schema: "ConfigChanges" } },
    problems: ["invalid-input", "store-unavailable"],
  },
  {
    method: "post",
    path: "/api/config/changes/{change}/revert",
    id: "revertChange",
    tag: "Configuration",
    summary: "Take a change back",
    description: "What was changed after it stays; refused when that was changed again which it had changed.",
    query: [DRY_RUN],
    answers: { 200: CHANGED },
    problems: ["invalid-input", "not-found", "conflict", "store-unavailable"],
  },
  {
    method: "post",
    path: "/api/config/rollback",
    id: "rollBack",
    tag: "Configuration",
    summary: "Go back to a version",
    query: [DRY_RUN],
    body: "RollbackInput",
    conditional: true,
    answers: { 200: CHANGED },
    problems: ["invalid-input", "conflict", "store-unavailable"],
  },
  {
    method: "get",
    path: "/api/config/channels.json",
    id: "getChannelsFile",
    tag: "Configuration",
    summary: "The channels as a `channels.json` file",
    query: [SECRETS],
    answers: { 200: { description: "The file", content: { "application/json": { type: "object" } } } },
    problems: ["invalid-input"],
  },
  {
    method: "post",
    path: "/api/channels/bulk",
    id: "actOnMany",
    tag: "Channels",
    summary: "Do one thing to many channels",
    description: "Each is done whether the others work or not; the answer says what came of each.",
    body: "BulkInput",
    answers: { 200: { description: "What came of it for each channel", schema: "BulkAnswer" } },
  },
  {
    method: "post",
    path: "/api/channels/{id}/clone",
    id: "cloneChannel",
    tag: "Channels",
    summary: "Make a channel like this one",
    description: "The copy is stopped and its outputs are disabled.",
    body: "CloneInput",
    idempotent: true,
    answers: {
      201: { description: "The copy", schema: "ClonedChannel", headers: ["Location", "Idempotency-Replayed"] },
    },
    problems: ["not-found", "conflict", "store-unavailable"],
  },
]
