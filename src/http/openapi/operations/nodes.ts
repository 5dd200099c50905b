/** Nodes, and where channels run. */
import type { Operation } from "./operation.ts"

const WRITES = ["not-found", "conflict", "store-unavailable"] as const

export const nodeOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/nodes",
    id: "listNodes",
    tag: "Nodes",
    summary: "List the nodes with their channels",
    description: "Any node answers for all. A single machine has none.",
    answers: { 200: { description: "Nodes by name", schema: "Nodes" } },
  },
  {
    method: "get",
    path: "/api/nodes/{node}",
    id: "getNode",
    tag: "Nodes",
    summary: "Show a node",
    answers: { 200: { description: "The node", schema: "Node" } },
    problems: ["not-found"],
  },
  {
    method: "patch",
    path: "/api/nodes/{node}",
    id: "changeNode",
    tag: "Nodes",
    summary: "Change a node's labels or capacity",
    description: "Until the node starts again: then its environment decides.",
    body: "NodeChange",
    answers: { 200: { description: "The node", schema: "Node" } },
    problems: WRITES,
  },
  {
    method: "post",
    path: "/api/nodes/{node}/drain",
    id: "drainNode",
    tag: "Nodes",
    summary: "Have a node hand over its channels, one by one",
    description:
      "It gets no others until it is resumed. The answer comes at once; with `follow=1` it goes on, a line of JSON for each channel that has left, with the gap that viewers saw.",
    query: [
      {
        name: "follow",
        description: "1 tells of each channel as it leaves, and ends with the last one",
        schema: { type: "string", enum: ["1", "0", "true", "false"], default: "0" },
      },
    ],
    answers: {
      200: {
        description: "The node; with `follow=1` lines of `DrainedChannel`",
        schema: "Node",
        content: { "application/x-ndjson": { $ref: "#/components/schemas/DrainedChannel" } },
      },
    },
    problems: ["invalid-input", ...WRITES],
  },
  {
    method: "post",
    path: "/api/nodes/{node}/resume",
    id: "resumeNode",
    tag: "Nodes",
    summary: "Let a drained node have channels again",
    description: "Nothing moves back by itself.",
    answers: { 200: { description: "The node", schema: "Node" } },
    problems: WRITES,
  },
  {
    method: "get",
    path: "/api/channels/{id}/placement",
    id: "getPlacement",
    tag: "Nodes",
    summary: "Where a channel runs, and what its input needs to follow it",
    answers: { 200: { description: "The placement", schema: "Placement" } },
    problems: ["not-found", "conflict"],
  },
  {
    method: "put",
    path: "/api/channels/{id}/placement",
    id: "changePlacement",
    tag: "Nodes",
    summary: "Change a channel's home, standby, or what it does when its node is isolated",
    description: "Nothing moves by it.",
    body: "PlacementInput",
    answers: { 200: { description: "The placement", schema: "Placement" } },
    problems: WRITES,
  },
  {
    method: "post",
    path: "/api/channels/{id}/move",
    id: "moveChannel",
    tag: "Nodes",
    summary: "Move a channel to another node",
    description:
      "Answered when it is stored; `moving_to` names the node until the channel has arrived. With `force` it is taken from a node that is gone without anybody knowing whether it still sends: for machines that are off.",
    body: "MoveInput",
    answers: { 200: { description: "The placement", schema: "Placement" } },
    problems: WRITES,
  },
]
